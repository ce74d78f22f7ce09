"""Records as the API shows them: pure, and the place that knows what only an owner is told."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from ... import models
from ...clock import to_rfc3339
from ...models import LIVE_STATUSES
from ..notices import Notice
from ..records import (
    ConfigRecord,
    EventRecord,
    MemberRecord,
    QueryRecord,
    ServiceAccountRecord,
    SessionRecord,
    WorkloadRecord,
)
from ..rules import lifecycle, queries
from ..rules.access import Principal, changes_configs_of, owns_session
from ..rules.apps import MARIMO
from .compute_facts import UNKNOWN, ComputeFacts

_UNTIL_MARIMO_SERVES = "The engine is ready. The page opens as soon as marimo has started."
"""It stays true once marimo serves: lists are told of moves of sessions, and that is none."""


def session_view(
    session: SessionRecord, workload: WorkloadRecord | None, principal: Principal, *, served: bool = True
) -> models.Session:
    """What the two rows say; :class:`.session_views.SessionViews` adds what others do.

    :param served: whether somebody listens at the session's endpoint; it is not told before.
    """
    return models.Session(
        id=session.id,
        endpoint_type=session.endpoint_type,
        name=session.name,
        status=session.status,
        workload_id=session.workload_id,
        team_id=session.team_id,
        member_id=session.member_id,
        service_account_id=session.service_account_id,
        notebook_id=session.notebook_id,
        termination_reason=session.termination_reason,
        status_message=status_message(session, workload),
        connection_info=_connection_info(session, workload, served) if owns_session(principal, session) else None,
        last_activity_at=to_rfc3339(session.last_activity_at),
        idle_since=_moment(session.idle_since),
        closed_at=_moment(session.closed_at),
        timeout_at=_moment(lifecycle.timeout_at(session)),
        timeout_reason=lifecycle.timeout_reason(session),
        closed_by=session.closed_by,
        close_reason=session.close_reason,
        config=models.SessionConfig(
            idle_timeout_seconds=session.timeouts.idle_timeout,
            idle_close_delay_seconds=session.timeouts.idle_close_delay,
            max_duration_seconds=session.timeouts.max_duration,
        ),
        metadata=_metadata(session),
        created_at=to_rfc3339(session.created_at),
        updated_at=to_rfc3339(session.updated_at),
    )


def workload_view(workload: WorkloadRecord) -> models.Workload:
    return models.Workload(
        id=workload.id,
        workload_config_id=workload.config_id,
        infra_status=workload.infra_status,
        shutdown_policy=workload.shutdown_policy,
        endpoints=dict(workload.endpoints),
        provisioned_at=_moment(workload.provisioned_at),
        cleaned_at=_moment(workload.cleaned_at),
        last_activity_at=_moment(workload.last_activity_at),
        status_message=workload.status_message,
        created_at=to_rfc3339(workload.created_at),
        created_by=workload.created_by,
        updated_at=to_rfc3339(workload.updated_at),
    )


def config_view(config: ConfigRecord, principal: Principal, compute: ComputeFacts = UNKNOWN) -> models.WorkloadConfig:
    """Values of variables are for those who may change the config."""
    sail = config.sail if changes_configs_of(principal, config.team_id) else config.sail.masked()
    if config.unreadable_env:
        shown = sail.extra_env | dict.fromkeys(config.unreadable_env, models.MASKED)
        sail = structs.replace(sail, extra_env=shown)
    return models.WorkloadConfig(
        id=config.id,
        name=config.name,
        workload_type=config.workload_type,
        cluster_id=config.cluster_id,
        team_id=config.team_id,
        config=models.WorkloadConfigBody(sail=sail),
        endpoint_limits=config.endpoint_limits,
        created_at=to_rfc3339(config.created_at),
        created_by=config.created_by,
        updated_at=to_rfc3339(config.updated_at),
        updated_by=config.updated_by,
        size=compute.size,
        price_per_hour=None if compute.price is None else compute.price.per_hour,
        currency=None if compute.price is None else compute.price.currency,
    )


def member_view(member: MemberRecord) -> models.Member:
    return models.Member(id=member.id, name=member.name, created_at=to_rfc3339(member.created_at))


def event_view(event: EventRecord) -> models.Event:
    return models.Event(
        sequence=event.sequence,
        at=to_rfc3339(event.at),
        kind=event.kind,
        session_id=event.session_id,
        workload_id=event.workload_id,
        workload_config_id=event.workload_config_id,
        old_status=event.old_status,
        new_status=event.new_status,
        reason=event.reason,
        message=event.message,
    )


def notice_view(notice: Notice) -> models.Event:
    return models.Event(sequence=None, at=to_rfc3339(notice.at), kind="query", session_id=notice.session_id)


def query_view(
    query: QueryRecord, session: SessionRecord, now: datetime, *, engine_busy: bool | None = None
) -> models.Query:
    outcome, ended_at = queries.state_of(query, session, now)
    return models.Query(
        id=query.id,
        what=query.what,
        started_at=to_rfc3339(query.started_at),
        seconds=round(queries.seconds_of(query, ended_at, now), 3),
        rows=query.rows,
        bytes=query.data_bytes,
        outcome=outcome,
        error=queries.error_of(query, outcome, session),
        engine_busy=engine_busy,
    )


def service_account_view(account: ServiceAccountRecord) -> models.ServiceAccount:
    return models.ServiceAccount(
        id=account.id,
        username=account.username,
        description=account.description,
        created_at=to_rfc3339(account.created_at),
        created_by=account.created_by,
        updated_at=to_rfc3339(account.updated_at),
        updated_by=account.updated_by,
    )


def _connection_info(
    session: SessionRecord, workload: WorkloadRecord | None, served: bool
) -> models.ConnectionInfo | None:
    endpoint = workload.endpoints.get("spark_connect") if workload is not None else None
    if endpoint is None or session.status not in LIVE_STATUSES:
        return None
    return models.ConnectionInfo(grpc_endpoint=endpoint if served else None)


def status_message(session: SessionRecord, workload: WorkloadRecord | None) -> str | None:
    if session.status_message is not None or session.status not in LIVE_STATUSES or workload is None:
        return session.status_message
    if session.endpoint_type == MARIMO and session.status == "pending" and workload.infra_status == "ready":
        return " ".join(filter(None, (_UNTIL_MARIMO_SERVES, workload.status_message)))
    return workload.status_message


def _metadata(session: SessionRecord) -> models.Metadata:
    if session.kernel_id is None:
        return session.metadata
    return session.metadata | {models.KERNEL_KEY: session.kernel_id}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)
