"""Starts of engines, and engines that wait, in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ..workloads.records import Owner
from . import reuse
from .schema import session, workload, workload_config


class StartReading:
    """The part of a view that is about starts."""

    _connection: AsyncConnection

    async def starts(self, config_ids: Collection[str], *, latest: int) -> dict[str, list[timedelta]]:
        rank = sa.func.row_number().over(partition_by=workload.c.config_id, order_by=workload.c.created_at.desc())
        started = (workload.c.config_id.in_(config_ids), workload.c.provisioned_at.is_not(None))
        ranked = sa.select(*_START, rank.label("rank")).where(*started).subquery()
        rows = await self._connection.execute(sa.select(ranked).where(ranked.c.rank <= latest).order_by(ranked.c.rank))
        found: dict[str, list[timedelta]] = {}
        for row in rows:
            found.setdefault(row.config_id, []).append(row.provisioned_at - row.created_at)
        return found

    async def anonymous_starts(self, created_by: str, *, latest: int) -> list[timedelta]:
        anonymous = sa.select(workload_config.c.id).where(workload_config.c.name.is_(None))
        own = (workload.c.created_by == created_by, workload.c.config_id.in_(anonymous))
        started = sa.select(*_START).where(*own, workload.c.provisioned_at.is_not(None))
        rows = await self._connection.execute(started.order_by(workload.c.created_at.desc()).limit(latest))
        return [row.provisioned_at - row.created_at for row in rows]

    async def waiting_keys(self, reuse_keys: Collection[str], owner: Owner) -> frozenset[str]:
        rows = await self._connection.execute(reuse.waiting(reuse_keys, owner))
        return frozenset(row.reuse_key for row in rows)

    async def newest_session_id_of_kernel(self, caller_id: str, kernel_id: str) -> str | None:
        made = (session.c.caller_id == caller_id, session.c.kernel_id == kernel_id)
        newest = sa.select(session.c.id).where(*made).order_by(session.c.created_at.desc(), session.c.id.desc())
        found: str | None = await self._connection.scalar(newest.limit(1))
        return found


_START = (workload.c.config_id, workload.c.created_at, workload.c.provisioned_at)
