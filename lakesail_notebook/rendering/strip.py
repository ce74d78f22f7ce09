"""The live strip under a cell: what its query does, once it takes longer than a second, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..spark.queries.observed import QUERIES, ObservedQuery
from .queries import strip_text
from .status_line import StatusLine

if TYPE_CHECKING:
    from ..spark.queries.engine_tasks import TaskProgress

SHOWN_AFTER_SECONDS = 1.0
_UPDATE_SECONDS = 0.5
WAITED_SECONDS = 3.0
"""After so long without a word of the engine, it is looked for what the query waits for."""
_OTHERS_EVERY = 4
"""Updates from one such look to the next."""
_LOOKS_AT_NOTHING = 3
"""After so many that showed no tasks of a query, the engine is asked rarely: most tell of none."""
_RARELY = 10
"""Updates from one look to the next."""


def in_a_thread(work: Callable[[], None]) -> threading.Thread:
    """A thread that is still to be started."""
    return threading.Thread(target=work, name="lakesail-strip", daemon=True)


def every_query(_: ObservedQuery) -> bool:
    return True


class CellStrips:
    """Shows a strip for each cell whose queries take long; implements :class:`..spark.queries.observed.Listener`.

    :param line: makes the line of output to show it on.
    :param look: how far the engine is with what runs in a Spark session.
    :param others: how many other queries the engine of a query runs.
    :param thread: makes the thread that writes to the line, in the thread that runs the cell's first query.
    :param mine: which queries of the process are those of the cells.
    """

    def __init__(
        self,
        line: Callable[[], StatusLine],
        look: Callable[[str], TaskProgress | None],
        others: Callable[[ObservedQuery], int],
        thread: Callable[[Callable[[], None]], threading.Thread] = in_a_thread,
        mine: Callable[[ObservedQuery], bool] = every_query,
    ) -> None:
        self._line = line
        self._look = look
        self._others = others
        self._thread = thread
        self._mine = mine
        self._lock = threading.RLock()  # the collector may end a stream in any thread, also in one that holds it
        self._strip: _Strip | None = None
        self._in_cell = False

    def cell_begins(self, *_: Any) -> None:
        self._in_cell = True

    def cell_ends(self, *_: Any) -> None:
        self._in_cell = False
        with self._lock:
            strip, self._strip = self._strip, None
        if strip is not None:
            strip.close()

    def query_begins(self, query: ObservedQuery) -> None:
        """In the thread that runs it, so that what is shown belongs to its cell."""
        with self._lock:
            if self._in_cell and self._strip is None and self._mine(query):
                self._strip = _Strip(query.number - 1, self._line, self._look, self._others, self._thread, self._mine)

    def query_ends(self, query: ObservedQuery) -> None:
        with self._lock:
            strip = self._strip
        if strip is not None:
            strip.pause()


class _Strip:
    def __init__(
        self,
        after: int,
        line: Callable[[], StatusLine],
        look: Callable[[str], TaskProgress | None],
        others: Callable[[ObservedQuery], int],
        thread: Callable[[Callable[[], None]], threading.Thread],
        mine: Callable[[ObservedQuery], bool],
    ) -> None:
        self._after = after
        self._line = line
        self._look = look
        self._others = others
        self._mine = mine
        self._counted = 0
        self._updates_since_counting = 0
        self._looked_at = 0
        self._looks_at_nothing = 0
        self._lock = threading.RLock()  # as above
        self._shown: StatusLine | None = None
        self._over = threading.Event()
        self._thread = thread(self._update)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        if self._shown is not None:
            self._shown.ended(strip_text(self._queries(), time.monotonic()))

    def pause(self) -> None:
        """Make way for what the cell writes next."""
        with self._lock:
            if self._shown is not None:
                self._shown.cleared()

    def _update(self) -> None:
        while not self._over.wait(_UPDATE_SECONDS):
            looked_at = self._running()
            if looked_at is None or (self._shown is None and looked_at.seconds(time.monotonic()) < SHOWN_AFTER_SECONDS):
                continue
            progress, others = self._progress(looked_at), self._others_of(looked_at)
            with self._lock:
                running = self._running()  # it may have ended while the engine was looked at
                if running is not None:
                    same = running.number == looked_at.number
                    self._tell(running, progress if same else None, others if same else 0)

    def _queries(self) -> tuple[ObservedQuery, ...]:
        return tuple(query for query in QUERIES.after(self._after) if self._mine(query))

    def _running(self) -> ObservedQuery | None:
        return next((query for query in reversed(self._queries()) if query.ended is None), None)

    def _tell(self, running: ObservedQuery, progress: TaskProgress | None, others: int) -> None:
        now = time.monotonic()
        if self._shown is None:
            self._shown = self._line()
        self._shown.told(running.seconds(now), strip_text(self._queries(), now, progress, others))

    def _others_of(self, query: ObservedQuery) -> int:
        """How many other queries the engine runs, once this one has waited for a word of it; else 0."""
        if query.answered or query.seconds(time.monotonic()) < WAITED_SECONDS:
            self._counted = self._updates_since_counting = 0
        else:
            if self._updates_since_counting % _OTHERS_EVERY == 0:
                self._counted = self._others(query)
            self._updates_since_counting += 1
        return self._counted

    def _progress(self, query: ObservedQuery) -> TaskProgress | None:
        if query.number != self._looked_at:
            self._looked_at, self._looks_at_nothing = query.number, 0
        if self._looks_at_nothing >= _LOOKS_AT_NOTHING and self._looks_at_nothing % _RARELY != 0:
            self._looks_at_nothing += 1
            return None
        progress = self._look(query.spark_session_id)
        self._looks_at_nothing = 0 if progress else self._looks_at_nothing + 1
        return progress
