"""The book of operations: whose each is, what it gave, how it ended, what of it to report, and whether a token that has
expired may still finish it.

An operation outlives its streams. A client whose stream broke off comes back for the rest. The operation runs until it
has, or until :data:`GONE_SECONDS` have passed. What ends with its session is left to the control plane, which knows why
the session ended.

PySpark's ``collect()`` ends with ReleaseExecute and Config RPCs. Without grace, a token that expires while a query runs
would fail a query that is done.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..clock import Clock
from ..errors import LakesailError, PermissionDenied
from ..feed import OPERATION_REPEAT_SECONDS, UNLISTED_TAG, OperationOutcome, OperationReport
from ..tokens import SessionClaims, TokenTime
from .executions import COUNTABLE, Interrupt, Plan, read_interrupt, read_part, read_plan, releases_all
from .outcomes import outcome_of
from .spark_rpc import EXECUTE_PLAN, INTERRUPT, REATTACH_EXECUTE, RELEASE_EXECUTE, Head, Method

GRACE_SECONDS = 60.0
GONE_SECONDS = 60.0
"""A client that has not come back for so long has given its operation up."""
MAX_REPORTED = 200
"""Operations in one report: it stays below the longest line of the feed."""
REMEMBERED = 10_000
"""Operations; beyond them the oldest are forgotten, told or not."""
_REMEMBERED_RESPONSES = 256
"""Of an operation: those that a client may be sent a second time, since it had not taken them when its stream broke."""

Passing = Callable[[bytes], object]
"""Is shown each response on its way to the client."""
CutWith = Callable[[], LakesailError | None]
"""Why this proxy cut an RPC, if it did."""


@dataclass(frozen=True, slots=True)
class SparkSession:
    """A Spark session id, bound to who uses it and where."""

    workload_id: str
    session_id: str
    caller: str
    id: str


@dataclass(slots=True, eq=False)
class Operation:
    """Times are of the monotonic clock, but for ``left_token_time``."""

    spark_session: SparkSession
    id: str
    began: float
    token_id: str | None
    """The ``jti`` of the token that it was begun under; ``None`` when it was begun through an earlier proxy."""
    plan: Plan | None
    """``None`` when it was begun through an earlier proxy."""
    part: str = field(default_factory=lambda: uuid.uuid4().hex)
    outcome: OperationOutcome = "running"
    ended: float | None = None
    rows: int = 0
    data_bytes: int = 0
    streams: int = 0
    left: float = 0.0
    """When its last stream ended."""
    left_token_time: float = 0.0
    """The same in Unix seconds of the token time."""
    interrupted: bool = False
    told_at: float = 0.0
    recent: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    """The ids of the last responses that were counted."""
    key: tuple[str, str] = field(init=False)
    """Workload and operation id."""

    def __post_init__(self) -> None:
        self.key = (self.spark_session.workload_id, self.id)

    @property
    def begun_here(self) -> bool:
        return self.token_id is not None

    @property
    def listed(self) -> bool:
        """Whether it is reported; a client's own looks at the engine are not."""
        return self.plan is None or UNLISTED_TAG not in self.plan.tags

    @property
    def reattachable(self) -> bool:
        return self.plan is None or self.plan.reattachable


