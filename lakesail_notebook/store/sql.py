"""The store in SQL: short statements, each change of status guarded by the statuses it may come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ..workloads.lifecycle import LIVE, REUSABLE, UNFINISHED, SessionMove, WorkloadMove
from ..workloads.ports import PageKey, SessionFilter
from ..workloads.records import (
    ConfigRecord,
    EventRecord,
    Handle,
    MemberRecord,
    Owner,
    SessionRecord,
    WorkloadRecord,
)
from .pools import DatabaseIdentity, Pools, open_pools, trouble_is_told
from .schema import event, member, session, spark_session, workload, workload_config

Record = TypeVar("Record")


class SqlReading:
    """A consistent view: one transaction of the reader pool."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def session(self, session_id: str) -> SessionRecord | None:
        return await self._one(SessionRecord, sa.select(session).where(session.c.id == session_id))

    async def sessions(self, which: SessionFilter, *, after: PageKey | None, limit: int) -> list[SessionRecord]:
        query = sa.select(session).where(*_matching(which)).limit(limit)
        return await self._many(SessionRecord, _newest_first(query, session, after))

    async def count_sessions(self, which: SessionFilter) -> int:
        query = sa.select(sa.func.count()).select_from(session).where(*_matching(which))
        return int(await self._connection.scalar(query) or 0)

    async def live_sessions(self, workload_ids: Collection[str]) -> list[SessionRecord]:
        of_workloads = session.c.workload_id.in_(workload_ids)
        return await self._many(SessionRecord, sa.select(session).where(of_workloads, session.c.status.in_(LIVE)))

    async def workload(self, workload_id: str) -> WorkloadRecord | None:
        return await self._one(WorkloadRecord, sa.select(workload).where(workload.c.id == workload_id))

    async def workloads(self, workload_ids: Collection[str]) -> list[WorkloadRecord]:
        return await self._many(WorkloadRecord, sa.select(workload).where(workload.c.id.in_(workload_ids)))

    async def unfinished_workloads(self) -> list[WorkloadRecord]:
        query = sa.select(workload).where(workload.c.infra_status.in_(UNFINISHED))
        return await self._many(WorkloadRecord, query)

    async def config(self, config_id: str) -> ConfigRecord | None:
        return await self._one(ConfigRecord, sa.select(workload_config).where(workload_config.c.id == config_id))

    async def config_named(self, team_id: str, name: str) -> ConfigRecord | None:
        named = (workload_config.c.team_id == team_id, workload_config.c.name == name)
        return await self._one(ConfigRecord, sa.select(workload_config).where(*named))

    async def configs(
        self, team_ids: Collection[str] | None, *, after: PageKey | None, limit: int
    ) -> list[ConfigRecord]:
        query = sa.select(workload_config).where(workload_config.c.name.is_not(None)).limit(limit)
        if team_ids is not None:
            query = query.where(workload_config.c.team_id.in_(team_ids))
        return await self._many(ConfigRecord, _newest_first(query, workload_config, after))

    async def configs_by_id(self, config_ids: Collection[str]) -> list[ConfigRecord]:
        return await self._many(ConfigRecord, sa.select(workload_config).where(workload_config.c.id.in_(config_ids)))

    async def members(self, member_ids: Collection[str]) -> list[MemberRecord]:
        return await self._many(MemberRecord, sa.select(member).where(member.c.id.in_(member_ids)))

    async def events_after(self, sequence: int, limit: int) -> list[EventRecord]:
        query = sa.select(event).where(event.c.sequence > sequence).order_by(event.c.sequence).limit(limit)
        return await self._many(EventRecord, query)

    async def last_event_sequence(self) -> int:
        return int(await self._connection.scalar(sa.select(sa.func.max(event.c.sequence))) or 0)

    async def _one(self, kind: type[Record], query: sa.Executable) -> Record | None:
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return None if row is None else kind(**row)

    async def _many(self, kind: type[Record], query: sa.Executable) -> list[Record]:
        return [kind(**row) for row in (await self._connection.execute(query)).mappings()]


