"""Ways to use a store in a test: from here, and from several processes at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from lakesail_notebook.encryption import ValueCipher
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.store.sql import SqlStore, open_store

T = TypeVar("T")

CIPHER = ValueCipher([b"k" * 32])
PROCESSES = 4
_PATIENCE_SECONDS = 60
_start: Any = None


def in_store(url: str, work: Callable[[SqlStore], Awaitable[T]], cipher: ValueCipher = CIPHER) -> T:
    """What ``work`` makes of an open store."""

    async def main() -> T:
        store = await patiently(lambda: open_store(url, cipher=cipher))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while others hold the database for longer than SQLite waits, as whoever is told so does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except Unavailable:
            if time.monotonic() > deadline:
                raise


class Processes:
    """Some processes that use one database at once; made once, since each takes a second to begin."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(PROCESSES)
        self._pool = ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_join, initargs=(start,))

    def all(self, work: Callable[[str, int], T], url: str) -> list[T]:
        """What each of them makes of the database, when they begin at the same moment.

        :param work: a function of a module, called with the URL and the process's number.
        """
        running = [self._pool.submit(_begin_together, work, url, number) for number in range(PROCESSES)]
        return [process.result(_PATIENCE_SECONDS) for process in running]

    def one(self, work: Callable[[str, int], T], url: str) -> T:
        """What one of them makes of the database."""
        return self._pool.submit(work, url, 0).result(_PATIENCE_SECONDS)

    def close(self) -> None:
        self._pool.shutdown()


def _join(start: Any) -> None:
    global _start
    _start = start


def _begin_together(work: Callable[[str, int], T], url: str, number: int) -> T:
    _start.wait(_PATIENCE_SECONDS)
    return work(url, number)
