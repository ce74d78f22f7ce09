"""Ctrl+C in a cell: its queries are stopped at once, in all of its threads, and the cell says what came of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from ..spark.interrupts.interrupts import engine_after, sentence
from ..spark.interrupts.stopping import Stops
from ..spark.rpcs.running_calls import RUNNING_CALLS
from ..spark.sessions.connect import default_client

Handler = Callable[[int, FrameType | None], Any]


class InterruptedCells:
    """Stands around the handler of interrupts while a cell runs: Python calls it in the main thread, whatever that
    waits for, while the exception that it raises may come to light only after that wait."""

    def __init__(self, stops: Stops) -> None:
        self._stops = stops
        self._outer: Handler | None = None
        self._depth = 0
        self._being_told = False

    def cell_begins(self, *_: Any) -> None:
        """Threads other than the main one can neither get nor handle interrupts."""
        if threading.current_thread() is not threading.main_thread():
            return
        if self._stands():
            self._depth += 1  # a cell that runs a cell
            return
        self._depth = 0
        handler = signal.getsignal(signal.SIGINT)
        self._stops.cell_begins()
        if callable(handler):
            self._outer = handler
            signal.signal(signal.SIGINT, self._interrupted)

    def cell_runs(self) -> None:
        """The same from within a cell, when its begin was missed."""
        if not self._stands():
            self.cell_begins()

    def cell_ends(self, *_: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if self._depth:
            self._depth -= 1
            return
        with self.telling():
            said = self.said()
            if said is not None:
                print(f"{said[0].upper()}{said[1:]}")
        if self._outer is not None and self._stands():
            signal.signal(signal.SIGINT, self._outer)

    def said(self) -> str | None:
        """What is to be said of the cell's interrupt, once; ``None`` when it stopped no query, or it was said."""
        stop = self._stops.current
        if stop is None or stop.told:
            return None
        stop.told = True
        return sentence(stop)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """While an interrupt is shown, another one has nothing left to interrupt, and is ignored.

        IPython would take its exception for a fault of the handler that shows it, and remove that.
        """
        self._being_told = True
        try:
            yield
        finally:
            self._being_told = False

    def _stands(self) -> bool:
        return signal.getsignal(signal.SIGINT) == self._interrupted

    def _interrupted(self, number: int, frame: FrameType | None) -> Any:
        if self._being_told:
            return None
        self._stops.order()
        return None if self._outer is None else self._outer(number, frame)


INTERRUPTED_CELLS = InterruptedCells(Stops(RUNNING_CALLS, partial(engine_after, default_client)))


def register(shell: Any) -> None:
    """Stop the queries of this shell's cells at an interrupt."""
    shell.events.register("pre_run_cell", INTERRUPTED_CELLS.cell_begins)
    shell.events.register("post_run_cell", INTERRUPTED_CELLS.cell_ends)