class SqlWriting(SqlReading):
    """One transaction of the writer."""

    async def add_session(self, record: SessionRecord) -> None:
        await self._add(session, record)
        await self._note(record.created_at, session_id=record.id, new=record.status)

    async def add_workload(self, record: WorkloadRecord) -> None:
        await self._add(workload, record)
        await self._note(record.created_at, workload_id=record.id, new=record.infra_status)

    async def add_config(self, record: ConfigRecord) -> None:
        await self._add(workload_config, record)

    async def know_member(self, record: MemberRecord) -> None:
        known = sa.select(member.c.id).where(member.c.id == record.id)
        if await self._connection.scalar(known) is None:
            await self._add(member, record)

    async def move_session(self, session_id: str, move: SessionMove) -> SessionRecord | None:
        old = await self._status(session.c.status, session.c.id == session_id)
        guard = (session.c.id == session_id, session.c.status.in_(move.sources))
        statement = sa.update(session).where(*guard).values(**_session_changes(move)).returning(session)
        moved = await self._one(SessionRecord, statement)
        if moved is not None:
            await self._note(move.at, session_id=session_id, old=old, new=move.to, reason=move.reason)
        return moved

    async def move_workload(self, workload_id: str, move: WorkloadMove) -> WorkloadRecord | None:
        old = await self._status(workload.c.infra_status, workload.c.id == workload_id)
        guard = (workload.c.id == workload_id, workload.c.infra_status.in_(move.sources))
        statement = sa.update(workload).where(*guard).values(**_workload_changes(move)).returning(workload)
        moved = await self._one(WorkloadRecord, statement)
        if moved is not None:
            await self._note(move.at, workload_id=workload_id, old=old, new=move.to)
        return moved

    async def take_freed_workload(self, reuse_key: str, owner: Owner) -> WorkloadRecord | None:
        free = (
            workload.c.reuse_key == reuse_key,
            workload.c.owner == owner,
            workload.c.target == "running",
            workload.c.infra_status.in_(REUSABLE),
            workload.c.freed_at.is_not(None),
        )
        newest = sa.select(workload.c.id).where(*free).order_by(workload.c.created_at.desc()).limit(1).scalar_subquery()
        taken = sa.update(workload).where(workload.c.id == newest, *free).values(freed_at=None)
        return await self._one(WorkloadRecord, taken.returning(workload))

    async def free_workload(self, workload_id: str, freed_at: datetime) -> None:
        still_used = sa.exists().where(session.c.workload_id == workload_id, session.c.status.in_(LIVE))
        unused = (workload.c.id == workload_id, workload.c.infra_status.in_(REUSABLE), ~still_used)
        freed = sa.update(workload).where(*unused).values(freed_at=freed_at, updated_at=freed_at)
        await self._connection.execute(freed)

    async def retire_workload(self, workload_id: str, now: datetime) -> bool:
        idle = (workload.c.id == workload_id, workload.c.freed_at.is_not(None), workload.c.target == "running")
        retired = sa.update(workload).where(*idle).values(target="stopped", updated_at=now)
        return bool((await self._connection.execute(retired)).rowcount)

    async def adopt_workload(self, workload_id: str, old: Owner | None, new: Owner) -> bool:
        same_owner = workload.c.owner.is_(None) if old is None else workload.c.owner == old
        adopted = sa.update(workload).where(workload.c.id == workload_id, same_owner).values(owner=new)
        return bool((await self._connection.execute(adopted)).rowcount)

    async def keep_handle(self, workload_id: str, handle: Handle) -> None:
        kept = sa.update(workload).where(workload.c.id == workload_id).values(handle=dict(handle))
        await self._connection.execute(kept)

    async def keep_activity(self, session_id: str, at: datetime) -> None:
        older = (session.c.id == session_id, session.c.status.in_(LIVE), session.c.last_activity_at < at)
        await self._connection.execute(sa.update(session).where(*older).values(last_activity_at=at))

    async def keep_kernel(self, session_id: str, kernel_id: str) -> None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE))
        kept = sa.update(session).where(*live).values(kernel_id=kernel_id, detached_since=None)
        await self._connection.execute(kept)

    async def keep_detached(self, session_id: str, since: datetime | None) -> None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE))
        await self._connection.execute(sa.update(session).where(*live).values(detached_since=since))

    async def claim_spark_session(
        self, *, workload_id: str, spark_session_id: str, session_id: str, caller: str, limit: int, now: datetime
    ) -> Literal["granted", "foreign", "released", "limit"]:
        this = (spark_session.c.workload_id == workload_id, spark_session.c.spark_session_id == spark_session_id)
        row = (await self._connection.execute(sa.select(spark_session).where(*this))).mappings().one_or_none()
        if row is not None:
            if (row["session_id"], row["caller"]) != (session_id, caller):
                return "foreign"
            return "granted" if row["released_at"] is None else "released"
        live = (spark_session.c.session_id == session_id, spark_session.c.released_at.is_(None))
        count = sa.select(sa.func.count()).select_from(spark_session).where(*live)
        if int(await self._connection.scalar(count) or 0) >= limit:
            return "limit"
        claim = sa.insert(spark_session).values(
            workload_id=workload_id,
            spark_session_id=spark_session_id,
            session_id=session_id,
            caller=caller,
            claimed_at=now,
        )
        await self._connection.execute(claim)
        return "granted"

    async def release_spark_session(self, *, workload_id: str, spark_session_id: str, now: datetime) -> None:
        this = (spark_session.c.workload_id == workload_id, spark_session.c.spark_session_id == spark_session_id)
        live = (*this, spark_session.c.released_at.is_(None))
        await self._connection.execute(sa.update(spark_session).where(*live).values(released_at=now))

    async def _add(self, table: sa.Table, record: Any) -> None:
        values = {column.name: getattr(record, column.name) for column in table.columns}
        await self._connection.execute(sa.insert(table).values(**values))

    async def _status(self, column: sa.Column[str], this: sa.ColumnElement[bool]) -> str | None:
        return await self._connection.scalar(sa.select(column).where(this).with_for_update())

    async def _note(
        self,
        at: datetime,
        *,
        new: str,
        old: str | None = None,
        session_id: str | None = None,
        workload_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        row = {"at": at, "session_id": session_id, "workload_id": workload_id, "old_status": old, "new_status": new}
        await self._connection.execute(sa.insert(event).values(**row, reason=reason))


class SqlStore:
    """Open one with :func:`open_store`."""

    def __init__(self, pools: Pools, identity: DatabaseIdentity) -> None:
        self._pools = pools
        self.issuer = identity.issuer
        self.marker_key = identity.marker_key

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlReading]:
        """:raises Unavailable: when the database is held by others for too long, or out of order."""
        with trouble_is_told(self._pools.path):
            async with self._pools.reader.begin() as connection:
                yield SqlReading(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlWriting]:
        """:raises Unavailable: when the database is held by others for too long, full, or out of order."""
        with trouble_is_told(self._pools.path):
            async with self._pools.writer.begin() as connection:
                yield SqlWriting(connection)

    async def close(self) -> None:
        await self._pools.close()


