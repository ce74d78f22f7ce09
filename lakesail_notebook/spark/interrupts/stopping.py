"""Stopping what a cell runs: at an interrupt, the queries of all of its threads are interrupted and then given up.

The work is done by a thread of its own, since the interrupted one may wait for the threads that run the queries.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..queries.observed import QUERIES
from ..rpcs.running_calls import CELL, RunningCall, RunningCalls
from ..sail_workarounds.engine_load import EngineLoad
from .cell_threads import CellThreads

INTERRUPT_SECONDS = 1.2
"""How long the engine may take to answer an Interrupt, before the wait for its queries is given up."""
OVER_SECONDS = 2.5
"""After so long, what became of the queries is known, or is not waited for."""
_POLL_SECONDS = 0.02
_AGAIN_SECONDS = 0.15
_TRIES = 3
"""An engine does not know an operation yet whose plan is on the way."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoppedQuery:
    """A query that was interrupted, and how the engine took it."""

    what: str
    seconds: float
    """How long it ran until the interrupt."""
    obeyed: bool | None
    """``None`` when the engine did not answer in time; an answer is no proof."""


@dataclass(frozen=True, slots=True)
class EngineAfter:
    """The engine, after it was told to stop."""

    load: EngineLoad | None
    """``None`` when it cannot be seen."""
    others: int = 0
    """Other queries that run on the session."""


@dataclass(eq=False, slots=True)
class Stop:
    """One interrupt of one cell. ``done`` is set when the rest is known."""

    calls: tuple[RunningCall, ...]
    """All that ran in this process at the interrupt."""
    at: float
    done: threading.Event = field(default_factory=threading.Event)
    queries: tuple[StoppedQuery, ...] = ()
    spark_session_id: str | None = None
    after: EngineAfter | None = None
    told: bool = False

    def wait(self) -> None:
        """Until what became of the queries is known, 3 seconds after the interrupt at most."""
        self.done.wait(max(self.at + OVER_SECONDS + 0.4 - time.monotonic(), 0.0))


class Stops:
    """The interrupts of the cells of one shell.

    :param calls: the RPCs that may have to be stopped.
    :param look: what the engine of a Spark session does now, given the operations that were stopped and the moment
        until which it may look, of the monotonic clock.
    """

    def __init__(self, calls: RunningCalls, look: Callable[[str, frozenset[str], float], EngineAfter]) -> None:
        self._calls = calls
        self._look = look
        self._cells = itertools.count(1)
        self._cell = 0
        self._threads: CellThreads | None = None
        self._orders: queue.SimpleQueue[tuple[Stop, CellThreads, int]] = queue.SimpleQueue()
        self._worker_of = 0
        self.current: Stop | None = None
        """The last interrupt of the cell that runs, or ran last."""

    def cell_begins(self) -> None:
        """In the thread that runs the cell."""
        self._cell = next(self._cells)
        CELL.set(self._cell)
        self.current = None
        self._calls.allow_all()
        self._threads = CellThreads()
        if self._worker_of != os.getpid():  # a fork has no threads
            self._worker_of = os.getpid()
            self._orders = queue.SimpleQueue()
            threading.Thread(target=self._work, name="lakesail-stop", daemon=True).start()

    def order(self) -> None:
        """Stop what the cell runs. For a signal handler: it takes no lock and waits for nothing."""
        if self._threads is None or self._worker_of != os.getpid():
            return
        if self.current is not None and not self.current.done.is_set():
            return
        stop = Stop(self._calls.now(), time.monotonic())
        at_work = self._threads.at_work()
        mine = (call for call in stop.calls if _is_of(call, self._cell, self._threads.own, at_work))
        self._calls.being_stopped = frozenset(call.operation_id for call in mine if call.operation_id)
        if stop.calls or self.current is None:
            self.current = stop
        self._orders.put((stop, self._threads, self._cell))

    def _work(self) -> None:
        orders = self._orders
        while True:
            stop, threads, cell = orders.get()
            try:
                self._carry_out(stop, threads, cell)
            except Exception:  # the thread must live, and the cell must end
                log.exception("An interrupt could not be carried out")
            finally:
                stop.done.set()

    def _carry_out(self, stop: Stop, threads: CellThreads, cell: int) -> None:
        at_work = threads.at_work()
        self._calls.refuse_threads(
            thread
            for thread in threading.enumerate()
            if thread.ident in at_work and thread.ident not in {threads.own, threading.get_ident()}
        )
        mine = [call for call in stop.calls if _is_of(call, cell, threads.own, at_work)]
        for call in mine:
            if call.operation_id is None:
                call.cut_off()
        streams = [call for call in mine if call.operation_id is not None]
        if not streams:
            return
        self._calls.stop_operations(str(call.operation_id) for call in streams)
        answers = interrupted(streams, stop.at + INTERRUPT_SECONDS)
        stop.queries = _stopped(streams, answers, stop.at)
        if stop.queries:
            stop.spark_session_id = streams[0].request.session_id
            operations = frozenset(str(call.operation_id) for call in streams)
            stop.after = self._look(stop.spark_session_id or "", operations, stop.at + OVER_SECONDS)


