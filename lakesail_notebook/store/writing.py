"""What can be changed in the store: each change of status is guarded by the statuses it may come from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ..models import LIVE_STATUSES, EventKind
from ..workloads.filters import ANYWHERE, UsedFrom
from ..workloads.records import (
    ConfigRecord,
    EventRecord,
    Handle,
    IdempotentAnswer,
    MemberRecord,
    Owner,
    QueryRecord,
    ServiceAccountRecord,
    SessionRecord,
    SessionTokens,
    WorkloadRecord,
)
from ..workloads.rules.lifecycle import SessionMove, WorkloadMove, due_at
from ..workloads.rules.session_tokens import revoked
from . import reuse
from .encryption import RecordEncryption
from .notebooks import NotebookWriting
from .reading import SESSION_COLUMNS, SqlReading
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
from .spark_sessions import SparkSessionWriting


class SqlWriting(NotebookWriting, SparkSessionWriting, SqlReading):
    """One transaction of the writer."""

    def __init__(self, connection: AsyncConnection, encryption: RecordEncryption) -> None:
        super().__init__(connection, encryption)
        self.written: list[EventRecord] = []
        """The events of this transaction."""

    async def lock_workloads(self, workload_ids: Collection[str]) -> None:
        rows = sa.select(workload.c.id).where(workload.c.id.in_(workload_ids)).order_by(workload.c.id)
        await self._connection.execute(rows.with_for_update())

    async def add_session(self, record: SessionRecord, *, by: str | None = None) -> None:
        values = {column.name: getattr(record, column.name) for column in session.c if column.name != "due_at"}
        await self._connection.execute(sa.insert(session).values(**values, due_at=due_at(record)))
        await self._note_session(record, record.created_at, new=record.status, by=by)

    async def add_workload(self, record: WorkloadRecord, *, by: str | None = None) -> None:
        await self._add(workload, record)
        await self._note_workload(record, record.created_at, new=record.infra_status, by=by)

    async def add_config(self, record: ConfigRecord) -> None:
        await self._add(workload_config, record)
        if record.name is not None:
            await self._note_config(record.id, record.team_id, record.created_at, "created", by=record.created_by)

    async def change_config(self, record: ConfigRecord, *, version: int) -> bool:
        stored = self._encryption.encrypted(record)
        values = {column.name: getattr(stored, column.name) for column in workload_config.columns}
        same = (workload_config.c.id == record.id, workload_config.c.version == version)
        changed = sa.update(workload_config).where(*same, workload_config.c.deleted_at.is_(None)).values(**values)
        done = bool((await self._connection.execute(changed)).rowcount)
        if done and record.name is not None:
            await self._note_config(record.id, record.team_id, record.updated_at, "changed", by=record.updated_by)
        return done

    async def delete_config(self, config_id: str, *, by: str, now: datetime) -> bool:
        there = (workload_config.c.id == config_id, workload_config.c.deleted_at.is_(None))
        gone = sa.update(workload_config).where(*there).values(deleted_at=now, updated_at=now, updated_by=by)
        deleted = gone.returning(workload_config.c.team_id, workload_config.c.name)
        row = (await self._connection.execute(deleted)).one_or_none()
        if row is not None and row.name is not None:
            await self._note_config(config_id, row.team_id, now, "deleted", by=by)
        return row is not None

    async def add_service_account(self, record: ServiceAccountRecord) -> None:
        await self._add(service_account, record)

    async def delete_service_account(self, account_id: str) -> bool:
        gone = sa.delete(service_account).where(service_account.c.id == account_id)
        return bool((await self._connection.execute(gone)).rowcount)

    async def touch_owner(self, owner: Owner, now: datetime) -> None:
        seen = sa.update(control_plane).where(control_plane.c.owner == owner).values(seen_at=now)
        if not (await self._connection.execute(seen)).rowcount:
            await self._connection.execute(sa.insert(control_plane).values(owner=owner, seen_at=now))

    async def add_idempotent_answer(self, caller_id: str, key: str, answer: IdempotentAnswer, now: datetime) -> None:
        row = {"caller_id": caller_id, "key": key, "fingerprint": answer.fingerprint, "session_id": answer.session_id}
        await self._connection.execute(sa.insert(idempotency).values(**row, created_at=now))

    async def delete_idempotent_answers(self, before: datetime) -> None:
        await self._connection.execute(sa.delete(idempotency).where(idempotency.c.created_at < before))

    async def extend_session(self, session_id: str, until: datetime, now: datetime) -> SessionRecord | None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        later = sa.or_(session.c.extended_until.is_(None), session.c.extended_until < until)
        await self._connection.execute(sa.update(session).where(*live, later).values(extended_until=until))
        kept = sa.update(session).where(*live).values(warned_at=None, updated_at=now).returning(*SESSION_COLUMNS)
        extended = await self._one(SessionRecord, kept)
        if extended is not None:
            await self._settle(extended)
            await self._note_session(extended, now, kind="extension")
        return extended

    async def set_tokens(self, session_id: str, tokens: SessionTokens, *, told: bool) -> SessionRecord | None:
        changes: dict[str, Any] = {"tokens": tokens}
        return await self._change_tokens(session_id, changes, told=told)

    async def revoke_tokens(self, session_id: str, now: datetime) -> SessionRecord | None:
        old = await self.session(session_id)
        tokens = revoked((old.tokens if old is not None else None) or SessionTokens())
        changes = {"tokens": tokens, "generation": session.c.generation + 1, "updated_at": now}
        return await self._change_tokens(session_id, changes, told=True)

    async def _change_tokens(self, session_id: str, changes: dict[str, Any], *, told: bool) -> SessionRecord | None:
        if told:
            changes = changes | {"tokens_changed": await self.last_token_change() + 1}
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        changed = sa.update(session).where(*live).values(**changes).returning(*SESSION_COLUMNS)
        return await self._one(SessionRecord, changed)

    async def mark_warned(self, session_id: str, message: str, now: datetime) -> bool:
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        warned = sa.update(session).where(*live).values(warned_at=now).returning(*SESSION_COLUMNS)
        record = await self._one(SessionRecord, warned)
        if record is not None:
            await self._settle(record)
            await self._note_session(record, now, kind="warning", message=message)
        return record is not None

    async def upsert_member(self, record: MemberRecord) -> None:
        seen = sa.update(member).where(member.c.id == record.id).values(name=record.name, team_ids=record.team_ids)
        if not (await self._connection.execute(seen)).rowcount:
            await self._add(member, record)

    async def move_session(self, session_id: str, move: SessionMove) -> SessionRecord | None:
        old = await self._status(session.c.status, session.c.id == session_id)
        guard = (session.c.id == session_id, session.c.status.in_(move.sources))
        statement = sa.update(session).where(*guard).values(**_session_changes(move)).returning(*SESSION_COLUMNS)
        moved = await self._one(SessionRecord, statement)
        if moved is not None:
            await self._settle(moved)
            await self._note_session(
                moved, move.at, old=old, new=move.to, reason=move.reason, message=move.message, by=move.by
            )
        return moved

    async def move_workload(self, workload_id: str, move: WorkloadMove) -> WorkloadRecord | None:
        old = await self._status(workload.c.infra_status, workload.c.id == workload_id)
        guard = (workload.c.id == workload_id, workload.c.infra_status.in_(move.sources))
        statement = sa.update(workload).where(*guard).values(**_workload_changes(move)).returning(workload)
        moved = await self._one(WorkloadRecord, statement)
        if moved is not None:
            await self._note_workload(moved, move.at, old=old, new=move.to, message=move.message)
        return moved

    async def take_freed_workload(
        self, reuse_key: str, owner: Owner, *, not_on: str | None = None
    ) -> WorkloadRecord | None:
        return await self._one(WorkloadRecord, reuse.taking(reuse_key, owner, not_on=not_on))

    async def join_shared_workload(
        self, reuse_key: str, owner: Owner, *, not_on: str | None = None, used_from: UsedFrom = ANYWHERE
    ) -> WorkloadRecord | None:
        return await self._one(WorkloadRecord, reuse.joining(reuse_key, owner, not_on=not_on, used_from=used_from))

    async def free_workload(self, workload_id: str, freed_at: datetime) -> None:
        await self._connection.execute(reuse.freeing(workload_id, freed_at))

    async def mark_rested(self, workload_id: str, freed_at: datetime, at: datetime) -> None:
        same = (workload.c.id == workload_id, workload.c.freed_at == freed_at)
        await self._connection.execute(sa.update(workload).where(*same).values(rested_at=at))

    async def note_python(self, workload_id: str, at: datetime) -> None:
        first = (workload.c.id == workload_id, workload.c.python_at.is_(None))
        await self._connection.execute(sa.update(workload).where(*first).values(python_at=at))

    async def retire_workload(self, workload_id: str, now: datetime) -> bool:
        idle = (workload.c.id == workload_id, workload.c.freed_at.is_not(None), workload.c.target == "running")
        retired = sa.update(workload).where(*idle).values(target="stopped", updated_at=now)
        return bool((await self._connection.execute(retired)).rowcount)

    async def adopt_workload(self, workload_id: str, old: Owner | None, new: Owner) -> bool:
        same_owner = workload.c.owner.is_(None) if old is None else workload.c.owner == old
        adopted = sa.update(workload).where(workload.c.id == workload_id, same_owner).values(owner=new)
        return bool((await self._connection.execute(adopted)).rowcount)

    async def mark_cleaned(self, workload_id: str, at: datetime) -> None:
        cleaned = sa.update(workload).where(workload.c.id == workload_id, workload.c.cleaned_at.is_(None))
        await self._connection.execute(cleaned.values(cleaned_at=at))

    async def set_handle(self, workload_id: str, handle: Handle) -> None:
        kept = sa.update(workload).where(workload.c.id == workload_id).values(handle=dict(handle))
        await self._connection.execute(kept)

    async def set_last_activity(self, session_id: str, at: datetime) -> None:
        older = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES), session.c.last_activity_at < at)
        await self._connection.execute(sa.update(session).where(*older).values(last_activity_at=at))

    async def set_kernel(self, session_id: str, kernel_id: str | None) -> None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        kept = sa.update(session).where(*live).values(kernel_id=kernel_id, detached_since=None)
        record = await self._one(SessionRecord, kept.returning(*SESSION_COLUMNS))
        if record is not None:
            await self._settle(record)

    async def set_detached_since(self, session_id: str, since: datetime | None) -> None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        detached = sa.update(session).where(*live).values(detached_since=since).returning(*SESSION_COLUMNS)
        record = await self._one(SessionRecord, detached)
        if record is not None:
            await self._settle(record)

    async def set_due(self, session_id: str, at: datetime) -> None:
        live = (session.c.id == session_id, session.c.status.in_(LIVE_STATUSES))
        await self._connection.execute(sa.update(session).where(*live).values(due_at=at))

    async def remove_queries(self, session_id: str, query_ids: Collection[str]) -> None:
        named = (query.c.session_id == session_id, query.c.id.in_(query_ids))
        await self._connection.execute(sa.delete(query).where(*named))

    async def upsert_queries(self, session_id: str, records: Collection[QueryRecord], *, latest: int) -> None:
        of_session = query.c.session_id == session_id
        older = sa.delete(query).where(of_session, query.c.id.in_([record.id for record in records]))
        await self._connection.execute(older)
        for record in records:
            await self._add(query, record)
        newest_first = sa.select(query.c.id).where(of_session).order_by(query.c.started_at.desc(), query.c.id.desc())
        await self._connection.execute(
            sa.delete(query).where(of_session, query.c.id.not_in(newest_first.limit(latest)))
        )

    async def _settle(self, record: SessionRecord) -> None:
        """Keep the due time of a session true to what was just written."""
        await self._connection.execute(
            sa.update(session).where(session.c.id == record.id).values(due_at=due_at(record))
        )

    async def _add(self, table: sa.Table, record: Any) -> None:
        stored = self._encryption.encrypted(record)
        values = {column.name: getattr(stored, column.name) for column in table.columns}
        await self._connection.execute(sa.insert(table).values(**values))

    async def _status(self, column: sa.Column[str], this: sa.ColumnElement[bool]) -> str | None:
        return await self._connection.scalar(sa.select(column).where(this).with_for_update())

    async def _note_session(
        self,
        record: SessionRecord,
        at: datetime,
        *,
        kind: EventKind = "move",
        old: str | None = None,
        new: str | None = None,
        reason: str | None = None,
        message: str | None = None,
        by: str | None = None,
    ) -> None:
        which = {"session_id": record.id, "workload_id": None}
        whose = {"caller_id": record.caller_id, "team_id": record.team_id}
        what = {"kind": kind, "old_status": old, "new_status": new, "reason": reason, "message": message}
        await self._note({"at": at, **which, **whose, **what, "by": by})

    async def _note_workload(
        self,
        record: WorkloadRecord,
        at: datetime,
        *,
        new: str,
        old: str | None = None,
        message: str | None = None,
        by: str | None = None,
    ) -> None:
        which = {"session_id": None, "workload_id": record.id}
        whose = {"caller_id": record.created_by, "team_id": record.team_id}
        what = {"kind": "move", "old_status": old, "new_status": new, "reason": None, "message": message}
        await self._note({"at": at, **which, **whose, **what, "by": by})

    async def _note_config(self, config_id: str, team_id: str, at: datetime, new: str, *, by: str | None) -> None:
        which = {"session_id": None, "workload_id": None, "workload_config_id": config_id}
        what = {"kind": "config", "old_status": None, "new_status": new, "reason": None, "message": None}
        await self._note({"at": at, **which, "caller_id": None, "team_id": team_id, **what, "by": by})

    async def _note(self, values: dict[str, Any]) -> None:
        noted = await self._connection.execute(sa.insert(event).values(**values))
        sequence = int(cast("sa.Row[Any]", noted.inserted_primary_key)[0])
        self.written.append(EventRecord(sequence=sequence, **values))


def _session_changes(move: SessionMove) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": move.to, "updated_at": move.at, "status_message": move.message}
    if move.to == "active":
        at = sa.literal(move.at, session.c.last_activity_at.type)
        since = sa.func.coalesce(session.c.active_since, at)
        latest = sa.case((session.c.last_activity_at < at, at), else_=session.c.last_activity_at)
        return {**changes, "active_since": since, "idle_since": None, "last_activity_at": latest}
    if move.to == "idle":
        return {**changes, "idle_since": move.at}
    said = {"closed_by": move.closed_by, "close_reason": move.close_reason}
    return {**changes, **said, "closed_at": move.at, "termination_reason": move.reason}


def _workload_changes(move: WorkloadMove) -> dict[str, Any]:
    changes: dict[str, Any] = {"infra_status": move.to, "updated_at": move.at, "status_message": move.message}
    if move.to == "ready":
        changes |= {"provisioned_at": move.at, "address": move.address}
    if move.to in {"stopped", "failed"}:
        changes |= {"target": "stopped"}
    return changes
