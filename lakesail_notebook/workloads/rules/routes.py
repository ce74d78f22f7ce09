"""What the session proxy is told of a session: pure."""

from __future__ import annotations

from ...feed import Route, RouteState
from ...models import LIVE_STATUSES
from ..records import SessionRecord, WorkloadRecord


def route_of(session: SessionRecord, workload: WorkloadRecord, max_spark_sessions: int) -> Route:
    state = _state(session, workload)
    return Route(
        session_id=session.id,
        workload_id=session.workload_id,
        generation=session.generation,
        state=state,
        address=workload.address if state == "ready" else None,
        message=session.status_message if state == "closed" else None,
        max_spark_sessions=max_spark_sessions,
    )


def _state(session: SessionRecord, workload: WorkloadRecord) -> RouteState:
    if session.status not in LIVE_STATUSES:
        return "closed"
    return "ready" if workload.infra_status == "ready" and workload.address is not None else "pending"
