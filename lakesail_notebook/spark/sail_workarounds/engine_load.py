"""How busy the engine is after an interrupt: Sail 0.7.2 does not say whether it obeyed.

It says of a query that produces nothing (a count over a cross join) that it was interrupted, and computes on. So the
engine's use of the processor decides what the user is told.

Goes when Sail answers an Interrupt once the query has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ...client.client import Client
from ...errors import LakesailError

_AT_REST, _BUSY = 0.2, 0.5
"""Of what one thread can have of the processor now."""
_LOOK_SECONDS = 0.4
_TRY_SECONDS = 0.08
"""Of each look: what a thread of this process can have is found by using it."""


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What an engine uses of the processor, as shares of one core."""

    share: float
    available: float = 1.0
    """What one thread can have: less than all of a core on a machine where others compute. Under load, a runaway engine
    has little more than that."""

    @property
    def at_rest(self) -> bool:
        return self.share <= _AT_REST * self.available

    @property
    def busy(self) -> bool:
        """Some thread of it computes without a pause."""
        return self.share >= _BUSY * self.available


def engine_load(client: Callable[[], Client], session_id: str, until: float) -> EngineLoad | None:
    """What a session's engine uses of the processor; ``None`` when it cannot be seen.

    :param until: how long to look at most, of the monotonic clock, in seconds; at least one look is taken.
    """
    try:
        return _least_load(client(), session_id, until)
    except LakesailError:  # an interrupt must end, whatever the control plane does
        return None


def _least_load(client: Client, session_id: str, until: float) -> EngineLoad | None:
    """The least of several looks: an engine takes a moment to stop."""
    least: EngineLoad | None = None
    before, then = client.engine_use(session_id).cpu_seconds, time.monotonic()
    while least is None or time.monotonic() + _LOOK_SECONDS < until:
        time.sleep(_LOOK_SECONDS - _TRY_SECONDS)
        available = _available()
        after, now = client.engine_use(session_id).cpu_seconds, time.monotonic()
        if before is None or after is None:
            return None
        load = EngineLoad((after - before) / (now - then), available)
        least = load if least is None or load.share < least.share else least
        if least.at_rest:
            return least
        before, then = after, now
    return least


def _available() -> float:
    """The share of one core that a thread gets which takes all that it can get."""
    began, used = time.monotonic(), time.thread_time()
    while time.monotonic() - began < _TRY_SECONDS:
        pass
    return max(min((time.thread_time() - used) / (time.monotonic() - began), 1.0), 0.01)
