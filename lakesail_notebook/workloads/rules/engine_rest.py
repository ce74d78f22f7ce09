"""Whether an engine that no session uses computes on: an interrupted query may do so for minutes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SHORTEST_LOOK_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 5.0
"""How often a free engine that rests is looked at again."""
BUSY_SHARE = 0.1
"""Of one core. An engine that rests uses less than a hundredth; one that computes on a crowded machine uses more."""

Rest = Literal["busy", "at rest"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine had used at a moment."""

    at: float
    """Seconds of the monotonic clock."""
    cpu_seconds: float | None
    """Of all cores, since it started; ``None`` where it cannot be seen."""


def rest_between(earlier: Reading | None, later: Reading) -> Rest | None:
    """What two readings say of an engine; ``None``: they are too close to each other.

    An engine whose use cannot be seen counts as at rest.
    """
    if later.cpu_seconds is None:
        return "at rest"
    if earlier is None or earlier.cpu_seconds is None or later.at - earlier.at < SHORTEST_LOOK_SECONDS:
        return None
    used = later.cpu_seconds - earlier.cpu_seconds
    return "busy" if used >= BUSY_SHARE * (later.at - earlier.at) else "at rest"


def look_is_due(earlier: Reading | None, *, rested: bool, now: float) -> bool:
    """:param rested: whether the engine was seen at rest since it is free."""
    if earlier is None:
        return True
    return now - earlier.at >= (LOOK_AGAIN_SECONDS if rested else SHORTEST_LOOK_SECONDS)
