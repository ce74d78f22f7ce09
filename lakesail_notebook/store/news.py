"""Word of new events: at once of this process's own, within a second of other processes'."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ..errors import Unavailable
from .pools import Pools, trouble_is_told
from .schema import event

POLL_SECONDS = 1.0

log = logging.getLogger(__name__)


class SqlNews:
    """The newest event that this process knows of, and waiting for the next one.

    Other processes' commits are looked for by one task, and only while somebody listens.
    """

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._newest = 0
        self._came = asyncio.Event()
        self._listeners = 0
        self._watching: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @contextmanager
    def listening(self) -> Iterator[SqlNews]:
        self._listeners += 1
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._stop_watching()

    async def later_than(self, sequence: int) -> None:
        """Return when there is an event after that one.

        :raises Unavailable: when the store closes.
        """
        while self._newest <= sequence:
            if self._closed:
                raise Unavailable("The control plane is stopping; ask again when it is back.", reason="stopping")
            await self._came.wait()

    def tell(self, sequence: int) -> None:
        """An event of that number is committed."""
        if sequence > self._newest:
            self._newest = sequence
            self._wake()

    async def close(self) -> None:
        """End all waiting."""
        self._closed = True
        self._stop_watching()
        self._wake()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _wake(self) -> None:
        self._came.set()
        self._came = asyncio.Event()

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._ending.add(self._watching)
            self._watching.add_done_callback(self._ending.discard)
            self._watching = None

    async def _watch(self) -> None:
        while True:
            try:
                await self._look_for_commits()
            except Unavailable as error:
                log.warning("Events of other processes come late: %s", error.message)
                await asyncio.sleep(error.retry_after_seconds or POLL_SECONDS)

    async def _look_for_commits(self) -> None:
        """SQLite changes ``data_version`` on a connection when another one has committed something."""
        seen = None
        with trouble_is_told(self._pools.path):
            async with self._pools.reader.connect() as connection:
                while True:
                    async with connection.begin():
                        version = await connection.scalar(sa.text("PRAGMA data_version"))
                        if version != seen:
                            self.tell(int(await connection.scalar(sa.select(sa.func.max(event.c.sequence))) or 0))
                            seen = version
                    await asyncio.sleep(POLL_SECONDS)
