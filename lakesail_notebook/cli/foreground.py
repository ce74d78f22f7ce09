"""A command that stays in the foreground: it is told to stop by a signal, and asked for more by the Enter key."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from types import FrameType
from typing import Literal

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Call = Literal["stop", "enter"]


class Foreground:
    """While it is entered, the first signal to stop only wakes :meth:`wait`; a second one ends the process as usual.

    So no request is broken off in the middle, and the command can end in order what it began. A signal that the
    process ignores, as SIGHUP under ``nohup``, stays ignored. For the main thread.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._keyboard = _terminal()

    def __enter__(self) -> Foreground:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        self._before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
        for number in self._before:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    @property
    def has_keyboard(self) -> bool:
        """Whether a person can press Enter."""
        return self._keyboard is not None

    def wait(self, seconds: float) -> Call | None:
        """What happened within so many seconds; ``None``: nothing."""
        deadline = time.monotonic() + seconds
        while True:
            watched = [self._read, *self._watched_keyboard()]
            ready, _, _ = select.select(watched, [], [], max(0.0, deadline - time.monotonic()))
            if self._read in ready:  # the byte stays in the pipe, for all calls to come
                return "stop"
            if self._keyboard in ready and self._entered():
                return "enter"
            if time.monotonic() >= deadline:
                return None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.stopped = True
        for each, handler in self._before.items():
            signal.signal(each, handler)
        with contextlib.suppress(OSError):
            os.write(self._write, bytes([number]))

    def _watched_keyboard(self) -> list[int]:
        """Empty in the background: a process that reads from its terminal there is stopped."""
        return [] if self._keyboard is None or not _in_foreground(self._keyboard) else [self._keyboard]

    def _entered(self) -> bool:
        """Whether a line came from the keyboard. After its end, it is no longer watched."""
        assert self._keyboard is not None
        with contextlib.suppress(OSError):  # the terminal was closed
            if os.read(self._keyboard, 4096):
                return True
        self._keyboard = None
        return False


def _terminal() -> int | None:
    """The terminal that standard input is."""
    try:
        number = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # there is none, or no file
        return None
    return number if os.isatty(number) else None


def _in_foreground(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
