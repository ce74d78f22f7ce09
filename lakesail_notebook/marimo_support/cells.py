"""The cells of marimo's kernels: when one begins and ends, what it shows meanwhile, and what an interrupt stops.

A kernel of ``marimo edit`` is a process and runs its cells in the main thread; one of ``marimo run`` is a thread.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, MutableMapping
from typing import Any

from ..rendering.status_line import StatusLine
from ..rendering.strip import CellStrips, every_query
from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, InterruptedCells
from ..spark.interrupts.waiting_queries import others_running
from ..spark.queries.observed import ObservedQuery
from ..spark.sessions.connect import default_client
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from .cell_executor import names_of_running_cell
from .progress import SpinnerLine, thread_of_marimo

Names = MutableMapping[str, Any]
MakeStrips = Callable[[Names], CellStrips]


class Cells:
    """Those of all kernels of this process; implements :class:`..spark.queries.observed.Listener`.

    :param interrupted: stands around the handler of interrupts while a cell of the main thread runs.
    :param make_strips: makes what shows the progress of a kernel's queries, given the names of its notebook.
    """

    def __init__(self, interrupted: InterruptedCells, make_strips: MakeStrips) -> None:
        self._interrupted = interrupted
        self._make_strips = make_strips
        self._strips: dict[int, CellStrips] = {}
        """Of the cells that run, by their threads."""

    def begins(self, names: Names) -> None:
        """A cell runs in this thread, with these names of its notebook."""
        strips = self._strips[threading.get_ident()] = self._make_strips(names)
        strips.cell_begins()
        self._interrupted.cell_begins()

    def ends(self) -> None:
        """The cell of this thread is over."""
        strips = self._strips.pop(threading.get_ident(), None)
        if strips is None:
            return
        try:
            strips.cell_ends()
        finally:
            self._interrupted.cell_ends()

    def query_begins(self, query: ObservedQuery) -> None:
        names = names_of_running_cell()
        if names is not None and threading.get_ident() not in self._strips:
            self.begins(names)  # the cell itself has loaded this package
        strips = self._strips_here()
        if strips is not None:
            strips.query_begins(query)

    def query_ends(self, query: ObservedQuery) -> None:
        strips = self._strips_here()
        if strips is not None:
            strips.query_ends(query)

    def _strips_here(self) -> CellStrips | None:
        """Those of the kernel whose cell runs in this thread; for a thread of a cell, those of the only kernel."""
        mine = self._strips.get(threading.get_ident())
        if mine is not None:
            return mine
        others = list(self._strips.values())
        return others[0] if len(others) == 1 else None


def strips_in_marimo(names: Names) -> CellStrips:
    """Shows the queries of one kernel: all of this process when the kernel is a process, else those of its thread."""
    ident = threading.get_ident()
    is_process = threading.current_thread() is threading.main_thread()

    def of_this_thread(query: ObservedQuery) -> bool:
        return query.thread_id == ident

    def line() -> StatusLine:
        return SpinnerLine()

    return CellStrips(
        line,
        OPEN_SESSIONS.task_progress,
        functools.partial(others_running, default_client),
        functools.partial(_thread, names=names),
        every_query if is_process else of_this_thread,
    )


def _thread(work: Callable[[], None], names: Names) -> threading.Thread:
    return thread_of_marimo(work, names)


CELLS = Cells(INTERRUPTED_CELLS, strips_in_marimo)
