"""The book of operations: whose each is, what it gave, how it ended, what of it to report, and whether a token that has
expired may still finish it.

An operation outlives its streams. A client whose stream broke off comes back for the rest, and the operation runs until
then. After :data:`GONE_SECONDS` it is reported as cancelled, but the engine goes on: an outage of the network or of the
control plane may last longer and must not cost a query. The report is taken back when the client returns. What ends
with its session is left to the control plane, which knows why the session ended.

PySpark's ``collect()`` ends with ReleaseExecute and Config RPCs. Without grace, a token that expires while a query runs
would fail a query that is done.
"""

from __future__ import annotations

import functools
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..clock import Clock
from ..errors import LakesailError, PermissionDenied
from ..feed import OperationOutcome
from ..tokens import SessionClaims, TokenTime
from .auth import QueryInterrupted
from .engine_words import with_next_step
from .executions import (
    COUNTABLE,
    UNNAMED,
    Action,
    Interrupt,
    Part,
    Plan,
    read_analysis,
    read_interrupt,
    read_last_taken,
    read_part,
    read_plan,
    releases_all,
)
from .forwarding import EngineAnswer
from .operation import Cut, Operation, SparkSession
from .outcomes import error_line, outcome_of
from .reporting import REMEMBERED, OperationReports
from .resumption import Resumption
from .spark_rpc import ANALYZE_PLAN, EXECUTE_PLAN, INTERRUPT, REATTACH_EXECUTE, RELEASE_EXECUTE, Head, Method

GRACE_SECONDS = 60.0
GONE_SECONDS = 60.0
"""The operation of a client that has not come back for so long is reported as cancelled. The engine is not told."""
_REMEMBERED_RESPONSES = 256
"""Of an operation: those that a client may be sent a second time, since it had not taken them when its stream broke."""

_INTERRUPTED = (
    "This query was interrupted from outside of the code that ran it. Run it again; if it writes, look first at what "
    "is written."
)

Passing = Callable[[bytes], bool]
"""Is shown each response of the engine; says whether it is for the client."""
CutWith = Callable[[], LakesailError | None]
"""Why this proxy cut an RPC, if it did."""


