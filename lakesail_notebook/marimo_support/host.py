"""marimo as the program around ``connect()``: it shows the wait, and says when its process ends."""

from __future__ import annotations

import atexit
import html
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..spark.sessions.host import PythonWarnings
from ..spark.sessions.waiting import Progress
from .viewers import NotThisMarimo, context_here
from .words import in_marimo

_ENDS_WITHIN_SECONDS = 3.0
"""marimo kills a kernel that has not ended 5 seconds after it was asked to."""


class Marimo:
    """Implements :class:`...spark.sessions.host.Host`."""

    @contextmanager
    def watching(self) -> Iterator[Progress]:
        line = SpinnerLine()
        try:
            yield line
        finally:
            line.end()

    def in_its_words(self, text: str) -> str:
        return in_marimo(text)

    def closes_its_sessions(self) -> bool:
        """A notebook that is opened again connects again, and nobody else uses its session."""
        return True

    def at_end(self, work: Callable[[], None]) -> None:
        ENDING.add(work)


class SpinnerLine(PythonWarnings):
    """A spinner in the cell that waits, from the first word on; implements ``Progress``."""

    def __init__(self) -> None:
        self._shown: Any = None

    def told(self, elapsed_seconds: float, text: str) -> None:
        if not _in_a_cell():  # a panel connects: it shows the session itself
            return
        subtitle = html.escape(in_marimo(text))
        if self._shown is None:
            import marimo

            self._shown = marimo.status.spinner(title="Connecting to Spark", subtitle=subtitle)
            self._spinner = self._shown.__enter__()
        else:
            self._spinner.update(subtitle=subtitle)

    def warned(self, text: str) -> None:
        super().warned(in_marimo(text))

    def end(self) -> None:
        if self._shown is not None:
            self._shown.__exit__(None, None, None)


def _in_a_cell() -> bool:
    try:
        context = context_here()
        return context is not None and context.cell_id is not None
    except (NotThisMarimo, AttributeError):  # another version of marimo: it connects all the same
        return False


class EndOfProcess:
    """Does what is to be done when this process ends: at its exit, or when it is told to terminate.

    marimo ends the kernel of a notebook that is edited by SIGTERM, and its handler leaves without Python's exit hooks.
    """

    def __init__(self) -> None:
        self._process_id = os.getpid()
        self._work: list[Callable[[], None]] = []
        self._ends = False
        atexit.register(self.do)

    def add(self, work: Callable[[], None]) -> None:
        """Of a process that ends already it is done now: cells and threads of viewers run on until the last moment."""
        self._work.append(work)
        if self._ends:
            self.do()
        else:
            self._hear_terminate()

    def _hear_terminate(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # a server's thread: the entry point for servers tells of its end
        before = signal.getsignal(signal.SIGTERM)
        if not callable(before) or getattr(before, "__self__", None) is self:
            return
        self._before = before
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, number: int, frame: Any) -> None:
        # The main thread may hold any lock just now.
        ending = threading.Thread(target=self.do, daemon=True)
        ending.start()
        ending.join(_ENDS_WITHIN_SECONDS)
        self._before(number, frame)

    def do(self) -> None:
        """Now; each thing is done once."""
        if os.getpid() != self._process_id:
            return
        self._ends = True
        while True:
            try:
                work = self._work.pop()
            except IndexError:  # another thread may take the last one
                return
            work()


ENDING = EndOfProcess()
