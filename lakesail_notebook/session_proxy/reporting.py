"""Which operations are to be reported, and what is told of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from ..clock import Clock
from ..feed import OPERATION_REPEAT_SECONDS, OperationReport
from .operation import Operation

MAX_REPORTED = 200
"""Operations in one report: it stays below the longest line of the feed."""
REMEMBERED = 10_000
"""Operations; beyond them the oldest are forgotten, told or not."""
SILENCE_SECONDS = 0.5
"""An engine that has not answered for so long after a cancellation still works."""


class OperationReports:
    """Those that changed since they were last told, and at times those that the engine still works on.

    :param at_work: the operations that the engine works on.
    """

    def __init__(self, clock: Clock, at_work: Callable[[], Iterable[Operation]]) -> None:
        self._clock = clock
        self._at_work = at_work
        self._untold: dict[tuple[str, str], Operation] = {}
        self.news = asyncio.Event()
        """Set while there may be something to report."""
        self.urgent = asyncio.Event()
        """Set when it should be reported at once: from a cancellation on, the engine is watched."""
        self.prompt = asyncio.Event()
        """Set when it should be reported soon: an operation began or ended, and its user may look at the list."""

    def note(self, operation: Operation) -> None:
        self._keep(operation)
        if not self.is_noted(operation):
            return
        if operation.outcome == "cancelled":
            self.urgent.set()
        if operation.outcome == "cancelled" or operation.outcome != operation.told_outcome:
            self.prompt.set()

    def _keep(self, operation: Operation) -> None:
        if not operation.listed or (not operation.ran and operation.told_at is None):
            self._untold.pop(operation.key, None)
            return
        self._untold[operation.key] = operation
        if len(self._untold) > REMEMBERED:
            del self._untold[next(iter(self._untold))]
        self.news.set()

    def is_noted(self, operation: Operation) -> bool:
        return operation.key in self._untold

    def take(self) -> list[Operation]:
        """Which operations to speak of now; :meth:`told` says what."""
        self.urgent.clear()
        now = self._clock.monotonic()
        at_work = list(self._at_work())
        for operation in at_work:
            silent = _answered(operation, now) is False and operation.told_answered is not False
            if silent or operation.told_at is None or now - operation.told_at >= OPERATION_REPEAT_SECONDS:
                self.note(operation)
        chosen = [self._untold.pop(key) for key in list(self._untold)[:MAX_REPORTED]]
        for operation in chosen:
            operation.told_at, operation.told_answered = now, _answered(operation, now)
            operation.told_outcome = operation.outcome
        self.prompt.clear()
        if not at_work and not self._untold:
            self.news.clear()
        return chosen

    def told(self, operation: Operation) -> OperationReport:
        now = self._clock.monotonic()
        plan = operation.plan
        return OperationReport(
            session_id=operation.spark_session.session_id,
            operation_id=operation.id,
            part=operation.part,
            what=operation.what,
            began_here=plan is not None,
            began_ago=now - operation.began,
            ended_ago=None if operation.ended is None else now - operation.ended,
            rows=operation.rows,
            data_bytes=operation.data_bytes,
            outcome=operation.outcome,
            error=operation.error,
            action_id=operation.action.id,
            ran=operation.ran,
            engine_answered=_answered(operation, now),
        )

    def not_told(self, operations: Sequence[Operation]) -> None:
        """A report was not kept: it is to be made again, with what is true by then.

        It is not urgent, so that a connection that is closing is not tried again at once and for ever.
        """
        for operation in operations:
            self._keep(self._untold.get(operation.key, operation))


def _answered(operation: Operation, now: float) -> bool | None:
    if operation.outcome != "cancelled" or operation.asked_at is None:
        return None
    if operation.answered:
        return True
    return False if now - operation.asked_at >= SILENCE_SECONDS else None
