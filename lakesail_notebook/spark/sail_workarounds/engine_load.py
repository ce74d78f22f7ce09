"""How busy the engine is after an interrupt: Sail 0.7.2 does not say whether it obeyed.

It says of a query that produces nothing (a count over a cross join) that it was interrupted, and computes on. So the
engine's use of the processor decides what the user is told. On a crowded machine an engine that computes may get less
than a tenth of a core; then the states of its threads tell.

Goes when Sail answers an Interrupt once the query has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ...client.client import Client
from ...errors import LakesailError
from ...models import EngineUse

_AT_REST, _BUSY = 0.2, 0.5
"""Of what one thread can have of the processor now."""
_LEAST_SHARE = 0.02
"""Of one core. An engine that uses less rests, whatever its threads are at the moment of a look."""
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
    computes: bool = False
    """Whether threads of it were seen to compute, or to wait for a core, at both ends of the look."""

    @property
    def at_rest(self) -> bool:
        return not self.computes and self.share <= _AT_REST * self.available

    @property
    def busy(self) -> bool:
        """Some thread of it computes without a pause."""
        return self.computes or self.share >= _BUSY * self.available


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
    before, then = client.engine_use(session_id), time.monotonic()
    while least is None or time.monotonic() + _LOOK_SECONDS < until:
        time.sleep(_LOOK_SECONDS - _TRY_SECONDS)
        available = _available() if before.computes is None else 1.0
        after, now = client.engine_use(session_id), time.monotonic()
        load = load_between(before, after, now - then, available)
        if load is None:
            return None
        least = load if least is None or _rank(load) < _rank(least) else least
        if least.at_rest:
            return least
        before, then = after, now
    return least


def load_between(before: EngineUse, after: EngineUse, seconds: float, available: float = 1.0) -> EngineLoad | None:
    """What two looks say of an engine; ``None`` when its use cannot be seen.

    :param available: the share of a core that one thread can have, where the states of the threads are not known.
    """
    if before.cpu_seconds is None or after.cpu_seconds is None:
        return None
    share = (after.cpu_seconds - before.cpu_seconds) / seconds
    computes = before.computes is True and after.computes is True and share >= _LEAST_SHARE
    return EngineLoad(share, available, computes)


def _rank(load: EngineLoad) -> tuple[bool, float]:
    return load.computes, load.share


def _available() -> float:
    """The share of one core that a thread gets which takes all that it can get."""
    began, used = time.monotonic(), time.thread_time()
    while time.monotonic() - began < _TRY_SECONDS:
        pass
    return max(min((time.thread_time() - used) / (time.monotonic() - began), 1.0), 0.01)
