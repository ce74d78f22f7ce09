"""The values of an Arrow column as the texts that a table shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..spark.zones import SessionZone

NULL = "null"
_BYTES = 300
_UNSHOWABLE = "(cannot be shown)"


def texts_of(column: Any, zone: SessionZone | None = None) -> Sequence[str | None]:
    """A text for each value; ``None`` for no value.

    :param zone: in which instants are shown; without it, they carry their offset.
    """
    return [None if value is None else _text(value, zone) for value in _values(column, zone)]


def _values(column: Any, zone: SessionZone | None) -> Sequence[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):  # a date that Python's have no room for; pandas makes it a ValueError
        return [_value(scalar, zone) for scalar in column]
    return values


def _value(scalar: Any, zone: SessionZone | None) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return _as_arrow_says(scalar, zone)


def _as_arrow_says(scalar: Any, zone: SessionZone | None) -> str:
    import pyarrow
    import pyarrow.compute

    try:
        if zone is not None and pyarrow.types.is_timestamp(scalar.type) and scalar.type.tz is not None:
            there = scalar.cast(pyarrow.timestamp(scalar.type.unit, tz=zone.name))
            scalar = pyarrow.compute.local_timestamp(there)
        return str(scalar.cast(pyarrow.string()).as_py())
    except pyarrow.ArrowException:  # such a date inside of a list or a struct
        return _UNSHOWABLE


def _text(value: Any, zone: SessionZone | None) -> str:
    if isinstance(value, bytes):
        return f"0x{value[:_BYTES].hex()}{'…' if len(value) > _BYTES else ''}"
    if isinstance(value, datetime) and value.tzinfo is not None and zone is not None:
        return _clock_time(value, zone)
    if isinstance(value, dict):
        return _braced(value.items(), zone)
    if isinstance(value, list):
        if value and isinstance(value[0], tuple):  # Arrow's way to say a map
            return _braced(value, zone)
        return f"[{', '.join(_inner(one, zone) for one in value)}]"
    return str(value)


def _clock_time(instant: datetime, zone: SessionZone) -> str:
    try:
        return str(zone.clock_time(instant))
    except OverflowError:  # on the first or the last day that Python has
        return str(instant)


def _braced(pairs: Any, zone: SessionZone | None) -> str:
    return f"{{{', '.join(f'{_text(name, zone)}: {_inner(value, zone)}' for name, value in pairs)}}}"


def _inner(value: Any, zone: SessionZone | None) -> str:
    """A value inside of another, where a text has to be told from what stands round it."""
    if value is None:
        return NULL
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _text(value, zone)
