"""Spark session ids in SQL: whose each is, and which are dead."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from .schema import spark_session


class SparkSessionWriting:
    """The part of a transaction that is about Spark sessions."""

    _connection: AsyncConnection

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
