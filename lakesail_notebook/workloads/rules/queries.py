"""Queries: what the session proxy said of operations, the actions that they make up, and what became of those that it
speaks of no more. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...feed import OPERATION_REPEAT_SECONDS, OperationReport
from ...models import LIVE_STATUSES, QueryOutcome
from ..records import QueryRecord, SessionRecord

KEPT = 500
"""Of each session: so many operations, the latest."""
LOST_AFTER = timedelta(seconds=4 * OPERATION_REPEAT_SECONDS)
"""A query that no session proxy has spoken of for so long is lost: its proxy died, and its client did not come back."""
_LATEST_REPORT = timedelta(seconds=5)
"""How much longer one report may take than the next. A larger difference is a clock that was set."""
UNKNOWN = "query"
"""What a query is that was begun through a proxy that died before it could say."""


def carried_on(
    query: QueryRecord | None, report: OperationReport, now: datetime, *, after: datetime | None = None
) -> QueryRecord:
    """A query after the next word on it.

    :param query: as it was before, when it was spoken of before.
    :param after: when the query before it began. Reports take unequal times, and must not change the order.
    """
    if query is None:
        query = _begun(report, now, after)
    elif query.part != report.part:
        query = replace(query, part=report.part, earlier_rows=query.rows, earlier_data_bytes=query.data_bytes)
    return replace(
        query,
        what=report.what or query.what,
        ended_at=_end(query, report, now),
        heard_at=now,
        outcome=report.outcome,
        error=report.error,
        action_id=report.action_id or query.action_id,
        engine_answered=report.engine_answered,
        rows=query.earlier_rows + report.rows,
        data_bytes=query.earlier_data_bytes + report.data_bytes,
    )


def begin_or_end(known: Mapping[str, QueryRecord], carried_on: Collection[QueryRecord]) -> bool:
    """Whether queries began or ended between what was known of some of a session and what is known now.

    :param known: by id; what is missing in ``carried_on`` was found to be no query.
    """
    return known.keys() != {one.id for one in carried_on} or any(
        known[one.id].outcome != one.outcome for one in carried_on
    )


def state_of(query: QueryRecord, session: SessionRecord, now: datetime) -> tuple[QueryOutcome, datetime | None]:
    """A query's outcome by now, and when it ended. What ran when its session ended, ended with it.

    A session whose server died is ended by whoever comes next, which may be days later: its queries end when they were
    last heard of.
    """
    if query.outcome != "running":
        return query.outcome, query.ended_at
    over = session.status not in LIVE_STATUSES
    latest = session.closed_at if over and session.closed_at is not None else now
    lost = latest - query.heard_at > LOST_AFTER
    if over:
        return "failed" if session.status == "failed" else "cancelled", query.heard_at if lost else latest
    return ("failed", query.heard_at) if lost else ("running", None)


@dataclass(frozen=True, slots=True)
class Action:
    """What a user did, as one or several operations."""

    query: QueryRecord
    """All of it as one query."""
    decisive: QueryRecord
    """The operation whose outcome its user saw."""


def actions_of(operations: Iterable[QueryRecord]) -> list[Action]:
    """The actions of the user, the latest first.

    A client names the action that an operation belongs to; an operation without such a name is an action of its own.
    """
    of_action: dict[str, list[QueryRecord]] = {}
    for operation in operations:
        of_action.setdefault(operation.action_id or operation.id, []).append(operation)
    actions = [_action(id, sorted(parts, key=_in_time)) for id, parts in of_action.items()]
    return sorted(actions, key=lambda action: _in_time(action.query), reverse=True)


def _in_time(query: QueryRecord) -> tuple[datetime, str]:
    return query.started_at, query.id


def _action(id: str, operations: Sequence[QueryRecord]) -> Action:
    """Its outcome is that of its last operation, which its user saw; it runs while one of them does."""
    running = [one for one in operations if one.outcome == "running"]
    decisive = (running or operations)[-1]
    ends = [one.ended_at for one in operations if one.ended_at is not None]
    whole = replace(
        decisive,
        id=id,
        what=next((one.what for one in operations if one.what != UNKNOWN), UNKNOWN),
        started_at=operations[0].started_at,
        ended_at=None if running else max(ends, default=None),
        rows=sum(one.rows for one in operations),
        data_bytes=sum(one.data_bytes for one in operations),
    )
    return Action(whole, decisive)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSeen:
    """What an engine's use of the processor said at the last look."""

    looked_at: datetime
    busy: bool
    rest_at: datetime | None
    """When it was last seen to compute nothing."""


def error_of(query: QueryRecord, outcome: QueryOutcome, session: SessionRecord) -> str | None:
    """Why a query failed, in one line; ``None`` when it did not fail, or nobody knows."""
    if outcome != "failed":
        return None
    if query.outcome != "running":
        return query.error
    if session.status not in LIVE_STATUSES:
        return session.status_message
    return "The session proxy that carried it ended, and its client did not come back."


def may_compute(outcome: QueryOutcome, ended_at: datetime | None, seen: EngineSeen | None) -> bool:
    """Whether a cancelled query may still be what keeps its engine busy."""
    if outcome != "cancelled" or ended_at is None:
        return False
    return seen is None or seen.rest_at is None or seen.rest_at < ended_at


def engine_busy(
    query: QueryRecord,
    outcome: QueryOutcome,
    ended_at: datetime | None,
    seen: EngineSeen | None,
    *,
    computed: bool,
    only_suspect: bool,
    now: datetime,
) -> bool | None:
    """Whether a living engine works on a query, however its client took its end; ``None``: that cannot be known.

    :param seen: the engine at the last look, if anybody looked.
    :param computed: whether the query kept the processor busy before; what only waited may wait on, at rest.
    :param only_suspect: whether no other query can be what keeps the engine busy.
    """
    if outcome == "running":
        return True
    if outcome == query.outcome != "cancelled":
        return False
    if outcome == "failed" or ended_at is None or query.outcome == "running":
        return None
    if query.engine_answered is False and now - query.heard_at <= LOST_AFTER:
        return True
    if not query.engine_answered or seen is None:
        return None
    if not may_compute(outcome, ended_at, seen):
        return False if computed else None
    return True if seen.busy and seen.looked_at > ended_at and only_suspect else None


def seconds_of(query: QueryRecord, ended_at: datetime | None, now: datetime) -> float:
    """How long it took, or has taken until now."""
    return max(0.0, ((ended_at or now) - query.started_at).total_seconds())


def _begun(report: OperationReport, now: datetime, after: datetime | None) -> QueryRecord:
    started_at = _before(now, report.began_ago)
    if after is not None and timedelta() <= after - started_at < _LATEST_REPORT:
        started_at = after + timedelta(milliseconds=1)
    return QueryRecord(
        session_id=report.session_id,
        id=report.operation_id,
        what=UNKNOWN,
        started_at=started_at,
        ended_at=None,
        heard_at=now,
        outcome="running",
        rows=0,
        data_bytes=0,
        part=report.part,
        earlier_rows=0,
        earlier_data_bytes=0,
    )


def _end(query: QueryRecord, report: OperationReport, now: datetime) -> datetime | None:
    """By the proxy's own measure of the duration where it saw the beginning: reports take their time to come."""
    if report.ended_ago is None:
        return None
    if report.began_here:
        return query.started_at + timedelta(seconds=max(0.0, report.began_ago - report.ended_ago))
    return max(query.started_at, _before(now, report.ended_ago))


def _before(now: datetime, seconds: float) -> datetime:
    return now - timedelta(seconds=max(0.0, seconds))
