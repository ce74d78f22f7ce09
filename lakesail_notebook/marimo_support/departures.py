"""What ends with a viewer: a thread of this process frees what was kept for those who have left."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_LOOKS_EVERY_SECONDS = 2.0


class Departures:
    """Hears who has left, and sees to it in a thread of its own, since a kernel's thread must end at once.

    :param free: frees what is kept for a viewer.
    :param look: finds those who have left and are still busy.
    """

    def __init__(self, free: Callable[[str], None], look: Callable[[], None]) -> None:
        self._free = free
        self._look = look
        self._left: queue.SimpleQueue[str] = queue.SimpleQueue()  # one that a finalizer may put into
        self._thread = threading.Thread(target=self._run, name="lakesail-departures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def has_left(self, viewer: str) -> None:
        self._left.put(viewer)

    def _run(self) -> None:
        while True:
            try:
                viewer = self._left.get(timeout=_LOOKS_EVERY_SECONDS)
            except queue.Empty:
                self._guarded(self._look)
            else:
                self._guarded(lambda: self._free(viewer))  # noqa: B023

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("What was kept for a viewer who left could not be freed.")
