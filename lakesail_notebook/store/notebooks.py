"""Notebooks in SQL: who is where, and whose sessions they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ..models import NOTEBOOK_KEY
from ..workloads.records import NotebookRecord
from .schema import notebook, session

_THERE = notebook.c.left_at.is_(None)


class NotebookReading:
    """The part of a view that is about notebooks."""

    _connection: AsyncConnection

    async def notebook(self, notebook_id: str) -> NotebookRecord | None:
        found = await self._notebooks(notebook.c.id == notebook_id)
        return next(iter(found), None)

    async def notebooks_by_id(self, notebook_ids: Collection[str]) -> list[NotebookRecord]:
        return await self._notebooks(notebook.c.id.in_(notebook_ids))

    async def notebook_at(self, server: str, path: str) -> NotebookRecord | None:
        found = await self._notebooks(notebook.c.server == server, notebook.c.path == path, _THERE)
        return next(iter(found), None)

    async def notebooks_below(self, server: str, path: str) -> list[NotebookRecord]:
        below = sa.func.substr(notebook.c.path, 1, len(path) + 1) == f"{path}/"
        return await self._notebooks(notebook.c.server == server, _THERE, sa.or_(notebook.c.path == path, below))

    async def notebooks_of_file(self, server: str, file: str) -> list[NotebookRecord]:
        return await self._notebooks(notebook.c.server == server, notebook.c.file == file)

    async def has_session_of_notebook(self, caller_id: str, notebook_id: str) -> bool:
        own = sa.exists().where(session.c.notebook_id == notebook_id, session.c.caller_id == caller_id)
        return bool(await self._connection.scalar(sa.select(own)))

    async def _notebooks(self, *which: sa.ColumnElement[bool]) -> list[NotebookRecord]:
        there_first = sa.select(notebook).where(*which).order_by(_THERE.desc(), notebook.c.updated_at.desc())
        rows = (await self._connection.execute(there_first)).mappings()
        return [NotebookRecord(**row) for row in rows]


class NotebookWriting(NotebookReading):
    """The part of a transaction that is about notebooks."""

    async def put_notebook(self, record: NotebookRecord) -> None:
        values: dict[str, Any] = asdict(record)
        changed = sa.update(notebook).where(notebook.c.id == record.id).values(**values)
        if not (await self._connection.execute(changed)).rowcount:
            await self._connection.execute(sa.insert(notebook).values(**values))
        await self._name_in_sessions(record)

    async def _name_in_sessions(self, record: NotebookRecord) -> None:
        of_notebook = sa.select(session.c.id, session.c.metadata).where(session.c.notebook_id == record.id)
        for session_id, metadata in (await self._connection.execute(of_notebook)).all():
            named = metadata | {NOTEBOOK_KEY: record.shown_path}
            if named != metadata:
                await self._connection.execute(
                    sa.update(session).where(session.c.id == session_id).values(metadata=named)
                )
