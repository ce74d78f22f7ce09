"""What looks at an engine say of its work. Pure.

An engine that computes on a crowded machine gets little of the processor, at times less than a tenth of a core. Then
the states of its threads show that it computes: they wait for a core, and the threads of an engine at rest sleep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

BUSY_SHARE = 0.1
"""Of one core. An engine that rests uses less than a hundredth."""
COMPUTED_SHARE = 0.3
"""Of what one thread can have: a query whose engine uses so much does more than wait."""
LEAST_SECONDS = 0.3
"""Between two looks that say whether a query computed. On a crowded machine a thread may get no core for a while."""
_LONGEST_SECONDS = 3.0
"""From a look to the end of a query. Where nobody looked for longer, the query may have computed and then waited."""
_LEAST_SHARE = 0.02
"""Of one core. An engine that uses less rests, whatever its threads are at the moment of a look."""
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What an engine uses of the processor."""

    cpu_seconds: float
    """Of all cores, since it started."""
    runnable: float | None = None
    """How many of its threads compute or wait for a core at this moment; ``None`` where the system does not tell."""

    @property
    def computes(self) -> bool:
        """Whether threads of it do not sleep, as far as the system tells."""
        return self.runnable is not None and self.runnable >= _MOSTLY


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    monotonic: float
    use: EngineUse


def wanted_share(before: EngineUse, now: EngineUse, seconds: float) -> float:
    """How much of one core an engine wants: what it used, or all of one if its threads always wait for it."""
    share = _share(before, now, seconds)
    if share >= _LEAST_SHARE and before.computes and now.computes:
        return max(share, 1.0)
    return share


def computed_until(ended_at: datetime, looks: Sequence[Look], now: Look) -> bool:
    """Whether an engine kept the processor busy for a query up to its end.

    :param looks: those at the engine while the query ran, and no other; the oldest first.
    :param now: the first look after it. The engine may have rested for a while before this look, so what it used counts
        for the time up to the end of the query alone.
    """
    ran = [(look, _seconds_until(ended_at, look, now)) for look in looks]
    told = [(look, seconds) for look, seconds in ran if seconds >= LEAST_SECONDS]
    if not told:
        return False
    last, seconds = told[-1]
    if seconds > _LONGEST_SECONDS:
        return False
    earlier = told[-2][0] if len(told) > 1 else None
    share = _share(last.use, now.use, seconds)
    return share >= max(_LEAST_SHARE, COMPUTED_SHARE * _available(earlier, last))


def _available(earlier: Look | None, last: Look) -> float:
    """What one thread could have of a core: what the engine used while threads of it did not sleep."""
    if earlier is None or not earlier.use.computes or not last.use.computes:
        return 1.0
    return min(1.0, _share(earlier.use, last.use, last.monotonic - earlier.monotonic))


def _seconds_until(ended_at: datetime, look: Look, now: Look) -> float:
    """From a look to the end of the query. A wall clock that was set does not make it longer than it can be."""
    return min((ended_at - look.at).total_seconds(), now.monotonic - look.monotonic)


def _share(before: EngineUse, now: EngineUse, seconds: float) -> float:
    """Of one core; 0 when no time has passed."""
    return (now.cpu_seconds - before.cpu_seconds) / seconds if seconds > 0 else 0.0
