"""The loop that moves each workload's status towards its target, and each session along as time passes.

A pass reads what is due and begins what is to be done; it awaits nothing slow. Starting, stopping, cleaning up, looking
and telling of ends are tasks of their own. Each row is handled apart: what fails is tried again with backoff, and keeps
nobody else from going on. A lost hint costs a second, never a session.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from ...clock import Clock
from ...errors import LakesailError
from ...feed import Route
from ..apps_port import Apps
from ..environments import Environments
from ..ports import Backend, Kernels, Owners, SessionProxy
from ..records import SessionRecord, WorkloadRecord
from ..rules.lifecycle import SessionMove
from ..settings import Settings
from ..store_port import Store
from .apps import AppKeeping
from .ending import Ending
from .inspection import Inspection
from .neighbours import SILENCE, Neighbours
from .resting import Resting
from .retries import Retries
from .routing import Routing
from .steps import Steps, next_step
from .timekeeping import Timekeeper
from .usage import Usage
from .work import Work

PASS_SECONDS = 1.0
INSPECTION_SECONDS = 10.0
"""How often every workload is looked at; hints of backends and session proxies come much sooner."""
TROUBLE_SECONDS = 30.0
"""The longest pause after passes that could not even read."""

log = logging.getLogger(__name__)


class Reconciler:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        environments: Environments,
        proxy: SessionProxy,
        owners: Owners,
        kernels: Kernels,
        usage: Usage,
        clock: Clock,
        settings: Settings,
        apps: Apps | None = None,
    ) -> None:
        self._store = store
        self._apps = apps
        self._backends = backends
        self._owners = owners
        self._clock = clock
        self._woken = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._retries = Retries(clock)
        self._work = Work(self._retries, self.wake)
        self.routing = Routing(store, proxy, owners, settings.limits.spark_sessions_per_session)
        self._ending = Ending(store, self.routing, owners, usage, clock, apps)
        self._steps = Steps(
            store=store,
            backends=backends,
            environments=environments,
            ending=self._ending,
            routing=self.routing,
            clock=clock,
            settings=settings,
        )
        self._inspection = Inspection(store=store, backends=backends, owners=owners, ending=self._ending)
        self._resting = Resting(store, backends, clock)
        self._neighbours = Neighbours(store, owners)
        self._timekeeper = Timekeeper(
            store=store, owners=owners, kernels=kernels, usage=usage, work=self._work, clock=clock, end=self.end
        )
        self._app_keeping: AppKeeping | None = None
        if apps is not None:
            self._app_keeping = AppKeeping(
                apps=apps,
                store=store,
                owners=owners,
                environments=environments,
                usage=usage,
                work=self._work,
                clock=clock,
                settings=settings,
                end=self.end,
            )
        self._inspected_at = self._passed_at = clock.monotonic()

    async def start(self) -> None:
        """Take over what dead control planes left, then run until :meth:`close`."""
        await self._neighbours.begin(self._clock.now())
        await self.take_over_orphans()
        self._running = [asyncio.create_task(self._loop())]
        self._running += [asyncio.create_task(self._watch(backend)) for backend in self._backends.values()]
        if self._app_keeping is not None:
            self._running.append(asyncio.create_task(self._app_keeping.watch(self.wake)))

    @property
    def at_hand(self) -> frozenset[str]:
        """The sessions and workloads that are being worked on."""
        return self._work.at_hand

    def wake(self) -> None:
        """Make the next pass now."""
        self._woken.set()

    async def routes(self) -> list[Route]:
        """The routes of all sessions whose workloads are this control plane's, for a session proxy that begins."""
        return await self.routing.live()

    async def end_session(self, session_id: str, move: SessionMove) -> None:
        """Close or fail a session; return when the proxy lets nothing of it pass. Ending it again changes nothing."""
        await self.end(session_id, lambda _: move)

    async def end(self, session_id: str, decide: Callable[[SessionRecord], SessionMove | None]) -> None:
        """End a session as is decided in the transaction that ends it."""
        ended = await self._ending.session(session_id, decide)
        if ended is not None:
            self.wake()
            await self._ending.tell([ended])

    async def look_at(self, workload_id: str) -> None:
        """See whether a workload still runs; if it does not, its sessions fail with what became of it."""
        await self._inspection.look_at(workload_id)
        self.wake()

    async def close(self) -> None:
        """End this control plane's sessions and workloads that cannot outlive it."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._work.close()
        async with self._store.reading() as view:
            left = await view.unfinished_workloads(self._owners.mine)
            left += await view.uncleaned_workloads(self._owners.mine)
        ends = [self._end_with_us(row) for row in left if self._dies_with_us(row)]
        await asyncio.gather(*ends, *(() if self._apps is None else (self._apps.close(),)))

    # One pass

    async def _loop(self) -> None:
        pause = PASS_SECONDS
        while True:
            self._woken.clear()  # before the pass: who calls meanwhile may have come too late for it
            try:
                await self.reconcile()
                pause = PASS_SECONDS
            except Exception as error:
                pause = min(2 * pause, TROUBLE_SECONDS)
                trace = None if isinstance(error, LakesailError) else error
                log.warning("reconciler: a pass failed: %s; the next one is in %.0f s", error, pause, exc_info=trace)
                await asyncio.sleep(pause)
                continue
            with contextlib.suppress(TimeoutError):  # asyncio.wait_for may swallow the cancellation that closes us
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def reconcile(self) -> None:
        """One pass over what is due."""
        now, began = self._clock.now(), self._clock.monotonic()
        away = began - self._passed_at > SILENCE.total_seconds() / 2
        self._passed_at = began
        await self._timekeeper.pass_time(now)
        await self._take_steps(now)
        if self._app_keeping is not None:
            await self._work.attempt("keep", "apps", functools.partial(self._app_keeping.keep, now))
        await self._work.attempt("report", "life", functools.partial(self._neighbours.say_that_we_live, now))
        await self._work.attempt("tell of", "ends", self._tell_of_ends)
        await self._work.attempt("tell", "routes", self.routing.tell_again)
        if away or began >= self._inspected_at + INSPECTION_SECONDS:
            self._inspected_at = began
            self._inspect()
            await self._work.attempt("take over", "orphans", self.take_over_orphans)
        self._timekeeper.pass_ended(now, self._clock.monotonic() - began)

    async def _take_steps(self, now: datetime) -> None:
        at_work = self._work.at_hand  # before the rows are read: a step that ends meanwhile has changed its row
        async with self._store.reading() as view:
            rows = await view.workloads_to_step(self._owners.mine)
        self._resting.remember_only(rows)
        for workload in rows:
            await self._work.attempt(
                "step",
                workload.id,
                functools.partial(self._take_step, workload, now, at_work=workload.id in at_work),
            )

    async def _take_step(self, workload: WorkloadRecord, now: datetime, *, at_work: bool) -> None:
        backend = self._backends.get(workload.cluster_id)
        if backend is None and workload.infra_status in {"requested", "starting"}:
            why = f"cluster {workload.cluster_id} is not in this server's settings"
            self._work.begin("end", workload.id, functools.partial(self._steps.refuse, workload, why))
            return
        step = next_step(
            workload,
            at_work=at_work or self._work.kind_of(workload.id) is not None,
            linger_seconds=0 if backend is None else backend.linger_seconds,
            survives_restart=backend is not None and backend.survives_restart,
            now=now,
        )
        if step == "retire":
            await self._steps.retire(workload)
            self.wake()
        elif step == "start":
            self._work.begin("start", workload.id, functools.partial(self._steps.start, workload))
        elif step == "break off":
            self._work.begin("end", workload.id, functools.partial(self._steps.break_off, workload))
        elif step == "stop":
            if self._work.kind_of(workload.id) == "start":
                self._work.cancel(workload.id)  # the next pass stops it, once its task has ended
            self._work.begin("stop", workload.id, functools.partial(self._steps.stop, workload))
        elif step == "clean up":
            self._work.begin("clean up", workload.id, functools.partial(self._steps.clean_up, workload))
        elif self._resting.due(workload):
            self._work.begin("look", workload.id, functools.partial(self._resting.look, workload))

    def _inspect(self) -> None:
        for cluster_id in self._backends:
            self._work.begin("inspect", f"cluster {cluster_id}", functools.partial(self._inspect_cluster, cluster_id))

    async def _inspect_cluster(self, cluster_id: str) -> None:
        await self._inspection.look_at_all(cluster_id)
        for workload_id in await self._inspection.lost(cluster_id):
            log.warning("reconciler: workload %s was taken over by another control plane; stopping it", workload_id)
            self._work.begin("drop", workload_id, functools.partial(self._inspection.drop, cluster_id, workload_id))

    # Others' doings

    async def take_over_orphans(self) -> None:
        """Adopt or fail what control planes left that ended without a word."""
        async with self._store.reading() as view:
            theirs = await view.others_workloads(self._owners.mine)
            dead = await self._neighbours.dead_among(view, theirs, self._clock.now())
        for workload in theirs:
            if workload.owner in dead:
                await self._work.attempt("take over", workload.id, functools.partial(self._take_over, workload))
        if dead:
            self.wake()

    async def _take_over(self, workload: WorkloadRecord) -> None:
        backend = self._backends.get(workload.cluster_id)
        if workload.infra_status in _OVER or (backend is not None and backend.survives_restart):
            async with self._store.writing() as unit:
                adopted = await unit.adopt_workload(workload.id, workload.owner, self._owners.mine)
            if adopted and workload.infra_status not in _OVER:
                await self.routing.publish_sessions_of(workload)
            return
        ended = await self._ending.workload(workload, "server_stopped", _WITH_ITS_SERVER, inherited=True)
        await self._ending.tell(ended)

    async def _tell_of_ends(self) -> None:
        """Another control plane on this database may have ended a session that runs here."""
        ended, last = await self._neighbours.endings(self.routing.concerns)
        await asyncio.gather(*(self.routing.publish(session, workload) for session, workload in ended))
        self._neighbours.remember(last)  # not before: what could not be told is told by the next pass

    async def _end_with_us(self, workload: WorkloadRecord) -> None:
        """What goes wrong with one workload keeps no other from its end; the next control plane does the rest."""
        try:
            await self._ending.tell(await self._ending.workload(workload, "server_stopped", _WITH_ITS_SERVER))
            async with self._store.reading() as view:
                left = await view.workload(workload.id)
            if left is not None and left.cleaned_at is None:
                await self._steps.clean_up(left)
        except Exception as error:
            log.warning("reconciler: workload %s did not end in order: %s", workload.id, error)

    def _dies_with_us(self, workload: WorkloadRecord) -> bool:
        backend = self._backends.get(workload.cluster_id)
        return backend is None or not backend.survives_restart

    async def _watch(self, backend: Backend) -> None:
        async for workload_id in backend.watch():
            try:
                await self.look_at(workload_id)
            except Exception as error:
                log.warning("reconciler: workload %s could not be looked at: %s; a later pass does", workload_id, error)


_OVER = frozenset({"stopped", "failed"})
_WITH_ITS_SERVER = "ended with the server that it ran on"
