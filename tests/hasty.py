"""An event loop whose clock jumps over waits in which nothing happens, for what waits in asyncio alone.

The waits keep their length by the loop's own clock, and their order; a test does not take that long. It suits peers
that live in the same loop: what another process or thread does takes its time by the real clock.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

_GRACE_SECONDS = 0.05
"""Real time in which what is under way between two sockets of this machine arrives."""
_BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)


class _SkippingSelector(selectors.DefaultSelector):
    skipped_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= _GRACE_SECONDS:
            return super().select(timeout)
        if events := super().select(_GRACE_SECONDS):
            return events
        self.skipped_seconds += timeout - _GRACE_SECONDS
        return []


class HastyLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return super().time() + self._skipping.skipped_seconds


class LoopClock:
    """The clock of the running loop, for our own code."""

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=round(self.monotonic(), 3))

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_hastily(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on a loop that does not wait."""
    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        return runner.run(main)
