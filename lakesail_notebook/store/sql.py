"""The store: open one with :func:`open_store`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncTransaction

from ..workloads.logins import tell_logins
from ..workloads.ports import Audit
from .encryption import Cipher, NoCipher, RecordEncryption
from .news import SqlNews
from .pools import DatabaseIdentity, Pools, open_pools, trouble_is_told
from .reading import SqlReading
from .writing import SqlWriting


class SqlStore:
    """Open one with :func:`open_store`."""

    def __init__(
        self, pools: Pools, identity: DatabaseIdentity, audit: Audit | None, encryption: RecordEncryption
    ) -> None:
        self._pools = pools
        self._news = SqlNews(pools)
        self._audit = audit
        self._encryption = encryption
        self.issuer = identity.issuer
        self.marker_key = identity.marker_key

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlReading]:
        """:raises Unavailable: when the database is held by others for too long, or out of order."""
        with trouble_is_told(self._pools.path):
            async with self._pools.reader.begin() as connection:
                yield SqlReading(connection, self._encryption)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlWriting]:
        """:raises Unavailable: when the database is held by others for too long, full, or out of order."""
        with trouble_is_told(self._pools.path):
            async with self._pools.writer.connect() as connection, connection.begin() as transaction:
                unit = SqlWriting(connection, self._encryption)
                yield unit
                if self._audit is not None:
                    people = [person for event in unit.written for person in (event.by, event.caller_id)]
                    await tell_logins(self._audit, unit, people)
                await to_its_end(self._commit(transaction, unit))

    def listening(self) -> AbstractContextManager[SqlNews]:
        """Word of new events, by whichever process, for the length of a ``with`` block."""
        return self._news.listening()

    async def close(self) -> None:
        await self._news.close()
        await self._pools.close()

    async def _commit(self, transaction: AsyncTransaction, unit: SqlWriting) -> None:
        await transaction.commit()
        self._tell(unit)

    def _tell(self, committed: SqlWriting) -> None:
        for event in committed.written:
            self._news.tell(event.sequence)
            if self._audit is not None and event.kind == "move":
                self._audit.moved(event, event.by)


async def to_its_end(step: Coroutine[Any, Any, None]) -> None:
    """Run a step that a cancellation of this task must not divide; the cancellation is raised after it."""
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and task.exception() is None:
        raise cancelled
    task.result()


async def open_store(url: str, audit: Audit | None = None, *, cipher: Cipher | None = None) -> SqlStore:
    """
    :param audit: told of each move that is written here, once it is committed.
    :param cipher: of the ``extraEnv`` values of configs; without one, they can be neither read nor written.
    :raises LakesailError: says what is wrong with the database and what to do.
    """
    pools, identity = await open_pools(url, cipher)
    return SqlStore(pools, identity, audit, RecordEncryption(cipher or NoCipher()))
