"""The values of an Arrow column as the texts that a table shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

NULL = "null"
_BYTES = 300
_UNSHOWABLE = "(cannot be shown)"


def texts_of(column: Any) -> Sequence[str | None]:
    """A text for each value; ``None`` for no value."""
    return [None if value is None else _text(value) for value in _values(column)]


def _values(column: Any) -> Sequence[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):  # a date that Python's have no room for; pandas makes it a ValueError
        return [_value(scalar) for scalar in column]
    return values


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return _as_arrow_says(scalar)


def _as_arrow_says(scalar: Any) -> str:
    import pyarrow

    try:
        return str(scalar.cast(pyarrow.string()).as_py())
    except pyarrow.ArrowException:  # such a date inside of a list or a struct
        return _UNSHOWABLE


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value[:_BYTES].hex()}{'…' if len(value) > _BYTES else ''}"
    if isinstance(value, dict):
        return _braced(value.items())
    if isinstance(value, list):
        if value and isinstance(value[0], tuple):  # Arrow's way to say a map
            return _braced(value)
        return f"[{', '.join(map(_inner, value))}]"
    return str(value)


def _braced(pairs: Any) -> str:
    return f"{{{', '.join(f'{_text(name)}: {_inner(value)}' for name, value in pairs)}}}"


def _inner(value: Any) -> str:
    """A value inside of another, where a text has to be told from what stands round it."""
    if value is None:
        return NULL
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _text(value)
