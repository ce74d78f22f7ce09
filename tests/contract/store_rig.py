"""Ways to use a store in a test: from here, and from several processes at once."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from lakesail_notebook.store.sql import SqlStore, open_store

T = TypeVar("T")

PROCESSES = 4
_PATIENCE_SECONDS = 60
_start: Any = None


def in_store(url: str, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """What ``work`` makes of an open store."""

    async def main() -> T:
        store = await open_store(url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


def in_processes(work: Callable[[str, int], T], url: str) -> list[T]:
    """What several processes, that begin at the same moment, make of one database.

    :param work: a function of a module, called with the URL and the process's number.
    """
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_join, initargs=(start,)) as pool:
        running = [pool.submit(_begin_together, work, url, number) for number in range(PROCESSES)]
        return [process.result(_PATIENCE_SECONDS) for process in running]


def _join(start: Any) -> None:
    global _start
    _start = start


def _begin_together(work: Callable[[str, int], T], url: str, number: int) -> T:
    _start.wait(_PATIENCE_SECONDS)
    return work(url, number)
