"""The reconciler's work at hand: one task for each row, a bounded number at once, and a log of what failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ...errors import LakesailError
from .retries import Key, Retries

AT_ONCE = {
    **{"start": 64, "stop": 16, "clean up": 16, "drop": 16, "end": 64, "inspect": 8, "look": 8},
    **{"start app": 8, "stop app": 16, "end app": 16, "look at app": 8},
}
"""Tasks of each kind that run at the same time; further ones wait."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    kind: str
    task: asyncio.Task[None]


class Work:
    """:param when_done: called when a piece of work has ended, well or not."""

    def __init__(self, retries: Retries, when_done: Callable[[], object]) -> None:
        self._retries = retries
        self._when_done = when_done
        self._places = {kind: asyncio.Semaphore(count) for kind, count in AT_ONCE.items()}
        self._running: dict[str, _Running] = {}

    @property
    def at_hand(self) -> frozenset[str]:
        """The rows that are being worked on."""
        return frozenset(self._running)

    def begin(self, kind: str, row_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin a piece of work in a task of its own, unless the row is at hand or has to wait for its next try."""
        if row_id in self._running or not self._retries.may_try((kind, row_id)):
            return
        task = asyncio.create_task(self._run(kind, row_id, work))
        running = self._running[row_id] = _Running(kind, task)
        task.add_done_callback(lambda _: self._ended(row_id, running))

    def kind_of(self, row_id: str) -> str | None:
        """What is being done with a row."""
        running = self._running.get(row_id)
        return None if running is None else running.kind

    def cancel(self, row_id: str) -> None:
        """Break off what is being done with a row; it is at hand until its task has ended."""
        running = self._running.get(row_id)
        if running is not None:
            running.task.cancel()

    async def close(self) -> None:
        """Break everything off."""
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def attempt(self, kind: str, row_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a short piece of work at once, so that its failure is nobody else's."""
        key = (kind, row_id)
        if not self._retries.may_try(key):
            return
        try:
            await work()
        except Exception as error:
            self._failed(key, error)
        else:
            self._retries.succeeded(key)

    async def _run(self, kind: str, row_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with self._places[kind]:
            await self.attempt(kind, row_id, work)

    def _failed(self, key: Key, error: Exception) -> None:
        failure = self._retries.failed(key)
        what = f"reconciler: {key[0]} {key[1]}"
        if failure.attempts == 1 and not isinstance(error, LakesailError):
            log.error("%s failed; trying again in %.1f s", what, failure.again_in, exc_info=error)
            return
        log.warning(
            "%s failed (attempt %d): %s; trying again in %.1f s", what, failure.attempts, error, failure.again_in
        )

    def _ended(self, row_id: str, running: _Running) -> None:
        if self._running.get(row_id) is running:
            del self._running[row_id]
        self._when_done()
