"""Ctrl+C in a cell: its queries are stopped at once, in all of its threads, and the cell says what came of it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType, TracebackType
from typing import Any

from ..rpcs.running_calls import RUNNING_CALLS
from ..sessions.connect import default_client
from ..sessions.open_sessions import OPEN_SESSIONS
from .interrupts import engine_after, sentence
from .stopping import Stops

Handler = Callable[[int, FrameType | None], Any]
ThreadHook = Callable[[threading.ExceptHookArgs], Any]


class InterruptedCells:
    """Stands around the handler of interrupts while a cell runs: Python calls it in the main thread, whatever that
    waits for, while the exception that it raises may come to light only after that wait."""

    def __init__(self, stops: Stops, words: Callable[[str], str] = str) -> None:
        self._stops = stops
        self.words = words
        """What is said is put into the words of the program that runs the cells."""
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

    def stops_queries(self) -> bool:
        """Whether the cell that runs was interrupted while it waited for the engine."""
        stop = self._stops.current
        return stop is not None and bool(stop.calls)

    def said(self) -> str | None:
        """What is to be said of the cell's interrupt, once; ``None`` when it stopped no query, or it was said."""
        stop = self._stops.current
        if stop is None or stop.told:
            return None
        stop.told = True
        told = sentence(stop)
        return None if told is None else self.words(told)

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


def leave_out_the_handler(traceback: TracebackType | None) -> None:
    """Have a traceback end with the line that was interrupted, as it does without the handler of this module."""
    while traceback is not None and traceback.tb_next is not None:
        if traceback.tb_next.tb_frame.f_code is InterruptedCells._interrupted.__code__:
            traceback.tb_next = None
        traceback = traceback.tb_next


def in_one_line_if_interrupted(others: ThreadHook) -> ThreadHook:
    """A hook for exceptions that end a thread: one line when an interrupt of its cell is the cause.

    :param others: the hook for all other exceptions.
    """

    def hook(arguments: threading.ExceptHookArgs) -> Any:
        if not _is_of_an_interrupt(arguments.exc_value):
            return others(arguments)
        name = "A thread" if arguments.thread is None else arguments.thread.name
        return print(f"{name} ended: {arguments.exc_value}", file=sys.stderr)

    return hook


def _is_of_an_interrupt(error: BaseException | None) -> bool:
    if not OPEN_SESSIONS.ever_opened:  # PySpark is not loaded for the question
        return False
    from ..rpcs.stoppable_channel import QueryInterrupted

    return isinstance(error, QueryInterrupted)
