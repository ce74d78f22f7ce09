"""Whether engines work on queries that were cancelled, as far as their use of the processor shows it.

An engine that is busy after a cancellation computes on. One that is at rest has stopped, if the query computed before;
a query that only waited (for a sleeping Python function, for a slow server) may wait on, and nobody can tell.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ...clock import Clock
from ..ports import Backend
from ..records import QueryRecord, WorkloadRecord
from ..rules.engine_rest import BUSY_SHARE
from ..rules.queries import LOST_AFTER, EngineSeen

COMPUTED_SHARE = 0.3
"""Of one processor core: a query whose engine uses so much does more than wait."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.4, 2.0
"""Between two looks after a cancellation. It grows, since a look reads the whole table of processes."""
LEAST_SECONDS = 0.2
"""Between two looks that say something of the use of the processor."""
_REMEMBERED = 1000

Key = tuple[str, str]
"""Session and operation id."""


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    monotonic: float
    cpu_seconds: float


@dataclass(slots=True)
class _Running:
    """A query that runs."""

    heard_at: float
    """When the session proxy last spoke of it; seconds of the monotonic clock."""
    looks: list[_Look] = field(default_factory=list)
    """The last ones at the engine since it was first heard of."""


class EngineWatch:
    """Looks at an engine when queries on it are found to run, and from a cancellation until it is at rest."""

    def __init__(self, backends: Mapping[str, Backend], clock: Clock) -> None:
        self._backends = backends
        self._clock = clock
        self._seen: OrderedDict[str, EngineSeen] = OrderedDict()
        self._running: dict[str, dict[Key, _Running]] = {}
        """By workload."""
        self._beside_others: set[Key] = set()
        """Queries that run, and did not run alone: the engine's use of the processor says nothing of them."""
        self._computed: OrderedDict[Key, None] = OrderedDict()
        self._cancelled: dict[str, dict[Key, list[_Look]]] = {}
        """By workload: what was cancelled since the last look."""
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}

    def seen(self, workload_id: str) -> EngineSeen | None:
        """What the last look showed; ``None``: nobody looked, or nothing could be seen."""
        return self._seen.get(workload_id)

    def computed(self, query: QueryRecord) -> bool:
        """Whether a query is known to have kept the processor busy before it was cancelled."""
        return (query.session_id, query.id) in self._computed

    def heard(self, workload: WorkloadRecord, query: QueryRecord) -> None:
        """The session proxy has spoken of a query on it."""
        key, backend = (query.session_id, query.id), self._backends.get(workload.cluster_id)
        running = self._running.setdefault(workload.id, {})
        if backend is not None and query.outcome == "running" and key not in running:
            running[key] = _Running(self._clock.monotonic())
            if len(running) > 1:
                self._beside_others |= running.keys()
            if workload.id not in self._looking:
                self._looking[workload.id] = asyncio.create_task(self._look_on(workload.id, backend))
        elif query.outcome != "running":
            ended = running.pop(key, None)
            if backend is not None and query.outcome == "cancelled":
                looks = [] if ended is None or key in self._beside_others else ended.looks
                self._watch_after(workload.id, key, looks, backend)
            self._beside_others.discard(key)
        if not running:
            del self._running[workload.id]

    def runs_on(self, query: QueryRecord) -> None:
        """The session proxy has said again that a query runs. One that it no longer speaks of is forgotten."""
        key = (query.session_id, query.id)
        for running in self._running.values():
            if key in running:
                running[key].heard_at = self._clock.monotonic()

    async def close(self) -> None:
        tasks = [*self._watching.values(), *self._looking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_on(self, workload_id: str, backend: Backend) -> None:
        """While queries run on it."""
        try:
            while running := list(self._running.get(workload_id, {}).values()):
                look = await self._look(workload_id, backend)
                if look is None:
                    self._forget(workload_id, list(self._running.get(workload_id, {})))
                    return
                for one in running:
                    one.looks = [*one.looks, look][-2:]
                await asyncio.sleep(FIRST_PAUSE_SECONDS if len(running[-1].looks) < 2 else LONGEST_PAUSE_SECONDS)
                self._forget(workload_id, self._lost(workload_id))
        finally:
            del self._looking[workload_id]

    def _lost(self, workload_id: str) -> list[Key]:
        """The queries whose end nobody reports: their session proxy was killed, and no client returned."""
        since = self._clock.monotonic() - LOST_AFTER.total_seconds()
        return [key for key, one in self._running.get(workload_id, {}).items() if one.heard_at < since]

    def _forget(self, workload_id: str, keys: Sequence[Key]) -> None:
        running = self._running.get(workload_id, {})
        for key in keys:
            del running[key]
            self._beside_others.discard(key)
        if not running:
            self._running.pop(workload_id, None)

    def _watch_after(self, workload_id: str, key: Key, looks: list[_Look], backend: Backend) -> None:
        self._cancelled.setdefault(workload_id, {})[key] = looks
        if workload_id not in self._watching:
            self._watching[workload_id] = asyncio.create_task(self._watch(workload_id, backend))

    async def _watch(self, workload_id: str, backend: Backend) -> None:
        try:
            await self._watch_until_at_rest(workload_id, backend)
        finally:
            del self._watching[workload_id]  # here, so that no cancellation meets a task that will not see it
            self._cancelled.pop(workload_id, None)

    async def _watch_until_at_rest(self, workload_id: str, backend: Backend) -> None:
        pause = FIRST_PAUSE_SECONDS
        before: _Look | None = None
        while True:
            cancelled = self._cancelled.pop(workload_id, {})
            now = await self._look(workload_id, backend)
            if now is None:
                self._seen.pop(workload_id, None)
                return
            self._note_computed(cancelled, now)
            if before is not None:
                share = _share(before, now)
                self._note(workload_id, share, before.at, now.at)
                if share < BUSY_SHARE and not cancelled and workload_id not in self._cancelled:
                    return
            if cancelled:
                pause = FIRST_PAUSE_SECONDS
            before = now
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _look(self, workload_id: str, backend: Backend) -> _Look | None:
        at, monotonic = self._clock.now(), self._clock.monotonic()
        cpu_seconds = await backend.cpu_seconds(workload_id)
        return None if cpu_seconds is None else _Look(at, monotonic, cpu_seconds)

    def _note_computed(self, cancelled: Mapping[Key, list[_Look]], now: _Look) -> None:
        for key, looks in cancelled.items():
            before = [look for look in looks if now.monotonic - look.monotonic >= LEAST_SECONDS]
            if before and _share(before[-1], now) >= COMPUTED_SHARE:
                self._computed[key] = None
                if len(self._computed) > _REMEMBERED:
                    self._computed.popitem(last=False)

    def _note(self, workload_id: str, share: float, began_at: datetime, now: datetime) -> None:
        earlier = self._seen.get(workload_id)
        rest_at = began_at if share < BUSY_SHARE else earlier.rest_at if earlier is not None else None
        self._seen[workload_id] = EngineSeen(looked_at=now, busy=share >= BUSY_SHARE, rest_at=rest_at)
        self._seen.move_to_end(workload_id)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def _share(before: _Look, now: _Look) -> float:
    """Of one processor core; 0 when no time has passed."""
    seconds = now.monotonic - before.monotonic
    return (now.cpu_seconds - before.cpu_seconds) / seconds if seconds > 0 else 0.0
