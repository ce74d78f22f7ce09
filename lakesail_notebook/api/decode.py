"""Strict reading of requests: what is ambiguous, unknown or unstorable is refused with a pointer to the field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from ..errors import FieldError, InvalidArgument

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY_BYTES = 64 * 1024
_MAX_DEPTH = 32
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_JUPYTERS_PARAMETERS = frozenset({"token", "_xsrf", "no_track_activity"})
_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_PATH_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")


def decode_body(raw: bytes, kind: type[T]) -> T:
    """A JSON object as ``kind``; an empty body is an empty object.

    :raises InvalidArgument: with a pointer where a field is wrong.
    """
    return _convert(_strict_json(raw) if raw.strip() else {}, kind)


def decode_query(arguments: Mapping[str, Sequence[bytes]], kind: type[T]) -> T:
    """Query parameters as ``kind``, whose fields are texts and integers.

    :raises InvalidArgument: for one that is unknown, given twice, or not of its type.
    """
    integers = _integer_fields(kind)
    values: dict[str, Any] = {}
    for name, given in arguments.items():
        if name in _JUPYTERS_PARAMETERS:
            continue
        if len(given) != 1:
            raise _refused(f"/{name}", "is given more than once")
        values[name] = _parameter(name, given[0], integer=name in integers)
    return _convert(values, kind)


def _integer_fields(kind: type[msgspec.Struct]) -> set[str]:
    shape = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(kind))
    return {field.encode_name for field in shape.fields if isinstance(field.type, msgspec.inspect.IntType)}


def _parameter(name: str, raw: bytes, *, integer: bool) -> Any:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _refused(f"/{name}", "is not UTF-8") from error
    if "\0" in text:
        raise _refused(f"/{name}", "holds a NUL character")
    if not integer:
        return text
    if _INTEGER.fullmatch(text) is None:
        raise _refused(f"/{name}", "must be a whole number")
    return int(text)


def _strict_json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite_float
        )
        _check_storable(value, 0)
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


def _check_storable(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise InvalidArgument(f"The body is nested deeper than {_MAX_DEPTH} levels.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_storable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_storable(inner, depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument("The body holds half of a surrogate pair, which no text has.") from error
    if "\0" in text:
        raise InvalidArgument("The body holds a NUL character; leave it out.")


def _convert(value: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _as_invalid_argument(str(error)) from error


def _as_invalid_argument(said: str) -> InvalidArgument:
    found = _AT_PATH.match(said)
    what, path = (found["what"], found["path"] or "") if found else (said, "")
    pointer = "".join(f"/{_escape(step['name'] or step['index'])}" for step in _PATH_STEP.finditer(path))
    unknown = _UNKNOWN_FIELD.match(what)
    if unknown is not None:
        return _refused(f"{pointer}/{_escape(unknown['name'])}", "is no field of this request")
    return _refused(pointer, what[:1].lower() + what[1:].replace("`", ""))


def _refused(pointer: str, message: str) -> InvalidArgument:
    pointer = _short(pointer)
    return InvalidArgument(f"{pointer.lstrip('/') or 'The request'} {message}.", errors=(FieldError(pointer, message),))


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"
