"""What can be read from the store: short statements on a consistent view."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ..models import LIVE_STATUSES
from ..workloads.filters import EventFilter, PageKey, SessionFilter
from ..workloads.records import (
    ConfigRecord,
    EventRecord,
    IdempotentAnswer,
    MemberRecord,
    Owner,
    QueryRecord,
    ServiceAccountRecord,
    SessionRecord,
    WorkloadRecord,
)
from ..workloads.rules.lifecycle import UNFINISHED
from .encryption import RecordEncryption
from .notebooks import NotebookReading
from .schema import (
    control_plane,
    event,
    idempotency,
    member,
    query,
    service_account,
    session,
    workload,
    workload_config,
)
from .starts import StartReading

Record = TypeVar("Record")

SESSION_COLUMNS = tuple(column for column in session.c if column.name not in {"caller_id", "due_at"})
"""A record derives these two; the table keeps them for its indexes."""
_UNFINISHED = workload.c.infra_status.in_(UNFINISHED)
_UNCLEANED = (workload.c.infra_status.not_in(UNFINISHED), workload.c.cleaned_at.is_(None))
_NOT_DELETED = workload_config.c.deleted_at.is_(None)


def select_sessions() -> sa.Select[Any]:
    return sa.select(*SESSION_COLUMNS)


class SqlReading(NotebookReading, StartReading):
    """A consistent view: one transaction of the reader pool."""

    def __init__(self, connection: AsyncConnection, encryption: RecordEncryption) -> None:
        self._connection = connection
        self._encryption = encryption

    async def session(self, session_id: str) -> SessionRecord | None:
        return await self._one(SessionRecord, select_sessions().where(session.c.id == session_id))

    async def sessions(self, which: SessionFilter, *, after: PageKey | None, limit: int) -> list[SessionRecord]:
        query = select_sessions().where(*_matching(which)).limit(limit)
        return await self._many(SessionRecord, _newest_first(query, session, after))

    async def count_sessions(self, which: SessionFilter) -> int:
        query = sa.select(sa.func.count()).select_from(session).where(*_matching(which))
        return int(await self._connection.scalar(query) or 0)

    async def live_sessions(self, workload_ids: Collection[str]) -> list[SessionRecord]:
        of_workloads = session.c.workload_id.in_(workload_ids)
        return await self._many(
            SessionRecord, select_sessions().where(of_workloads, session.c.status.in_(LIVE_STATUSES))
        )

    async def live_sessions_of_type(self, endpoint_type: str, owner: Owner) -> list[SessionRecord]:
        wanted = (session.c.endpoint_type == endpoint_type, session.c.status.in_(LIVE_STATUSES))
        query = select_sessions().where(*wanted, session.c.workload_id.in_(_ids_of(owner)))
        return await self._many(SessionRecord, query)

    async def sessions_by_id(self, session_ids: Collection[str]) -> list[SessionRecord]:
        return await self._many(SessionRecord, select_sessions().where(session.c.id.in_(session_ids)))

    async def due_sessions(self, owner: Owner, now: datetime, *, limit: int) -> list[SessionRecord]:
        due = (session.c.status.in_(LIVE_STATUSES), sa.or_(session.c.due_at.is_(None), session.c.due_at <= now))
        query = select_sessions().where(*due, session.c.workload_id.in_(_ids_of(owner)))
        return await self._many(SessionRecord, query.order_by(session.c.due_at, session.c.id).limit(limit))

    async def sessions_of_kernels(self, owner: Owner, kernel_ids: Collection[str] | None) -> list[SessionRecord]:
        wanted = session.c.kernel_id.is_not(None) if kernel_ids is None else session.c.kernel_id.in_(kernel_ids)
        live = (session.c.status.in_(LIVE_STATUSES), session.c.workload_id.in_(_ids_of(owner)))
        return await self._many(SessionRecord, select_sessions().where(*live, wanted))

    async def workload(self, workload_id: str) -> WorkloadRecord | None:
        return await self._one(WorkloadRecord, sa.select(workload).where(workload.c.id == workload_id))

    async def workloads(self, workload_ids: Collection[str]) -> list[WorkloadRecord]:
        return await self._many(WorkloadRecord, sa.select(workload).where(workload.c.id.in_(workload_ids)))

    async def unfinished_workloads(self, owner: Owner | None = None) -> list[WorkloadRecord]:
        return await self._many(WorkloadRecord, sa.select(workload).where(_UNFINISHED, *_of(owner)))

    async def uncleaned_workloads(self, owner: Owner | None = None) -> list[WorkloadRecord]:
        return await self._many(WorkloadRecord, sa.select(workload).where(*_UNCLEANED, *_of(owner)))

    async def workloads_to_step(self, owner: Owner) -> list[WorkloadRecord]:
        elsewhere = sa.or_(
            workload.c.infra_status != "ready", workload.c.target != "running", workload.c.freed_at.is_not(None)
        )
        stepping = sa.select(workload).where(_UNFINISHED, elsewhere, *_of(owner)).order_by(workload.c.id)
        return [*await self._many(WorkloadRecord, stepping), *await self.uncleaned_workloads(owner)]

    async def others_workloads(self, owner: Owner) -> list[WorkloadRecord]:
        theirs = workload.c.owner.is_not(None) & (workload.c.owner != owner)
        unfinished = await self._many(WorkloadRecord, sa.select(workload).where(_UNFINISHED, theirs))
        return [*unfinished, *await self._many(WorkloadRecord, sa.select(workload).where(*_UNCLEANED, theirs))]

    async def config(self, config_id: str) -> ConfigRecord | None:
        return await self._one(ConfigRecord, sa.select(workload_config).where(workload_config.c.id == config_id))

    async def config_named(self, team_id: str, name: str) -> ConfigRecord | None:
        named = (workload_config.c.team_id == team_id, workload_config.c.name == name, _NOT_DELETED)
        return await self._one(ConfigRecord, sa.select(workload_config).where(*named))

    async def configs(
        self, team_ids: Collection[str] | None, *, after: PageKey | None, limit: int
    ) -> list[ConfigRecord]:
        query = sa.select(workload_config).where(workload_config.c.name.is_not(None), _NOT_DELETED).limit(limit)
        if team_ids is not None:
            query = query.where(workload_config.c.team_id.in_(team_ids))
        return await self._many(ConfigRecord, _newest_first(query, workload_config, after))

    async def configs_by_id(self, config_ids: Collection[str]) -> list[ConfigRecord]:
        return await self._many(ConfigRecord, sa.select(workload_config).where(workload_config.c.id.in_(config_ids)))

    async def members(self, member_ids: Collection[str]) -> list[MemberRecord]:
        return await self._many(MemberRecord, sa.select(member).where(member.c.id.in_(member_ids)))

    async def service_account(self, account_id: str) -> ServiceAccountRecord | None:
        return await self._one(
            ServiceAccountRecord, sa.select(service_account).where(service_account.c.id == account_id)
        )

    async def service_account_named(self, team_id: str, username: str) -> ServiceAccountRecord | None:
        named = (service_account.c.team_id == team_id, service_account.c.username == username)
        return await self._one(ServiceAccountRecord, sa.select(service_account).where(*named))

    async def service_accounts(self, team_ids: Collection[str] | None) -> list[ServiceAccountRecord]:
        query = sa.select(service_account).order_by(service_account.c.username, service_account.c.id)
        if team_ids is not None:
            query = query.where(service_account.c.team_id.in_(team_ids))
        return await self._many(ServiceAccountRecord, query)

    async def service_accounts_by_id(self, account_ids: Collection[str]) -> list[ServiceAccountRecord]:
        query = sa.select(service_account).where(service_account.c.id.in_(account_ids))
        return await self._many(ServiceAccountRecord, query)

    async def owner_seen_at(self, owner: Owner) -> datetime | None:
        return await self._connection.scalar(sa.select(control_plane.c.seen_at).where(control_plane.c.owner == owner))

    async def queries(self, session_id: str, *, limit: int) -> list[QueryRecord]:
        newest_first = (query.c.started_at.desc(), query.c.id.desc())
        of_session = sa.select(query).where(query.c.session_id == session_id)
        return await self._many(QueryRecord, of_session.order_by(*newest_first).limit(limit))

    async def queries_by_id(self, session_id: str, query_ids: Collection[str]) -> list[QueryRecord]:
        named = (query.c.session_id == session_id, query.c.id.in_(query_ids))
        return await self._many(QueryRecord, sa.select(query).where(*named))

    async def idempotent_answer(self, caller_id: str, key: str) -> IdempotentAnswer | None:
        asked = (idempotency.c.caller_id == caller_id, idempotency.c.key == key)
        kept = sa.select(idempotency.c.fingerprint, idempotency.c.session_id).where(*asked)
        return await self._one(IdempotentAnswer, kept)

    async def events_after(self, sequence: int, limit: int, which: EventFilter) -> list[EventRecord]:
        later = sa.select(event).where(event.c.sequence > sequence, *_visible_events(which))
        return await self._many(EventRecord, later.order_by(event.c.sequence).limit(limit))

    async def last_event_sequence(self) -> int:
        return int(await self._connection.scalar(sa.select(sa.func.max(event.c.sequence))) or 0)

    async def last_token_change(self) -> int:
        return int(await self._connection.scalar(sa.select(sa.func.max(session.c.tokens_changed))) or 0)

    async def token_changes_after(self, number: int) -> list[SessionRecord]:
        later = select_sessions().where(session.c.tokens_changed > number)
        return await self._many(SessionRecord, later.order_by(session.c.tokens_changed))

    async def _one(self, kind: type[Record], query: sa.Executable) -> Record | None:
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return None if row is None else self._encryption.opened(kind(**row))

    async def _many(self, kind: type[Record], query: sa.Executable) -> list[Record]:
        rows = (await self._connection.execute(query)).mappings()
        return [self._encryption.opened(kind(**row)) for row in rows]


def _of(owner: Owner | None) -> list[sa.ColumnElement[bool]]:
    return [] if owner is None else [workload.c.owner == owner]


def _ids_of(owner: Owner) -> sa.Select[Any]:
    """The unfinished workloads of an owner: those that are over carry no live session."""
    return sa.select(workload.c.id).where(_UNFINISHED, workload.c.owner == owner)


def _matching(which: SessionFilter) -> list[sa.ColumnElement[bool]]:
    wanted = {
        "id": which.session_id,
        "team_id": which.team_id,
        "endpoint_type": which.endpoint_type,
        "status": which.status,
    }
    conditions = [session.c[name] == value for name, value in wanted.items() if value is not None]
    return [*conditions, *_visible(session, which.caller_id, which.or_teams)]


def _visible(table: sa.Table, caller_id: str | None, or_teams: Collection[str]) -> list[sa.ColumnElement[bool]]:
    if caller_id is None:
        return []
    own = table.c.caller_id == caller_id
    return [sa.or_(own, table.c.team_id.in_(or_teams)) if or_teams else own]


def _visible_events(which: EventFilter) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = [] if which.kinds is None else [event.c.kind.in_(which.kinds)]
    if which.caller_id is None:
        return wanted
    config = event.c.kind == "config"
    of_configs = sa.and_(config, event.c.team_id.in_(which.config_teams))
    one = [] if which.session_id is None else [event.c.session_id == which.session_id]
    others = sa.and_(~config, *_visible(event, which.caller_id, which.or_teams), *one)
    return [*wanted, sa.or_(of_configs, others)]


def _newest_first(query: sa.Select[Any], table: sa.Table, after: PageKey | None) -> sa.Select[Any]:
    key = sa.tuple_(table.c.created_at, table.c.id)
    if after is not None:
        last = (after.created_at, after.id)
        query = query.where(key < sa.tuple_(*last, types=[column.type for column in key.clauses]))
    return query.order_by(table.c.created_at.desc(), table.c.id.desc())
