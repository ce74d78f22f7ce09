"""Queries: what the session proxy said of operations, and what became of those that it speaks of no more. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ...feed import OPERATION_REPEAT_SECONDS, OperationReport
from ...models import LIVE_STATUSES, QueryOutcome
from ..records import QueryRecord, SessionRecord

KEPT = 500
"""Of each session: so many queries, the latest."""
LOST_AFTER = timedelta(seconds=4 * OPERATION_REPEAT_SECONDS)
"""A query that no session proxy has spoken of for so long is lost: its proxy died, and its client did not come back."""
UNKNOWN = "query"
"""What a query is that was begun through a proxy that died before it could say."""


def carried_on(query: QueryRecord | None, report: OperationReport, now: datetime) -> QueryRecord:
    """A query after the next word on it.

    :param query: as it was before, when it was spoken of before.
    """
    if query is None:
        query = _begun(report, now)
    elif query.part != report.part:
        query = replace(query, part=report.part, earlier_rows=query.rows, earlier_data_bytes=query.data_bytes)
    return replace(
        query,
        what=report.what or query.what,
        ended_at=_end(query, report, now),
        heard_at=now,
        outcome=report.outcome,
        rows=query.earlier_rows + report.rows,
        data_bytes=query.earlier_data_bytes + report.data_bytes,
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


def seconds_of(query: QueryRecord, ended_at: datetime | None, now: datetime) -> float:
    """How long it took, or has taken until now."""
    return max(0.0, ((ended_at or now) - query.started_at).total_seconds())


def _begun(report: OperationReport, now: datetime) -> QueryRecord:
    return QueryRecord(
        session_id=report.session_id,
        id=report.operation_id,
        what=UNKNOWN,
        started_at=_before(now, report.began_ago),
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
    if report.what is not None:
        return query.started_at + timedelta(seconds=max(0.0, report.began_ago - report.ended_ago))
    return max(query.started_at, _before(now, report.ended_ago))


def _before(now: datetime, seconds: float) -> datetime:
    return now - timedelta(seconds=max(0.0, seconds))
