"""Waiting for a signal, for the end of a child, or for the end of standard input, which is the lifeline."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import FrameType

STANDARD_INPUT = 0
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Watch:
    """One for a process; it has one thread."""

    def __init__(self) -> None:
        self._woken, waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waking, False)
        self._told_to_stop = False
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for one in _STOP_SIGNALS:
            signal.signal(one, self._stop)

    def wait(self, seconds: float | None) -> bool:
        """Return when something happened, or after so long; whether this process is to end."""
        if self._told_to_stop:
            return True
        ready, _, _ = select.select([self._woken, STANDARD_INPUT], [], [], seconds)
        if self._woken in ready:
            with suppress(BlockingIOError):
                os.read(self._woken, 4096)
        if STANDARD_INPUT in ready and not os.read(STANDARD_INPUT, 4096):
            self._told_to_stop = True
        return self._told_to_stop

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True
