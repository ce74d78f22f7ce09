"""The queries of this process, as its channels see them: what runs, for how long, what came of it so far."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .actions import ACTIONS

_REMEMBERED = 200
_WHAT_CHARACTERS = 120
_SHAPES = frozenset({"limit", "offset", "show_string", "subquery_alias", "tail", "to_schema", "html_string"})
"""Relations that take a part of a result, or put it into another form, and compute nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedQuery:
    """One operation. Times are of the monotonic clock, in seconds."""

    number: int
    """Counts the queries of this process."""
    operation_id: str
    action_id: str | None = None
    """The action of the user that it belongs to, as the session proxy knows it."""
    spark_session_id: str
    what: str
    thread_id: int
    """The thread that runs it."""
    began: float
    ended: float | None = None
    rows: int = 0
    bytes: int = 0
    complete: bool = False
    """Whether all of its results came."""
    answered: bool = False
    """Whether the engine has said anything of it: it has begun with it then."""

    def seconds(self, now: float) -> float:
        return (now if self.ended is None else self.ended) - self.began


class Listener(Protocol):
    """Called in the thread that runs the query."""

    def query_begins(self, query: ObservedQuery) -> None: ...
    def query_ends(self, query: ObservedQuery) -> None:
        """Its results are complete or broke off; one that broke off may go on."""
        ...


class Queries:
    """All of them, the latest kept. Threads may share it; implements :class:`..rpcs.observing.Observer`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the collector may end a stream in any thread, also in one that holds it
        self._numbers = itertools.count(1)
        self._queries: OrderedDict[str, ObservedQuery] = OrderedDict()
        self._listener: Listener | None = None

    def listen(self, listener: Listener | None) -> None:
        """Have one listener told of each query from now on."""
        self._listener = listener

    def after(self, number: int) -> tuple[ObservedQuery, ...]:
        """The queries that began after that one, in their order."""
        with self._lock:
            return tuple(query for query in self._queries.values() if query.number > number)

    @property
    def last_number(self) -> int:
        with self._lock:
            return next(reversed(self._queries.values())).number if self._queries else 0

    def begins(self, request: Any) -> None:
        action = ACTIONS.of_operation(request.operation_id)
        query = ObservedQuery(
            number=next(self._numbers),
            operation_id=request.operation_id,
            action_id=None if action is None else action.id,
            spark_session_id=request.session_id,
            what=what_of(request.plan, None if action is None else action.line),
            thread_id=threading.get_ident(),
            began=time.monotonic(),
        )
        with self._lock:
            self._queries[query.operation_id] = query
            if len(self._queries) > _REMEMBERED:
                self._queries.popitem(last=False)
        if self._listener is not None:
            self._listener.query_begins(query)

    def analyses(self, request: Any) -> None:
        return

    def rejoins(self, operation_id: str) -> None:
        self._change(operation_id, lambda query: replace(query, ended=None))

    def answered(self, operation_id: str, answer: Any) -> None:
        rows = int(answer.arrow_batch.row_count)
        size = len(answer.arrow_batch.data)
        complete = answer.HasField("result_complete")
        with self._lock:
            known = self._queries.get(operation_id)
        if rows or size or complete or (known is not None and not known.answered):
            self._change(
                operation_id,
                lambda query: replace(
                    query,
                    rows=query.rows + rows,
                    bytes=query.bytes + size,
                    complete=complete,
                    answered=True,
                    ended=time.monotonic() if complete else query.ended,
                ),
            )

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        self._change(operation_id, lambda query: query if query.ended else replace(query, ended=time.monotonic()))

    def configures(self, request: Any) -> None:
        return

    def forked(self) -> None:
        """In a child of this process: another thread may have held the lock, and the listener is the parent's."""
        self._lock = threading.RLock()
        self._listener = None

    def _change(self, operation_id: str, change: Callable[[ObservedQuery], ObservedQuery]) -> None:
        with self._lock:
            before = self._queries.get(operation_id)
            if before is None:
                return
            query = self._queries[operation_id] = change(before)
        if self._listener is not None and before.ended is None and query.ended is not None:
            self._listener.query_ends(query)


QUERIES = Queries()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=QUERIES.forked)


def what_of(plan: Any, line: str | None = None) -> str:
    """A plan in a few words: its SQL, else the user's line of code, else what it does outermost."""
    kind = plan.WhichOneof("op_type")
    if kind == "command":
        command = plan.command.WhichOneof("command_type")
        if command == "sql_command":
            return _shortened(plan.command.sql_command.input.sql.query or plan.command.sql_command.sql or "sql")
        return _shortened(line or str(command or "command").replace("_", " "))
    if kind == "root":
        sql = _sql_in(plan.root)
        relation = plan.root.WhichOneof("rel_type")
        return _shortened(sql or line or str(relation or "query").replace("_", " "))
    return _shortened(line or "query")


def _sql_in(relation: Any) -> str | None:
    """The text of a relation that is SQL, and at most shapes its result."""
    kind = relation.WhichOneof("rel_type")
    while kind in _SHAPES:
        relation = getattr(relation, kind).input
        kind = relation.WhichOneof("rel_type")
    return str(relation.sql.query) if kind == "sql" else None


def _shortened(sql: str) -> str:
    words = " ".join(sql.split())
    return words if len(words) <= _WHAT_CHARACTERS else words[: _WHAT_CHARACTERS - 1] + "…"
