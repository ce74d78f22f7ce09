"""The ledger of operations: what each is, how long it took, what it gave, how it ended; and what of it to report.

An operation outlives its streams. A client whose stream broke off comes back for the rest, and until it has, or has not
for :data:`GONE_SECONDS`, the operation runs. What ends with its session is left to the control plane, which knows why
the session ended.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio

from ..clock import Clock
from ..errors import LakesailError
from ..feed import OPERATION_REPEAT_SECONDS, UNLISTED_TAG, OperationOutcome, OperationReport
from .auth import SessionClosed, SparkSessionStopped
from .executions import COUNTABLE, Interrupt, Plan, read_interrupt, read_part, read_plan, releases_all
from .forwarding import EngineAnswer
from .operations import SparkSession
from .spark_rpc import EXECUTE_PLAN, INTERRUPT, REATTACH_EXECUTE, RELEASE_EXECUTE, Head, Method

GONE_SECONDS = 60.0
"""A client that has not come back for so long has given its operation up."""
MAX_REPORTED = 200
"""Operations in one report: it stays below the longest line of the feed."""
REMEMBERED = 2000
"""Operations; beyond them the oldest are forgotten, told or not."""
_REMEMBERED_RESPONSES = 256
"""Of an operation: those that a client may be sent a second time, since it had not taken them when its stream broke."""

Passing = Callable[[bytes], object]
"""Is shown each response on its way to the client."""
CutWith = Callable[[], LakesailError | None]
"""Why this proxy cut an RPC, if it did."""


@dataclass(slots=True, eq=False)
class Operation:
    """Times are of the monotonic clock."""

    spark_session: SparkSession
    id: str
    plan: Plan | None
    """``None`` when it was begun through an earlier proxy."""
    began: float
    part: str = field(default_factory=lambda: uuid.uuid4().hex)
    outcome: OperationOutcome = "running"
    ended: float | None = None
    rows: int = 0
    data_bytes: int = 0
    streams: int = 0
    left: float = 0.0
    """When its last stream ended."""
    interrupted: bool = False
    told_at: float = 0.0
    recent: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    """The ids of the last responses that were counted."""
    key: tuple[str, str] = field(init=False)
    """Session and operation id."""

    def __post_init__(self) -> None:
        self.key = (self.spark_session.session_id, self.id)

    @property
    def reattachable(self) -> bool:
        return self.plan is None or self.plan.reattachable


class Ledger:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._operations: OrderedDict[tuple[str, str], Operation] = OrderedDict()
        self._running: dict[tuple[str, str], Operation] = {}
        """Those whose end is for us to say."""
        self._untold: dict[tuple[str, str], Operation] = {}
        self.news = asyncio.Event()
        """Set while there may be something to report."""

    # What happens

    @contextmanager
    def following(
        self, method: Method, head: Head, request: bytes, owner: SparkSession, cut_with: CutWith
    ) -> Iterator[Passing]:
        """Note what an RPC that has passed does to the operations of its Spark session."""
        if method is INTERRUPT:
            self.interrupt(read_interrupt(request), owner)
        elif method is RELEASE_EXECUTE and releases_all(request):
            self._give_up(self._running.get((owner.session_id, head.operation_id or "")))
        operation = self._operation_of(method, head, request, owner)
        if operation is None:
            yield _ignore
            return
        operation.streams += 1
        try:
            yield functools.partial(self._pass, operation)
        except BaseException as error:
            self._leave(operation, cut_with() or error)
            raise
        else:
            self._leave(operation, None)

    def interrupt(self, interrupt: Interrupt, owner: SparkSession) -> None:
        """Its user wants operations of a Spark session to end; whether the engine obeys shows by their streams."""
        for operation in list(self._running.values()):
            tags = frozenset() if operation.plan is None else operation.plan.tags
            if operation.spark_session == owner and interrupt.means(operation.id, tags):
                operation.interrupted = True
                if operation.streams == 0:
                    self._end(operation, "cancelled", operation.left)

    def session_ended(self, session_id: str) -> None:
        """What runs of it ends with it, and in which way is not for us to say."""
        for key in [key for key in self._operations if key[0] == session_id]:
            del self._operations[key]
            self._running.pop(key, None)

    def _operation_of(self, method: Method, head: Head, request: bytes, owner: SparkSession) -> Operation | None:
        if method not in {EXECUTE_PLAN, REATTACH_EXECUTE}:
            return None
        operation_id = head.operation_id or str(uuid.uuid4())
        plan = read_plan(request) if method is EXECUTE_PLAN else None
        if plan is not None and UNLISTED_TAG in plan.tags:
            return None
        known = self._operations.get((owner.session_id, operation_id))
        if known is not None:
            known.plan = known.plan or plan
            return self._come_back(known)
        operation = Operation(owner, operation_id, plan, self._clock.monotonic())
        self._operations[operation.key] = self._running[operation.key] = operation
        self._note(operation)
        if len(self._operations) > REMEMBERED:
            self._forget_one()
        return operation

    def _come_back(self, operation: Operation) -> Operation | None:
        """The client of an operation has returned; ``None`` when that is done, and only its last words are repeated."""
        if operation.outcome == "succeeded":
            return None
        operation.outcome, operation.ended = "running", None
        self._running[operation.key] = operation
        self._note(operation)
        return operation

    def _pass(self, operation: Operation, response: bytes) -> None:
        part = read_part(response)
        if part.response_id in operation.recent:
            return
        if part.response_id:
            operation.recent[part.response_id] = None
            if len(operation.recent) > _REMEMBERED_RESPONSES:
                operation.recent.popitem(last=False)
        operation.rows = min(operation.rows + part.rows, COUNTABLE)
        operation.data_bytes = min(operation.data_bytes + part.data_bytes, COUNTABLE)
        if operation.key not in self._untold:
            self._note(operation)
        if part.complete and operation.outcome == "running":
            self._end(operation, "succeeded", self._clock.monotonic())

    def _leave(self, operation: Operation, error: BaseException | None) -> None:
        operation.streams -= 1
        operation.left = self._clock.monotonic()
        if operation.streams == 0 and operation.outcome == "running":
            outcome = outcome_of(operation, error)
            if outcome != "running":
                self._end(operation, outcome, operation.left)
        self._note(operation)

    def _give_up(self, operation: Operation | None) -> None:
        if operation is not None:
            self._end(operation, "cancelled", self._clock.monotonic())

    def _end(self, operation: Operation, outcome: OperationOutcome, at: float) -> None:
        operation.outcome, operation.ended = outcome, at
        self._running.pop(operation.key, None)
        operation.recent.clear()
        self._note(operation)

    def _note(self, operation: Operation) -> None:
        self._untold[operation.key] = operation
        if len(self._untold) > REMEMBERED:
            del self._untold[next(iter(self._untold))]
        self.news.set()

    def _forget_one(self) -> None:
        """The oldest that streams nothing; there are fewer streams than places."""
        for key, operation in self._operations.items():
            if operation.streams == 0:
                del self._operations[key]
                self._running.pop(key, None)
                return

    # What is told of it

    def report(self) -> list[Operation]:
        """Which operations to speak of: those that changed since the last report, and at times those that run."""
        now = self._clock.monotonic()
        for operation in list(self._running.values()):
            if operation.streams == 0 and now - operation.left >= GONE_SECONDS:
                self._end(operation, "cancelled", operation.left)
            elif now - operation.told_at >= OPERATION_REPEAT_SECONDS:
                self._untold[operation.key] = operation
        chosen = [self._untold.pop(key) for key in list(self._untold)[:MAX_REPORTED]]
        for operation in chosen:
            operation.told_at = now
        if not self._running and not self._untold:
            self.news.clear()
        return chosen

    def told(self, operation: Operation) -> OperationReport:
        now = self._clock.monotonic()
        return OperationReport(
            session_id=operation.spark_session.session_id,
            operation_id=operation.id,
            part=operation.part,
            what=None if operation.plan is None else operation.plan.what,
            began_ago=now - operation.began,
            ended_ago=None if operation.ended is None else now - operation.ended,
            rows=operation.rows,
            data_bytes=operation.data_bytes,
            outcome=operation.outcome,
        )

    def not_reported(self, operations: Sequence[Operation]) -> None:
        """A report was not kept: it is to be made again, with what is true by then."""
        for operation in operations:
            self._note(self._untold.get(operation.key, operation))


def outcome_of(operation: Operation, error: BaseException | None) -> OperationOutcome:
    """What the end of an operation's last stream, without a last result, makes of it. Pure.

    :param error: what ended the stream; ``None``: the engine, in good order.
    """
    if isinstance(error, SessionClosed):
        return "running"  # its session says how it ended
    if isinstance(error, EngineAnswer):
        cancelled = operation.interrupted or error.code is grpc.StatusCode.CANCELLED
        return "cancelled" if cancelled else "failed"
    if operation.interrupted:
        return "cancelled"
    if isinstance(error, SparkSessionStopped):
        return "failed"
    if operation.reattachable and (error is None or isinstance(error, _BROKEN_OFF)):
        return "running"
    if error is None:
        return "succeeded"
    return "cancelled" if isinstance(error, _CLIENT_WENT) else "failed"


_CLIENT_WENT = (asyncio.CancelledError, grpc.aio.BaseError)
_BROKEN_OFF = (*_CLIENT_WENT, LakesailError)


def _ignore(response: bytes) -> None:
    """Of no operation."""
