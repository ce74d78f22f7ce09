"""One operation, as the session proxy knows it."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import LakesailError
from ..feed import UNLISTED_TAG, OperationOutcome
from .executions import UNNAMED, Action, Plan


@dataclass(frozen=True, slots=True)
class SparkSession:
    """A Spark session id, bound to who uses it and where."""

    workload_id: str
    session_id: str
    caller: str
    id: str


Cut = Callable[[LakesailError], object]
"""Ends an RPC with an error."""


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
    action: Action = UNNAMED
    part: str = field(default_factory=lambda: uuid.uuid4().hex)
    outcome: OperationOutcome = "running"
    error: str | None = None
    ended: float | None = None
    rows: int = 0
    data_bytes: int = 0
    unrun: bool = False
    """Whether the engine said that it ran nothing: it read SQL that is a query."""
    cuts: list[Cut] = field(default_factory=list)
    """Of the streams that its client has open, each."""
    left: float = 0.0
    """When its last stream ended."""
    left_token_time: float = 0.0
    """The same in Unix seconds of the token time."""
    interrupted: bool = False
    told_at: float | None = None
    told_outcome: OperationOutcome | None = None
    asked_at: float | None = None
    """When the engine was asked whether it has stopped."""
    answered: bool = False
    """Whether it has answered that."""
    told_answered: bool | None = None
    """What was last told of its answer."""
    first: bytes = b""
    """The id of the very first response; empty when it has not passed here."""
    recent: OrderedDict[bytes, bytes] = field(default_factory=OrderedDict)
    """The ids of the last responses that were counted, each with the id of the one before it."""
    key: tuple[str, str] = field(init=False)
    """Workload and operation id."""

    def __post_init__(self) -> None:
        self.key = (self.spark_session.workload_id, self.id)

    @property
    def streams(self) -> int:
        """How many its client has open."""
        return len(self.cuts)

    @property
    def query_id(self) -> str:
        """What its owner's list of queries calls the query that it belongs to."""
        return self.action.id or self.id

    @property
    def begun_here(self) -> bool:
        return self.token_id is not None

    @property
    def listed(self) -> bool:
        """Whether it is reported; a client's own looks at the engine are not."""
        return self.plan is None or UNLISTED_TAG not in self.plan.tags

    @property
    def ran(self) -> bool:
        """Whether it is anything to its user: a query that was only read runs later, as another operation."""
        return not (self.unrun and self.outcome in {"running", "succeeded"})

    @property
    def what(self) -> str | None:
        return self.action.line if self.plan is None else self.plan.what

    @property
    def reattachable(self) -> bool:
        return self.plan is None or self.plan.reattachable
