"""What the session proxy is told of a session: pure."""

from __future__ import annotations

from ...feed import Route, RouteState
from ...models import LIVE_STATUSES
from ..records import SessionRecord, SessionTokens, WorkloadRecord


def route_of(session: SessionRecord, workload: WorkloadRecord, max_spark_sessions: int) -> Route:
    state = _state(session, workload)
    tokens = session.tokens or SessionTokens()
    return Route(
        session_id=session.id,
        workload_id=session.workload_id,
        generation=session.generation,
        state=state,
        address=workload.address if state == "ready" else None,
        message=session.status_message if state == "closed" else None,
        max_spark_sessions=max_spark_sessions,
        logins_from=tokens.logins_from,
        ended_kernels=tuple(one.kernel for one in tokens.ended_kernels),
    )


def _state(session: SessionRecord, workload: WorkloadRecord) -> RouteState:
    if session.status not in LIVE_STATUSES:
        return "closed"
    return "ready" if workload.infra_status == "ready" and workload.address is not None else "pending"