def _is_of(call: RunningCall, cell: int, own: int, at_work: frozenset[int]) -> bool:
    if call.thread_id == own:
        return True
    return call.cell in {None, cell} and call.thread_id in at_work


def interrupted(streams: Sequence[RunningCall], until: float) -> dict[str, bool | None]:
    """Interrupt the operations of these streams, and cut each off once the engine has answered or time is up.

    :param until: of the monotonic clock, in seconds.
    :returns: by operation: whether the engine says that it stops it; ``None`` when it did not answer in time.
    """
    waiting = {str(call.operation_id): _Interrupt(call) for call in streams}
    answers: dict[str, bool | None] = dict.fromkeys(waiting, None)
    while waiting and time.monotonic() < until:
        for operation_id, interrupt in list(waiting.items()):
            if interrupt.answered(until):
                answers[operation_id] = interrupt.stopped
                _cut_off(streams, operation_id)
            if interrupt.over:
                del waiting[operation_id]
        time.sleep(_POLL_SECONDS)
    for call in streams:
        call.cut_off()
    return answers


def _cut_off(streams: Iterable[RunningCall], operation_id: str) -> None:
    for call in streams:
        if call.operation_id == operation_id:
            call.cut_off()


class _Interrupt:
    """An Interrupt that is sent again while the engine does not know the operation."""

    def __init__(self, call: RunningCall) -> None:
        self._call = call
        self._tries = 0
        self._next = 0.0
        self._sent: object = None
        self.stopped: bool | None = None
        self.over = False

    def answered(self, until: float) -> bool:
        """Whether an answer has come by now; sends what is to be sent."""
        from ..sail_workarounds.interrupting import begin_interrupt, taken

        now = time.monotonic()
        if self._sent is None:
            if now >= self._next:
                self._sent = begin_interrupt(self._call.channel, self._call.request, max(until - now, 0.1))
                self._tries += 1
            return False
        if not self._sent.done():  # type: ignore[attr-defined]
            return False
        answer, self._sent = taken(self._sent), None
        self.stopped = None if answer == "none" else answer == "stopped"
        self.over = answer == "stopped" or self._tries >= _TRIES
        self._next = now + _AGAIN_SECONDS
        return answer != "none"


def _stopped(streams: Iterable[RunningCall], answers: dict[str, bool | None], at: float) -> tuple[StoppedQuery, ...]:
    """Those that had not ended by themselves."""
    known = {query.operation_id: query for query in QUERIES.after(0)}
    began: dict[str, float] = {}
    for call in streams:
        began.setdefault(str(call.operation_id), call.began)
    found = []
    for operation_id, since in began.items():
        query = known.get(operation_id)
        if query is not None and query.complete:
            continue
        what = "a query" if query is None else query.what
        found.append(StoppedQuery(what, at - (since if query is None else query.began), answers[operation_id]))
    return tuple(found)
