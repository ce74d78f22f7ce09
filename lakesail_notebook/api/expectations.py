"""What a field of a request must be, in words, and where a request departs from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from msgspec import NODEFAULT, ValidationError, inspect

from ..errors import FieldError, json_pointer

Shape = Any
"""A type as :mod:`msgspec.inspect` tells it."""

_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_PATH_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")
_ANY_KEY = "..."


def departure(error: ValidationError, value: Any, shape: Shape) -> FieldError:
    """Where ``value`` is not what it must be, and what that is.

    :param error: of converting ``value`` to ``shape``.
    """
    found = cast("re.Match[str]", _AT_PATH.match(str(error)))
    steps: list[str] = []
    for step in _PATH_STEP.finditer(found["path"] or ""):
        name = step["name"] or step["index"]
        name = _first_that_is_no_text(value) if name == _ANY_KEY else name
        value, shape = _below(value, shape, name)
        steps.append(name)
    unknown = _UNKNOWN_FIELD.match(found["what"])
    if unknown is not None:
        return FieldError(json_pointer(*steps, unknown["name"]), "is no field of this request")
    missing = _MISSING_FIELD.match(found["what"])
    if missing is not None:
        return FieldError(json_pointer(*steps), f"lacks the field {missing['name']}")
    return FieldError(json_pointer(*steps), f"must be {in_words(shape)}")


def in_words(shape: Shape) -> str:
    """Such as ``a whole number from 0 to 100``."""
    if isinstance(shape, inspect.UnionType):
        return " or ".join(in_words(option) for option in options(shape))
    if isinstance(shape, inspect.Metadata):
        told = (shape.extra_json_schema or {}).get("description")
        return told if isinstance(told, str) else in_words(shape.type)
    if isinstance(shape, inspect.LiteralType):
        values = ", ".join(str(value) for value in shape.values)
        return values if len(shape.values) == 1 else f"one of {values}"
    if isinstance(shape, inspect.IntType):
        return "a whole number" + _range(shape.ge, shape.le)
    if isinstance(shape, inspect.StrType):
        return "a text" + _length(shape.min_length, shape.max_length)
    if isinstance(shape, inspect.BoolType):
        return "true or false"
    if isinstance(shape, inspect.VarTupleType):
        return "a list"
    return "an object"


def options(shape: Shape) -> Iterator[Shape]:
    """The types that a value may have, null aside."""
    if isinstance(shape, inspect.Metadata):
        yield from options(shape.type)
    elif isinstance(shape, inspect.UnionType):
        yield from (option for option in shape.types if not isinstance(option, inspect.NoneType))
    else:
        yield shape


def without_nulls(value: Any, shape: Shape) -> Any:
    """``value`` without the nulls that stand for a field's default, at any depth: null and absent mean the same."""
    for option in options(shape):
        if isinstance(option, inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field for field in option.fields}
            return {
                name: without_nulls(inner, fields[name].type) if name in fields else inner
                for name, inner in value.items()
                if not (inner is None and name in fields and _has_a_default_for_null(fields[name]))
            }
        if isinstance(option, inspect.VarTupleType) and isinstance(value, list):
            return [without_nulls(inner, option.item_type) for inner in value]
    return value


def _has_a_default_for_null(field: inspect.Field) -> bool:
    """Where the model itself reads null, or tells a field that is not there from all others, it is left to it."""
    types = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
    reads_null = any(isinstance(option, inspect.NoneType) for option in types)
    has_default = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
    return has_default and not reads_null


def _below(value: Any, shape: Shape, step: str) -> tuple[Any, Shape]:
    for option in options(shape):
        if isinstance(option, inspect.StructType):
            types = {field.encode_name: field.type for field in option.fields}
            return value[step], types[step]
        if isinstance(option, inspect.DictType):
            return value[step], option.value_type
        if isinstance(option, inspect.VarTupleType):
            return value[int(step)], option.item_type
    raise AssertionError(f"{shape} has nothing below it")


def _first_that_is_no_text(value: dict[str, Any]) -> str:
    """The key that msgspec's ``[...]`` stands for: the objects with any keys that requests have are maps of texts."""
    return next(key for key, inner in value.items() if not isinstance(inner, str))


def _range(lowest: float | None, highest: float | None) -> str:
    if highest is None:
        return "" if lowest is None else f" of at least {lowest}"
    return f" of at most {highest}" if lowest is None else f" from {lowest} to {highest}"


def _length(shortest: int | None, longest: int | None) -> str:
    if longest is None:
        return "" if not shortest else f" of at least {shortest} characters"
    return f" of {shortest or 0} to {longest} characters"
