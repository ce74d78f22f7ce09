"""Time, as a thing that is handed in: decisions take ``now``, tests move it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Protocol

_DURATION = re.compile(r"(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m)?(?:(?P<s>[0-9]+)s?)?", re.IGNORECASE)


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, UTC, in whole milliseconds (what the API shows)."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        ...


class SystemClock:
    """This machine's clocks."""

    def now(self) -> datetime:
        return whole_milliseconds(datetime.now(UTC))

    def monotonic(self) -> float:
        return time.monotonic()


def whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_rfc3339(moment: datetime) -> str:
    """``2026-01-31T12:00:00.000Z``: UTC, three digits of milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """:raises ValueError: when the text is no moment in time with an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return moment.astimezone(UTC)


def in_words(seconds: float) -> str:
    """``90 s``, ``30 min``, ``8 h 30 min``."""
    if round(seconds) < 120:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def parse_duration(duration: str | int) -> int:
    """Whole seconds of ``90``, ``"90"``, ``"45s"``, ``"30m"``, ``"8h"`` or ``"1h30m"``.

    :raises ValueError: for anything else; the message says what it may be.
    """
    if isinstance(duration, int) and not isinstance(duration, bool) and duration >= 0:
        return duration
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) and duration else None
    if match is None:
        raise ValueError(f"{duration!r} is no duration; give whole seconds, or a text such as 45s, 30m, 8h, 1h30m")
    hours, minutes, seconds = (int(match[unit] or 0) for unit in "hms")
    return 3600 * hours + 60 * minutes + seconds
