"""The loop that moves each workload's status towards its target, and each session along what time asks of it.

Level-triggered: every pass looks at all rows of this control plane, so a lost hint costs a second, never a session.
What takes long (starting, stopping) runs in one task per workload.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Literal

from ...clock import Clock, in_words
from ...errors import LakesailError
from ...feed import Route
from ..ports import Backend, Kernels, Owners, SessionProxy, Store
from ..records import SessionRecord, TerminationReason, WorkloadRecord
from ..rules import lifecycle
from ..rules.lifecycle import SessionMove, WorkloadMove
from ..rules.routes import route_of
from ..settings import Settings
from .neighbours import Neighbours
from .timekeeping import Timekeeper
from .usage import Usage

PASS_SECONDS = 1.0
INSPECTION_SECONDS = 10.0
"""How often every workload is looked at; hints of backends and session proxies come much sooner."""
Step = Literal["start", "stop", "retire"]

log = logging.getLogger(__name__)


def next_step(workload: WorkloadRecord, linger_seconds: int, now: datetime) -> Step | None:
    """Which one step brings a workload nearer to its target. Pure."""
    if workload.infra_status not in lifecycle.UNFINISHED:
        return None
    if workload.target == "stopped":
        return "stop"
    if lifecycle.linger_over(workload, linger_seconds, now):
        return "retire"
    return "start" if workload.infra_status == "requested" else None


class Reconciler:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        proxy: SessionProxy,
        owners: Owners,
        kernels: Kernels,
        usage: Usage,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._backends = backends
        self._proxy = proxy
        self._owners = owners
        self._usage = usage
        self._clock = clock
        self._settings = settings
        self._woken = asyncio.Event()
        self._tasks: dict[str, tuple[Step, asyncio.Task[None]]] = {}
        self._running: list[asyncio.Task[None]] = []
        self._neighbours = Neighbours(store, owners)
        self._inspected_at = clock.monotonic()
        self._timekeeper = Timekeeper(store, kernels, usage, clock.now())

    async def start(self) -> None:
        """Take over what dead control planes left, then run until :meth:`close`."""
        await self._neighbours.begin(self._clock.now())
        await self.take_over_orphans()
        self._running = [asyncio.create_task(self._loop())]
        self._running += [asyncio.create_task(self._watch(backend)) for backend in self._backends.values()]

    def wake(self) -> None:
        """Look at everything now."""
        self._woken.set()

    async def routes(self) -> list[Route]:
        """The routes of all sessions whose workloads are this control plane's, for a session proxy that begins."""
        async with self._store.reading() as view:
            mine = [row for row in await view.unfinished_workloads() if row.owner == self._owners.mine]
            workloads = {row.id: row for row in mine}
            sessions = await view.live_sessions(workloads.keys())
        return [self._route(session, workloads[session.workload_id]) for session in sessions]

    async def end_session(self, session_id: str, move: SessionMove) -> None:
        """Close or fail a session; return when the proxy lets nothing of it pass. Ending it again changes nothing."""
        await self._end(session_id, lambda _: move)

    async def _end(self, session_id: str, decide: Callable[[SessionRecord], SessionMove | None]) -> None:
        async with self._store.writing() as unit:
            stored = await unit.session(session_id)
            move = None if stored is None else decide(stored)
            session = None if move is None else await unit.move_session(session_id, move)
            if session is None or move is None:
                return
            await unit.free_workload(session.workload_id, move.at)
            workload = await unit.workload(session.workload_id)
        self._usage.forget(session_id)
        self.wake()
        if workload is not None:
            await self._proxy.publish(self._route(session, workload))

    async def look_at(self, workload_id: str) -> None:
        """See whether a workload still runs; if it does not, its sessions fail with what became of it."""
        async with self._store.reading() as view:
            workload = await view.workload(workload_id)
        if workload is None or workload.infra_status not in {"starting", "ready"} or workload.handle is None:
            return
        seen = await self._backends[workload.cluster_id].inspect({workload_id: workload.handle})
        observation = seen.get(workload_id)
        if observation is not None and observation.phase == "gone" and workload.infra_status == "ready":
            what = f"failed: {observation.message or 'its engine is gone'}"
            await self._fail(workload, "engine_crashed", what)

    async def close(self) -> None:
        """End this control plane's sessions and workloads that cannot outlive it."""
        tasks = [*self._running, *(task for _, task in self._tasks.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self._store.reading() as view:
            left = await view.unfinished_workloads()
        ending = [workload for workload in left if self._dies_with_us(workload)]
        what = "ended with the server that it ran on"
        await asyncio.gather(*(self._fail(workload, "server_stopped", what) for workload in ending))

    # One pass

    async def _loop(self) -> None:
        while True:
            self._woken.clear()  # before the pass: who calls meanwhile may have come too late for it
            try:
                await self.reconcile()
            except LakesailError as error:
                log.warning("reconciler: %s", error.message)
            except Exception:
                log.exception("reconciler: a pass failed; the next one is in %s s", PASS_SECONDS)
            with contextlib.suppress(TimeoutError):  # asyncio.wait_for may swallow the cancellation that closes us
                async with asyncio.timeout(PASS_SECONDS):
                    await self._woken.wait()

    async def reconcile(self) -> None:
        """One pass: every workload and session of this control plane is looked at once."""
        now, began = self._clock.now(), self._clock.monotonic()
        async with self._store.reading() as view:
            unfinished = await view.unfinished_workloads()
            mine = [row for row in unfinished if row.owner == self._owners.mine]
            sessions = await view.live_sessions([row.id for row in mine])
        for session_id in await self._timekeeper.pass_time(sessions, now):
            # Looked at once more where it is written: somebody may have used it, or asked for more time, meanwhile.
            await self._end(session_id, lambda session: self._timekeeper.end_of(session, self._clock.now()))
        for workload in mine:
            await self._take_step(workload, now)
        await self._neighbours.say_that_we_live(now)
        await self._publish_endings()
        await self._inspect(mine)
        if len(mine) < len(unfinished):
            await self.take_over_orphans()
        self._timekeeper.pass_ended(now, self._clock.monotonic() - began)

    async def _inspect(self, mine: list[WorkloadRecord]) -> None:
        if self._clock.monotonic() < self._inspected_at + INSPECTION_SECONDS:
            return
        self._inspected_at = self._clock.monotonic()
        for workload in mine:
            await self.look_at(workload.id)
        async with self._store.reading() as view:
            uncleaned = await view.uncleaned_workloads()
        for workload in uncleaned:
            if workload.owner == self._owners.mine:
                await self._clean_up(workload)

    async def _take_step(self, workload: WorkloadRecord, now: datetime) -> None:
        if workload.infra_status == "starting" and workload.id not in self._tasks:
            await self._fail(workload, "start_failed", "could not start: its start was broken off")
            return
        step = next_step(workload, self._backends[workload.cluster_id].linger_seconds, now)
        if step == "retire":
            async with self._store.writing() as unit:
                await unit.retire_workload(workload.id, now)
            self.wake()
        elif step == "start":
            self._begin(workload.id, "start", self._start_workload(workload))
        elif step == "stop":
            await self._cancel_start(workload.id)
            self._begin(workload.id, "stop", self._stop_workload(workload.id))

    def _begin(self, workload_id: str, step: Step, work: Coroutine[None, None, None]) -> None:
        if workload_id in self._tasks:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks[workload_id] = (step, task)
        task.add_done_callback(lambda _: self._finished(workload_id))

    def _finished(self, workload_id: str) -> None:
        _, task = self._tasks.pop(workload_id)
        if not task.cancelled() and task.exception() is not None:
            log.error("reconciler: workload %s", workload_id, exc_info=task.exception())
        self.wake()

    async def _cancel_start(self, workload_id: str) -> None:
        step, task = self._tasks.get(workload_id, (None, None))
        if step == "start" and task is not None:
            task.cancel()
            await asyncio.wait([task])
            await asyncio.sleep(0)  # let its done-callback free the place

    # Steps

    async def _start_workload(self, workload: WorkloadRecord) -> None:
        async with self._store.writing() as unit:
            starting = WorkloadMove(to="starting", at=self._clock.now(), message="The engine is starting.")
            if await unit.move_workload(workload.id, starting) is None:
                return
        remaining = (workload.start_deadline - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(max(0.0, remaining)):
                await self._provision(workload)
        except LakesailError as error:
            log.warning("reconciler: workload %s could not start: %s", workload.id, error.message)
            # Its owner reads this; where that is not whoever runs the server, without the server's paths.
            said = error.message if self._settings.single_user else error.message_without_paths
            await self._fail(workload, "start_failed", f"could not start: {said.rstrip('.')}")
        except TimeoutError:
            waited = in_words(self._settings.limits.start_timeout_seconds)
            cure = "start_timeout_seconds of c.LakesailApp.limits allows more, as libraries may need"
            await self._fail(workload, "start_timeout", f"could not start within {waited} ({cure})")
        except Exception:
            log.exception("reconciler: workload %s could not start", workload.id)
            await self._fail(workload, "start_failed", "could not start: a fault that the server's log has more of")

    async def _provision(self, workload: WorkloadRecord) -> None:
        async with contextlib.aclosing(self._backends[workload.cluster_id].provision(workload)) as steps:
            async for checkpoint in steps:
                async with self._store.writing() as unit:
                    await unit.set_handle(workload.id, checkpoint.handle)
                    ready = None
                    if checkpoint.address is not None:
                        move = WorkloadMove(
                            to="ready", at=self._clock.now(), message=checkpoint.message, address=checkpoint.address
                        )
                        ready = await unit.move_workload(workload.id, move)
                if ready is not None:
                    await self._publish_sessions_of(ready)

    async def _stop_workload(self, workload_id: str) -> None:
        async with self._store.writing() as unit:
            workload = await unit.move_workload(workload_id, WorkloadMove(to="stopping", at=self._clock.now()))
            workload = workload or await unit.workload(workload_id)
        if workload is None:
            return
        await self._terminate(workload)
        async with self._store.writing() as unit:
            await unit.move_workload(workload_id, WorkloadMove(to="stopped", at=self._clock.now()))
            await unit.mark_cleaned(workload_id, self._clock.now())

    async def _terminate(self, workload: WorkloadRecord) -> None:
        if workload.handle is not None:
            await self._backends[workload.cluster_id].terminate(workload.id, workload.handle)

    async def _clean_up(self, workload: WorkloadRecord) -> None:
        """Take away what is left of a workload that failed; until that is done, the next control plane does it too."""
        await self._terminate(workload)
        async with self._store.writing() as unit:
            await unit.mark_cleaned(workload.id, self._clock.now())

    async def _fail(
        self, workload: WorkloadRecord, reason: TerminationReason, what: str, *, inherited: bool = False
    ) -> None:
        """Fail a workload and its sessions, tell the proxy, then clear away what is left of it.

        :param inherited: it is another control plane's; do nothing if a third has taken it over.
        """
        now = self._clock.now()
        ended: list[SessionRecord] = []
        async with self._store.writing() as unit:
            if inherited and not await unit.adopt_workload(workload.id, workload.owner, self._owners.mine):
                return
            failed = await unit.move_workload(workload.id, WorkloadMove(to="failed", at=now, message=f"It {what}."))
            for session in await unit.live_sessions([workload.id]):
                moved = await unit.move_session(session.id, lifecycle.ending(session.id, "failed", now, reason, what))
                ended += [] if moved is None else [moved]
        for session in ended:
            self._usage.forget(session.id)
            await self._proxy.publish(self._route(session, failed or workload))
        if failed is not None:
            await self._clean_up(failed)

    # Others' doings

    async def take_over_orphans(self) -> None:
        """Fail what control planes left that ended without a word."""
        async with self._store.reading() as view:
            unfinished = await view.unfinished_workloads()
            uncleaned = await view.uncleaned_workloads()
            dead = await self._neighbours.dead_among(view, (*unfinished, *uncleaned), self._clock.now())
        for workload in uncleaned:
            if workload.owner in dead:
                await self._clean_up(workload)
        for workload in unfinished:
            if workload.owner in dead:
                what = "ended with the server that it ran on"
                await self._fail(workload, "server_stopped", what, inherited=True)

    async def _publish_endings(self) -> None:
        """Another control plane on this database may have closed a session that runs here."""
        ended, last = await self._neighbours.endings()
        await asyncio.gather(*(self._proxy.publish(self._route(session, workload)) for session, workload in ended))
        self._neighbours.remember(last)  # not before: what could not be told is told by the next pass

    async def _publish_sessions_of(self, workload: WorkloadRecord) -> None:
        async with self._store.reading() as view:
            sessions = await view.live_sessions([workload.id])
        for session in sessions:
            await self._proxy.publish(self._route(session, workload))

    def _dies_with_us(self, workload: WorkloadRecord) -> bool:
        return workload.owner == self._owners.mine and not self._backends[workload.cluster_id].survives_restart

    def _route(self, session: SessionRecord, workload: WorkloadRecord) -> Route:
        return route_of(session, workload, self._settings.limits.spark_sessions_per_session)

    async def _watch(self, backend: Backend) -> None:
        async for workload_id in backend.watch():
            try:
                await self.look_at(workload_id)
            except Exception:
                log.exception("reconciler: workload %s could not be looked at; a later pass does", workload_id)