class OperationBook:
    def __init__(self, time: TokenTime, clock: Clock) -> None:
        self._time = time
        self._clock = clock
        self._operations: OrderedDict[tuple[str, str], Operation] = OrderedDict()
        self._running: dict[tuple[str, str], Operation] = {}
        """Those whose end is for this proxy to say."""
        self._untold: dict[tuple[str, str], Operation] = {}
        self.news = asyncio.Event()
        """Set while there may be something to report."""

    # What happens

    @contextmanager
    def following(
        self,
        method: Method,
        head: Head,
        request: bytes,
        owner: SparkSession,
        claims: SessionClaims,
        cut_with: CutWith,
    ) -> Iterator[Passing]:
        """Note what an RPC that has passed does to the operations of its Spark session.

        :raises PermissionDenied: when it names an operation of another Spark session.
        """
        known = self._known(head, owner)
        if method is INTERRUPT:
            self.interrupt(read_interrupt(request), owner)
        elif method is RELEASE_EXECUTE and known is not None and releases_all(request):
            self._give_up(known)
        plan = read_plan(request) if method is EXECUTE_PLAN else None
        del request  # it may be large, and this frame lives as long as the RPC
        if method not in {EXECUTE_PLAN, REATTACH_EXECUTE}:
            yield _ignore
            return
        if known is None:
            operation = self._begin(head.operation_id or str(uuid.uuid4()), owner, claims, plan)
        else:
            operation = self._come_back(known, claims, plan)
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

    def interrupted(self, head: Head, owner: SparkSession) -> bool:
        """Whether its user has asked for the end of the operation that a request names."""
        known = self._known(head, owner)
        return known is not None and known.interrupted

    def session_ended(self, session_id: str) -> None:
        """What runs of it ends with it, and in which way is not for this proxy to say."""
        ended = [key for key, one in self._operations.items() if one.spark_session.session_id == session_id]
        for key in ended:
            del self._operations[key]
            self._running.pop(key, None)

    def _known(self, head: Head, owner: SparkSession) -> Operation | None:
        """The operation that a request names. One that was only asked for, and never begun here, binds nobody else."""
        known = self._operations.get((owner.workload_id, head.operation_id)) if head.operation_id else None
        if known is None or known.spark_session == owner:
            return known
        if known.begun_here:
            raise PermissionDenied("The operation belongs to another Spark session.")
        return None

    def _begin(self, operation_id: str, owner: SparkSession, claims: SessionClaims, plan: Plan | None) -> Operation:
        token_id = None if plan is None else claims.jti
        operation = Operation(owner, operation_id, self._clock.monotonic(), token_id, plan)
        self._operations[operation.key] = self._running[operation.key] = operation
        self._note(operation)
        if len(self._operations) > REMEMBERED:
            self._forget_one()
        return operation

    def _come_back(self, operation: Operation, claims: SessionClaims, plan: Plan | None) -> Operation:
        """The client of an operation has returned, or begins what it only asked for before."""
        if operation.plan is None and plan is not None:
            operation.plan, operation.token_id = plan, claims.jti
        if operation.outcome != "succeeded":  # else only its last words are repeated
            operation.outcome, operation.ended = "running", None
            self._running[operation.key] = operation
            self._note(operation)
        return operation

    def _pass(self, operation: Operation, response: bytes) -> None:
        part = read_part(response)
        if operation.outcome == "succeeded" or part.response_id in operation.recent:
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
        operation.left_token_time = self._time.now()
        if operation.outcome == "succeeded":
            return
        if operation.streams == 0 and operation.outcome == "running":
            outcome = outcome_of(error, interrupted=operation.interrupted, reattachable=operation.reattachable)
            if outcome != "running":
                self._end(operation, outcome, operation.left)
        self._note(operation)

    def _give_up(self, operation: Operation) -> None:
        if operation.key in self._running:
            self._end(operation, "cancelled", self._clock.monotonic())

    def _end(self, operation: Operation, outcome: OperationOutcome, at: float) -> None:
        operation.outcome, operation.ended = outcome, at
        self._running.pop(operation.key, None)
        operation.recent.clear()
        self._note(operation)

    def _note(self, operation: Operation) -> None:
        if not operation.listed:
            return
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

    # Whether an expired token may finish it

    def has_grace(self, method: Method, head: Head, owner: SparkSession, claims: SessionClaims) -> bool:
        """Whether an RPC may pass although its token has expired, because it finishes what was begun in time."""
        if method.grace == "none":
            return False
        if method.grace == "operation":
            named = self._operations.get((owner.workload_id, head.operation_id or ""))
            candidates = [] if named is None else [named]
        else:
            candidates = list(self._operations.values())
        begun_under_it = [one for one in candidates if one.spark_session == owner and one.token_id == claims.jti]
        if any(operation.streams for operation in begun_under_it):
            return True
        latest = max((operation.left_token_time for operation in begun_under_it), default=None)
        if latest is None or method.grace == "running":
            return False
        return self._time.now() < max(claims.exp, latest) + GRACE_SECONDS

    # What is told of it

    def report(self) -> list[Operation]:
        """Which operations to speak of: those that changed since the last report, and at times those that run."""
        now = self._clock.monotonic()
        for operation in list(self._running.values()):
            if operation.streams == 0 and now - operation.left >= GONE_SECONDS:
                self._end(operation, "cancelled", operation.left)
            elif now - operation.told_at >= OPERATION_REPEAT_SECONDS:
                self._note(operation)
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


def _ignore(response: bytes) -> None:
    """Of no operation."""