async def open_store(url: str) -> SqlStore:
    """:raises LakesailError: says what is wrong with the database and what to do."""
    return SqlStore(*await open_pools(url))


def _matching(which: SessionFilter) -> list[sa.ColumnElement[bool]]:
    wanted = {"team_id": which.team_id, "endpoint_type": which.endpoint_type, "status": which.status}
    conditions = [session.c[name] == value for name, value in wanted.items() if value is not None]
    if which.visible_to is not None:
        conditions.append(session.c.member_id == which.visible_to)
    return conditions


def _newest_first(query: sa.Select[Any], table: sa.Table, after: PageKey | None) -> sa.Select[Any]:
    key = sa.tuple_(table.c.created_at, table.c.id)
    if after is not None:
        last = (after.created_at, after.id)
        query = query.where(key < sa.tuple_(*last, types=[column.type for column in key.clauses]))
    return query.order_by(table.c.created_at.desc(), table.c.id.desc())


def _session_changes(move: SessionMove) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": move.to, "updated_at": move.at, "status_message": move.message}
    if move.to == "active":
        at = sa.literal(move.at, session.c.last_activity_at.type)
        since = sa.func.coalesce(session.c.active_since, at)
        latest = sa.case((session.c.last_activity_at < at, at), else_=session.c.last_activity_at)
        return {**changes, "active_since": since, "idle_since": None, "last_activity_at": latest}
    if move.to == "idle":
        return {**changes, "idle_since": move.at}
    return {**changes, "closed_at": move.at, "termination_reason": move.reason}


def _workload_changes(move: WorkloadMove) -> dict[str, Any]:
    changes: dict[str, Any] = {"infra_status": move.to, "updated_at": move.at, "status_message": move.message}
    if move.to == "ready":
        changes |= {"provisioned_at": move.at, "address": move.address}
    if move.to in {"stopped", "failed"}:
        changes |= {"cleaned_at": move.at, "target": "stopped"}
    return changes
