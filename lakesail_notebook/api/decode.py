"""Strict reading of requests: what is ambiguous, unknown or unstorable is refused with a pointer to the field."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
from msgspec.inspect import IntType, StructType

from ..errors import FieldError, InvalidArgument, json_pointer
from .expectations import departure, in_words, options, without_nulls

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY_BYTES = 64 * 1024
_MAX_DEPTH = 32
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_JUPYTERS_PARAMETERS = frozenset({"token", "_xsrf", "no_track_activity"})


def decode_body(raw: bytes, kind: type[T]) -> T:
    """A JSON object as ``kind``; an empty body is an empty object.

    :raises InvalidArgument: with a pointer where a field is wrong.
    """
    return _convert(_strict_json(raw) if raw.strip() else {}, kind)


def decode_query(arguments: Mapping[str, Sequence[bytes]], kind: type[T]) -> T:
    """Query parameters as ``kind``, whose fields are texts and integers.

    :raises InvalidArgument: for one that is unknown, given twice, or not of its type.
    """
    integers = _integer_fields(_shape(kind))
    values: dict[str, Any] = {}
    for name, given in arguments.items():
        if name in _JUPYTERS_PARAMETERS:
            continue
        if len(given) != 1:
            raise _refused(json_pointer(name), "is given more than once")
        values[name] = _parameter(name, given[0], integers.get(name))
    return _convert(values, kind)


def decode_header(name: str, text: str, kind: Any) -> Any:
    """A header's value as ``kind``, an annotated text.

    :raises InvalidArgument: when it is none.
    """
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as error:
        raise _refused(json_pointer(name), f"must be {in_words(msgspec.inspect.type_info(kind))}") from error


@functools.cache
def _shape(kind: type[msgspec.Struct]) -> StructType:
    return cast("StructType", msgspec.inspect.type_info(kind))


def _integer_fields(shape: StructType) -> dict[str, IntType]:
    return {
        field.encode_name: option
        for field in shape.fields
        for option in options(field.type)
        if isinstance(option, IntType)
    }


def _parameter(name: str, raw: bytes, integer: IntType | None) -> Any:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _refused(json_pointer(name), "is not UTF-8") from error
    if "\0" in text:
        raise _refused(json_pointer(name), "holds a NUL character")
    if integer is None:
        return text
    if _INTEGER.fullmatch(text) is None:
        raise _refused(json_pointer(name), f"must be {in_words(integer)}")
    return int(text)


def _strict_json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite_float
        )
        _check_storable(value)
    except InvalidArgument:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidArgument("The body is no JSON in UTF-8; send a JSON object.") from error
    if not isinstance(value, dict):
        raise InvalidArgument("The body must be a JSON object.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidArgument(f"The body names {_short(twice)} twice; name each field once.")
    return found


def _no_constant(text: str) -> Any:
    raise InvalidArgument(f"The body holds {text}, which is no JSON.")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidArgument(f"The body holds {_short(text)}, which is too large for a number.")
    return number


def _check_storable(value: Any, *at: str | int) -> None:
    if len(at) > _MAX_DEPTH:
        raise InvalidArgument(f"The body is nested deeper than {_MAX_DEPTH} levels.")
    if isinstance(value, str):
        _check_text(value, *at)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, *at)
            _check_storable(inner, *at, name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_storable(inner, *at, index)


def _check_text(text: str, *at: str | int) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _refused(json_pointer(*at), "holds half of a surrogate pair, which no text has") from error
    if "\0" in text:
        raise _refused(json_pointer(*at), "holds a NUL character; leave it out")


def _convert(value: dict[str, Any], kind: type[T]) -> T:
    shape = _shape(kind)
    value = without_nulls(value, shape)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        field = departure(error, value, shape)
        raise _refused(field.pointer, field.message) from error


def _refused(pointer: str, message: str) -> InvalidArgument:
    pointer = _short(pointer)
    return InvalidArgument(f"{pointer.lstrip('/') or 'The request'} {message}.", errors=(FieldError(pointer, message),))


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"
