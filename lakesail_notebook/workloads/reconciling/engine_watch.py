"""Whether engines work on queries that were cancelled, as far as their use of the processor shows it.

An engine that is busy after a cancellation computes on. One that is at rest has stopped, if the query computed up to
its cancellation. A query that only waited (for a sleeping Python function, for a slow server) may wait on, and nobody
can tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...clock import Clock
from ..ports import Backend
from ..records import QueryRecord, WorkloadRecord
from ..rules.engine_use import BUSY_SHARE, Look, computed_until, wanted_share
from ..rules.queries import LOST_AFTER, EngineSeen

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.4, 2.0
"""Between two looks after a cancellation. It grows, since a look reads the whole table of processes."""
RUNNING_PAUSE_SECONDS = 1.0
"""Between two looks while queries run. It is short, so that a query that computed and then waited is not mixed up with
one that computed up to its cancellation."""
_KEPT_LOOKS = 6
"""At an engine while a query runs: also when it is told late of the end, it knows what was before."""
_LATEST_END = timedelta(seconds=5)
"""So long after it was heard of may a cancellation have happened, by the wall clock; more is a clock that was set."""
_REMEMBERED = 1000

Key = tuple[str, str]
"""Session and operation id."""


@dataclass(slots=True)
class _Running:
    """A query that runs."""

    heard_at: float
    """When the session proxy last spoke of it; seconds of the monotonic clock."""
    looks: list[Look] = field(default_factory=list)
    """The last ones at the engine since it was first heard of."""


@dataclass(frozen=True, slots=True)
class _Cancelled:
    """A query that was cancelled."""

    ended_at: datetime
    looks: Sequence[Look]
    """At the engine while it ran, and no other."""


@dataclass(slots=True)
class _Watch:
    """What is to be learned of an engine."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when another query was cancelled."""
    cancelled: dict[Key, _Cancelled] = field(default_factory=dict)
    """Since the last look."""
    task: asyncio.Task[None] | None = None


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
        self._watching: dict[str, _Watch] = {}
        """By workload."""
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
                cancelled = _Cancelled(query.ended_at or self._clock.now(), looks)
                self._watch_after(workload.id, key, cancelled, backend)
            self._beside_others.discard(key)
        if not running:
            del self._running[workload.id]

    def runs_on(self, query: QueryRecord) -> None:
        """The session proxy has said again that a query runs. One that it no longer speaks of is forgotten."""
        key = (query.session_id, query.id)
        for running in self._running.values():
            if key in running:
                running[key].heard_at = self._clock.monotonic()

    def was_none(self, query: QueryRecord) -> None:
        """What was told of as a query that runs is none: SQL that was only read."""
        for workload_id, running in list(self._running.items()):
            if (key := (query.session_id, query.id)) in running:
                self._forget(workload_id, [key])

    async def close(self) -> None:
        watches = [watch.task for watch in self._watching.values() if watch.task is not None]
        tasks = [*watches, *self._looking.values()]
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
                    one.looks = [*one.looks, look][-_KEPT_LOOKS:]
                await asyncio.sleep(FIRST_PAUSE_SECONDS if len(running[-1].looks) < 2 else RUNNING_PAUSE_SECONDS)
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

    def _watch_after(self, workload_id: str, key: Key, cancelled: _Cancelled, backend: Backend) -> None:
        watch = self._watching.get(workload_id)
        if watch is None:
            watch = self._watching[workload_id] = _Watch()
            watch.task = asyncio.create_task(self._watch(workload_id, watch, backend))
        watch.cancelled[key] = cancelled
        watch.news.set()

    async def _watch(self, workload_id: str, watch: _Watch, backend: Backend) -> None:
        try:
            await self._watch_until_at_rest(workload_id, watch, backend)
        finally:
            del self._watching[workload_id]  # here, so that no cancellation meets a task that will not see it

    async def _watch_until_at_rest(self, workload_id: str, watch: _Watch, backend: Backend) -> None:
        """At rest after the latest cancellation: what is known of the time before says nothing of it."""
        pause, ended_at = FIRST_PAUSE_SECONDS, self._clock.now()
        before: Look | None = None
        while True:
            cancelled, watch.cancelled = watch.cancelled, {}
            watch.news.clear()
            now = await self._look(workload_id, backend)
            if now is None:
                self._seen.pop(workload_id, None)
                return
            if cancelled:
                self._note_computed(cancelled, now)
                ended_at = min(max(one.ended_at for one in cancelled.values()), now.at + _LATEST_END)
                pause = FIRST_PAUSE_SECONDS
            elif before is not None:
                share = wanted_share(before.use, now.use, now.monotonic - before.monotonic)
                self._note(workload_id, share, before.at, now.at)
                if share < BUSY_SHARE and before.at >= ended_at and not watch.cancelled:
                    return
            before = now
            await _wait_for(watch.news, pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _look(self, workload_id: str, backend: Backend) -> Look | None:
        at, monotonic = self._clock.now(), self._clock.monotonic()
        use = await backend.engine_use(workload_id)
        return None if use is None else Look(at, monotonic, use)

    def _note_computed(self, cancelled: Mapping[Key, _Cancelled], now: Look) -> None:
        for key, one in cancelled.items():
            if computed_until(one.ended_at, one.looks, now):
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


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
