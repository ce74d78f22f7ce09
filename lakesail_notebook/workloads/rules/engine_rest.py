"""Whether an engine that no session uses computes on: an interrupted query may do so for minutes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .engine_use import BUSY_SHARE, EngineUse, wanted_share

SHORTEST_LOOK_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 5.0
"""How often a free engine that rests is looked at again."""

Rest = Literal["busy", "at rest"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine had used at a moment."""

    at: float
    """Seconds of the monotonic clock."""
    use: EngineUse | None
    """``None`` where it cannot be seen."""


def rest_between(earlier: Reading | None, later: Reading) -> Rest | None:
    """What two readings say of an engine; ``None``: they are too close to each other.

    An engine whose use cannot be seen counts as at rest.
    """
    if later.use is None:
        return "at rest"
    if earlier is None or earlier.use is None or later.at - earlier.at < SHORTEST_LOOK_SECONDS:
        return None
    return "busy" if wanted_share(earlier.use, later.use, later.at - earlier.at) >= BUSY_SHARE else "at rest"


def look_is_due(earlier: Reading | None, *, rested: bool, now: float) -> bool:
    """:param rested: whether the engine was seen at rest since it is free."""
    if earlier is None:
        return True
    return now - earlier.at >= (LOOK_AGAIN_SECONDS if rested else SHORTEST_LOOK_SECONDS)