class OperationBook:
    def __init__(self, time: TokenTime, clock: Clock) -> None:
        self._time = time
        self._clock = clock
        self._operations: OrderedDict[tuple[str, str], Operation] = OrderedDict()
        self._running: dict[tuple[str, str], Operation] = {}
        """Those whose end is for this proxy to say."""
        self._unanswered: dict[tuple[str, str], Operation] = {}
        """Those that were cancelled, and of which the engine has not said that it stopped."""
        self.reports = OperationReports(clock, self._at_work)
        self.when_cancelled: Callable[[Operation], object] = _ignore
        """Called with each operation that its client interrupted, released or cancelled; set by who asks the engine."""

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
        action: Action = UNNAMED,
        *,
        cut: Cut | None = None,
    ) -> Iterator[Passing]:
        """Note what an RPC that has passed does to the operations of its Spark session.

        :param action: which action of the user it belongs to, as far as its client says.
        :param cut: ends the RPC with an error.
        :raises PermissionDenied: when it names an operation of another Spark session.
        """
        known = self._known(head, owner)
        if method is INTERRUPT:
            self.interrupt(read_interrupt(request), owner)
        elif method is RELEASE_EXECUTE and known is not None and releases_all(request):
            self._give_up(known)
        read = {EXECUTE_PLAN: read_plan, ANALYZE_PLAN: read_analysis}.get(method)
        plan = None if read is None else read(request, action)
        last_taken = read_last_taken(request) if method is REATTACH_EXECUTE else b""
        del request  # it may be large, and this frame lives as long as the RPC
        if method not in {EXECUTE_PLAN, REATTACH_EXECUTE}:
            with self._following_analysis(plan, owner):
                yield _for_the_client
            return
        if known is None:
            operation = self._begin(head.operation_id or str(uuid.uuid4()), owner, claims, plan)
        else:
            operation = self._come_back(known, claims, plan)
        if action.id is not None:
            operation.action = action
        operation.cuts.append(cut := cut or _ignore)
        resumption = Resumption(last_taken, operation.first) if method is REATTACH_EXECUTE else None
        try:
            yield functools.partial(self._pass, operation, resumption)
            if resumption is not None:
                _end_stream(resumption, method, head, interrupted=operation.interrupted)
        except BaseException as error:
            self._leave(operation, cut, cut_with() or error)
            raise
        else:
            self._leave(operation, cut, None)

    @contextmanager
    def _following_analysis(self, plan: Plan | None, owner: SparkSession) -> Iterator[None]:
        """A plan that cannot even be analysed is told like one that failed: its user saw it fail."""
        began = self._clock.monotonic()
        try:
            yield
        except EngineAnswer as error:
            if plan is not None:
                failed = Operation(owner, str(uuid.uuid4()), began, None, plan, plan.action)
                failed.outcome, failed.error, failed.ended = "failed", error_line(error), self._clock.monotonic()
                self.reports.note(failed)
            raise

    def interrupt(self, interrupt: Interrupt, owner: SparkSession) -> None:
        """Its user wants operations of a Spark session to end; whether the engine obeys shows by their streams."""
        for operation in list(self._running.values()):
            tags = frozenset() if operation.plan is None else operation.plan.tags
            if operation.spark_session == owner and interrupt.means(operation.id, tags):
                operation.interrupted = True
                if operation.streams == 0:
                    self._end(operation, "cancelled", operation.left)

    def interrupt_session(self, session_id: str, query_id: str | None) -> tuple[str, ...]:
        """Their owner wants queries of a session to end, all or one, whichever Spark sessions and clients run them.

        Their clients get an error at once; the engine is told as after an interrupt by a client.

        :returns: the ids of those that ran.
        """
        ended: dict[str, None] = {}
        for operation in list(self._running.values()):
            of_session = operation.spark_session.session_id == session_id and operation.listed and operation.ran
            if of_session and query_id in {None, operation.query_id, operation.id}:
                ended[operation.query_id] = None
                operation.interrupted = True
                self._end(operation, "cancelled", self._clock.monotonic())
                for cut in list(operation.cuts):
                    cut(QueryInterrupted(_INTERRUPTED))
        return tuple(ended)

    def releasable(self, head: Head, owner: SparkSession, until: bytes) -> bytes:
        """The id up to which the engine may release responses when the client has taken those up to ``until``.

        It is the one before, so that the engine can still show where the client is (:mod:`.resumption`); empty for no
        release, when this process does not know it. What is not released, the engine bounds itself.
        """
        known = self._known(head, owner)
        return b"" if known is None else known.recent.get(until, b"")

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
            self._unanswered.pop(key, None)

    def asks_engine(self, operation: Operation) -> None:
        """The engine is being asked whether it has stopped with a cancelled operation."""
        operation.asked_at, operation.answered = self._clock.monotonic(), False
        self._unanswered[operation.key] = operation
        self.reports.note(operation)

    def engine_answered(self, operation: Operation) -> None:
        operation.answered = True
        self._unanswered.pop(operation.key, None)
        self.reports.note(operation)

    def _at_work(self) -> list[Operation]:
        """Those that run, without those whose clients stay away; and those that the engine may still compute."""
        now = self._clock.monotonic()
        for operation in list(self._running.values()):
            if operation.streams == 0 and now - operation.left >= GONE_SECONDS:
                self._note_end(operation, "cancelled", operation.left)
        return [*self._running.values(), *self._unanswered.values()]

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
        self.reports.note(operation)
        if len(self._operations) > REMEMBERED:
            self._forget_one()
        return operation

    def _come_back(self, operation: Operation, claims: SessionClaims, plan: Plan | None) -> Operation:
        """The client of an operation has returned, or begins what it only asked for before."""
        if operation.plan is None and plan is not None:
            operation.plan, operation.token_id = plan, claims.jti
        if operation.outcome != "succeeded":  # else only its last words are repeated
            operation.outcome, operation.ended, operation.error = "running", None, None
            operation.asked_at = None
            self._unanswered.pop(operation.key, None)
            self._running[operation.key] = operation
            self.reports.note(operation)
        return operation

    def _pass(self, operation: Operation, resumption: Resumption | None, response: bytes) -> bool:
        part = read_part(response)
        if resumption is None:
            operation.first = operation.first or part.response_id
        elif not resumption.passes(part):
            return False
        if operation.outcome != "succeeded" and part.response_id not in operation.recent:
            self._count(operation, part)
        return True

    def _count(self, operation: Operation, part: Part) -> None:
        if part.response_id:
            operation.recent[part.response_id] = next(reversed(operation.recent), b"")
            if len(operation.recent) > _REMEMBERED_RESPONSES:
                operation.recent.popitem(last=False)
        operation.unrun = operation.unrun or part.unrun
        operation.rows = min(operation.rows + part.rows, COUNTABLE)
        operation.data_bytes = min(operation.data_bytes + part.data_bytes, COUNTABLE)
        if not self.reports.is_noted(operation):
            self.reports.note(operation)
        if part.complete and operation.outcome == "running":
            self._end(operation, "succeeded", self._clock.monotonic())

    def _leave(self, operation: Operation, cut: Cut, error: BaseException | None) -> None:
        operation.cuts.remove(cut)
        operation.left = self._clock.monotonic()
        operation.left_token_time = self._time.now()
        if operation.outcome == "succeeded":
            return
        if operation.streams == 0 and operation.outcome == "running":
            outcome = outcome_of(error, interrupted=operation.interrupted, reattachable=operation.reattachable)
            if outcome != "running":
                operation.error = error_line(error) if outcome == "failed" else None
                self._end(operation, outcome, operation.left)
        self.reports.note(operation)

    def _give_up(self, operation: Operation) -> None:
        if operation.key in self._running:
            self._end(operation, "cancelled", self._clock.monotonic())

    def _end(self, operation: Operation, outcome: OperationOutcome, at: float) -> None:
        self._note_end(operation, outcome, at)
        if outcome == "cancelled":
            self.when_cancelled(operation)

    def _note_end(self, operation: Operation, outcome: OperationOutcome, at: float) -> None:
        operation.outcome, operation.ended = outcome, at
        self._running.pop(operation.key, None)
        operation.recent.clear()
        self.reports.note(operation)

    def _forget_one(self) -> None:
        """The oldest that streams nothing; there are fewer streams than places."""
        for key, operation in self._operations.items():
            if operation.streams == 0:
                del self._operations[key]
                self._running.pop(key, None)
                self._unanswered.pop(key, None)
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


def _for_the_client(_: bytes) -> bool:
    """A response of no operation."""
    return True


def _end_stream(resumption: Resumption, method: Method, head: Head, *, interrupted: bool) -> None:
    try:
        resumption.end()
    except EngineAnswer as answer:
        raise with_next_step(answer, method, head, interrupted=interrupted) from answer


def _ignore(_: object) -> None:
    """An end that nobody asks about, and an RPC that nobody cuts."""
