"""The time zone of a Spark session: in it, an instant is shown as Spark shows it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?")


@dataclass(frozen=True, slots=True)
class SessionZone:
    name: str
    """As ``spark.sql.session.timeZone`` says it."""
    rules: tzinfo

    def clock_time(self, instant: datetime) -> datetime:
        """What a clock in this zone shows at an instant.

        :raises OverflowError: for one beyond the years 1 to 9999.
        """
        return instant.astimezone(self.rules).replace(tzinfo=None)

    def local(self, column: Any) -> Any:
        """An Arrow column of instants as one of clock times.

        :raises ValueError: for an instant beyond the years 1 to 9999.
        """
        import pyarrow

        try:
            times = [None if one is None else self.clock_time(one) for one in column.to_pylist()]
        except OverflowError as error:
            raise ValueError(str(error)) from error
        return pyarrow.array(times, pyarrow.timestamp("us"))


def zone_of(name: str) -> SessionZone | None:
    """The zone of a name such as ``Europe/Paris`` or ``+05:30``; ``None`` for one that this machine does not know."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        minutes = 60 * int(offset["hours"]) + int(offset["minutes"] or 0)
        if minutes >= 24 * 60:
            return None
        return SessionZone(name, timezone((1 if offset["sign"] == "+" else -1) * timedelta(minutes=minutes)))
    try:
        return SessionZone(name, ZoneInfo(name))
    except (KeyError, OSError, ValueError):  # no such zone, no name of one, or no database of zones
        return None


def has_instants(kind: Any) -> bool:
    """Whether values of an Arrow type hold Spark's ``timestamp``, at any depth; ``timestamp_ntz`` has no zone."""
    from pyarrow import types

    if types.is_timestamp(kind):
        return kind.tz is not None
    return any(has_instants(kind.field(index).type) for index in range(kind.num_fields))
