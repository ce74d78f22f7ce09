"""The RPCs of this process that wait for an engine, and the threads that may send no more of them."""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

CELL: ContextVar[int | None] = ContextVar("CELL", default=None)
"""The number of the cell that the code of this context belongs to, where contexts are handed on: to tasks of asyncio
and their threads, and not to threads that are begun in other ways."""


@dataclass(eq=False, slots=True)
class RunningCall:
    """One RPC, from before it is sent until its last answer."""

    method: str
    """Its name with the service, such as ``/spark.connect.SparkConnectService/ExecutePlan``."""
    request: Any
    channel: Any
    """The gRPC channel that it is sent on."""
    thread_id: int
    began: float = field(default_factory=time.monotonic)
    """Of the monotonic clock, in seconds."""
    cell: int | None = field(default_factory=CELL.get)
    ended: bool = False
    cut: bool = False
    """Whether it was given up on this side."""
    sent: Any = None
    """What gRPC gave for it; ``None`` in the moment before."""

    @property
    def operation_id(self) -> str | None:
        """The operation whose results it carries; ``None`` for an RPC that runs no plan."""
        return getattr(self.request, "operation_id", None) or None

    def cut_off(self) -> None:
        """Give it up: who waits for it gets an error at once. The engine may work on."""
        self.cut = True
        if self.sent is not None:
            self.sent.cancel()

    def sending(self, sent: Any) -> None:
        """Note what gRPC gave for it."""
        self.sent = sent
        if self.cut:
            sent.cancel()


class RunningCalls:
    """All of this process. Threads may share it, and a signal handler may read it: it takes no lock."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._running: dict[int, RunningCall] = {}
        self._refused: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._stopped: frozenset[str] = frozenset()
        self.being_stopped: frozenset[str] = frozenset()
        """The operations of the cell that ran at its interrupt."""

    def begin(self, call: RunningCall) -> int:
        """Note an RPC that is about to be sent; the number to end it by."""
        number = next(self._numbers)
        self._running[number] = call
        return number

    def end(self, number: int) -> None:
        call = self._running.pop(number, None)
        if call is not None:
            call.ended = True

    def now(self) -> tuple[RunningCall, ...]:
        """Those that run. The copy is one step of the interpreter, so no thread can come in between."""
        return tuple(self._running.values())

    def refuse_threads(self, threads: Iterable[threading.Thread]) -> None:
        """Have these threads send no more RPCs."""
        self._refused.update(threads)

    def stop_operations(self, operation_ids: Iterable[str]) -> None:
        """Have the results of these operations be asked for no more: they are being interrupted."""
        self._stopped = self._stopped | frozenset(operation_ids)

    def allow_all(self) -> None:
        """End what was refused."""
        self._refused.clear()
        self._stopped = frozenset()
        self.being_stopped = frozenset()

    def stops(self, call: RunningCall) -> bool:
        """Whether the end of this RPC is the work of an interrupt."""
        return call.cut or call.operation_id in self._stopped

    def refuses_this_thread(self) -> bool:
        return bool(self._refused) and threading.current_thread() in self._refused

    def forked(self) -> None:
        """In a child of this process: what ran is its parent's."""
        self._running = {}
        self.allow_all()


RUNNING_CALLS = RunningCalls()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=RUNNING_CALLS.forked)
