"""Which threads work for a cell: those that it started, and workers of older pools that took up work for it.

A thread that is still in the call that it was in when the cell began was started on purpose in an earlier cell.
"""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Mapping
from pathlib import PurePath
from types import FrameType

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGES = ("site-packages", "dist-packages")
_THREAD_STARTERS = ("ipykernel", "tornado", "zmq")
"""Packages whose frames stand around the call of every thread that they have a hand in."""
_EVENT_LOOPS = "asyncio"
"""Of the standard library, but a thread that runs one is at work: it belongs to whoever began it."""


class CellThreads:
    """The other threads of this process, as they were when a cell began."""

    def __init__(self) -> None:
        self.own = threading.get_ident()
        """The id of the thread that runs the cell."""
        self._before = _calls_of(sys._current_frames())
        del self._before[self.own]  # it holds what the cell's code holds

    def at_work(self) -> frozenset[int]:
        """The ids of the threads that work for the cell now, its own among them."""
        now = _calls_of(sys._current_frames())
        mine = {thread_id for thread_id, call in now.items() if self._is_of_the_cell(thread_id, call)}
        return frozenset({self.own, *mine})

    def _is_of_the_cell(self, thread_id: int, call: FrameType | None) -> bool:
        if thread_id not in self._before:
            return True
        return call is not None and call is not self._before[thread_id]


def _calls_of(frames: Mapping[int, FrameType]) -> dict[int, FrameType | None]:
    return {thread_id: outermost_call(frame) for thread_id, frame in frames.items()}


def outermost_call(frame: FrameType | None) -> FrameType | None:
    """The call that a thread works on, outside of what runs threads; ``None`` for a worker that waits for work."""
    found = None
    while frame is not None:
        if not _runs_threads(frame.f_code.co_filename):
            found = frame
        frame = frame.f_back
    return found


def _runs_threads(file: str) -> bool:
    parts = PurePath(file).parts
    if any(packages in parts for packages in _PACKAGES):
        return any(name in parts for name in _THREAD_STARTERS)
    return file.startswith((_STANDARD_LIBRARY, "<frozen")) and _EVENT_LOOPS not in parts
