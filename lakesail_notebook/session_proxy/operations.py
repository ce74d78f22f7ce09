"""Operations begun through this proxy: whose they are, and how long an expired token may still finish its own.

PySpark's ``collect()`` ends with ReleaseExecute and Config RPCs: without grace, a token that expires while a query runs
would fail a query that is done.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import PermissionDenied
from ..tokens import SessionClaims, TokenTime
from .spark_rpc import EXECUTE_PLAN, REATTACH_EXECUTE, Head, Method

GRACE_SECONDS = 60.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class SparkSession:
    """A Spark session id, bound to who uses it and where."""

    workload_id: str
    session_id: str
    caller: str
    id: str


@dataclass(slots=True)
class _Operation:
    owner: SparkSession
    token_id: str
    """The ``jti`` of the token that it was begun under."""
    streams: int = 0
    ended_at: float = 0.0
    """When its last stream ended; Unix seconds of the token time."""


class Operations:
    def __init__(self, time: TokenTime) -> None:
        self._time = time
        self._operations: OrderedDict[tuple[str, str], _Operation] = OrderedDict()
        self._nameless = 0

    @contextmanager
    def following(self, method: Method, head: Head, owner: SparkSession, claims: SessionClaims) -> Iterator[None]:
        """Keep an operation in mind while an RPC streams its results; other RPCs are let through as they are.

        :raises PermissionDenied: when the operation is another Spark session's.
        """
        operation = self._operation_of(method, head, owner, claims)
        if operation is None:
            yield
            return
        operation.streams += 1
        try:
            yield
        finally:
            operation.streams -= 1
            operation.ended_at = self._time.now()

    def has_grace(self, method: Method, head: Head, owner: SparkSession, claims: SessionClaims) -> bool:
        """Whether an RPC may pass although its token has expired, because it finishes what was begun in time."""
        if method.grace == "none":
            return False
        if method.grace == "operation":
            named = self._operations.get((owner.workload_id, head.operation_id or ""))
            candidates = [] if named is None else [named]
        else:
            candidates = list(self._operations.values())
        begun_under_it = [one for one in candidates if one.owner == owner and one.token_id == claims.jti]
        if any(operation.streams for operation in begun_under_it):
            return True
        latest_end = max((operation.ended_at for operation in begun_under_it), default=None)
        if latest_end is None or method.grace == "running":
            return False
        return self._time.now() < max(claims.exp, latest_end) + GRACE_SECONDS

    def _operation_of(
        self, method: Method, head: Head, owner: SparkSession, claims: SessionClaims
    ) -> _Operation | None:
        known = self._operations.get((owner.workload_id, head.operation_id)) if head.operation_id else None
        if known is not None and known.owner != owner:
            raise PermissionDenied("The operation belongs to another Spark session.")
        if method is EXECUTE_PLAN:
            return known or self._begin(head.operation_id, owner, claims)
        return known if method is REATTACH_EXECUTE else None

    def _begin(self, operation_id: str | None, owner: SparkSession, claims: SessionClaims) -> _Operation:
        if operation_id is None:
            self._nameless += 1
        key = (owner.workload_id, operation_id or f"nameless {self._nameless}")
        operation = self._operations[key] = _Operation(owner, claims.jti)
        if len(self._operations) > _REMEMBERED:
            self._forget_one()
        return operation

    def _forget_one(self) -> None:
        """The oldest that streams nothing; there are fewer streams than places."""
        for key, operation in self._operations.items():
            if operation.streams == 0:
                del self._operations[key]
                return
