"""One workload that cannot be handled keeps nobody else; what is lost is stopped; what survives is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from lakesail_notebook import feed, models
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.filters import EventFilter
from lakesail_notebook.workloads.ports import Checkpoint, Observation
from lakesail_notebook.workloads.records import Handle, WorkloadRecord
from lakesail_notebook.workloads.rules.access import plain_member
from lakesail_notebook.workloads.store_port import Writing

from .by_hand import SOMEBODY, ClockByHand, EnginesByHand, Plane, RoutesOnly

BRIEF = models.SessionConfig(idle_timeout_seconds=60, idle_close_delay_seconds=0)


class TroubledEngines(EnginesByHand):
    """Some of its workloads cannot be handled."""

    def __init__(self) -> None:
        super().__init__()
        self.troubled: set[str] = set()
        self.hang = False
        self.terminations: list[str] = []
        self.inspections: list[frozenset[str]] = []

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        self.inspections.append(frozenset(handles))
        return await super().inspect(handles)

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        self.terminations.append(workload_id)
        if workload_id in self.troubled and self.hang:
            await asyncio.Event().wait()
        if workload_id in self.troubled:
            raise RuntimeError("it cannot be stopped")
        await super().terminate(workload_id, handle)


class SurvivingEngines(EnginesByHand):
    """A backend whose engines live on when their control plane ends."""

    survives_restart = True

    def __init__(self, running: set[str]) -> None:
        super().__init__()
        self.running = running
        self.starts_hang = False

    def held(self) -> Collection[str]:
        return ()

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        if self.starts_hang:
            yield Checkpoint({"engine": workload.id})
            await asyncio.Event().wait()
        async for checkpoint in super().provision(workload):
            yield checkpoint


def on_a_plane(
    directory: Path, work: Callable[[Plane, ClockByHand], Awaitable[None]], backend: EnginesByHand | None = None
) -> None:
    async def run() -> None:
        store = await open_store(f"sqlite:///{directory / 'sessions.db'}")
        clock = ClockByHand()
        try:
            await work(Plane(store, clock, 1, backend=backend), clock)
        finally:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await store.close()

    asyncio.run(run())


async def create(plane: Plane, config: models.SessionConfig = BRIEF) -> models.Session:
    return await plane.launches.create(SOMEBODY, models.SessionCreate(config=config))


async def status(plane: Plane, session_id: str) -> models.Session:
    return await plane.sessions.describe(SOMEBODY, session_id)


async def pass_time(plane: Plane, clock: ClockByHand, seconds: int, *, step: int = 20) -> None:
    for _ in range(0, seconds, step):
        clock.advance(step)
        await plane.reconcile()


async def put_on_cluster(plane: Plane, workload_id: str, cluster_id: str) -> None:
    """As when the settings of the server have changed since."""
    async with plane.store._pools.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE workload SET cluster_id = ? WHERE id = ?", (cluster_id, workload_id))


@pytest.mark.parametrize("begun", [False, True])
def test_a_workload_of_an_unknown_cluster_keeps_no_other_session_from_its_end(tmp_path: Path, begun: bool) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        unknown, healthy = await create(plane), await create(plane)
        if begun:
            await plane.reconcile()
        await put_on_cluster(plane, unknown.workload_id or "", "GONE")
        await pass_time(plane, clock, 80)
        assert (await status(plane, healthy.id)).status == "closed"
        ended = await status(plane, unknown.id)
        assert ended.status == ("closed" if begun else "failed")
        assert begun or "GONE" in (ended.status_message or "")

    on_a_plane(tmp_path, work)


@pytest.mark.parametrize("hang", [False, True])
def test_an_engine_that_cannot_be_stopped_is_tried_again_with_backoff_beside_the_others(
    tmp_path: Path, hang: bool
) -> None:
    backend = TroubledEngines()
    backend.linger_seconds = 0
    backend.hang = hang

    async def work(plane: Plane, clock: ClockByHand) -> None:
        bad, good = await create(plane), await create(plane)
        await plane.reconcile()
        backend.troubled = {bad.workload_id or ""}
        for one in (bad, good):
            await plane.sessions.close(SOMEBODY, one.id)
        for _ in range(120):
            clock.advance(1)
            await plane.reconciler.reconcile()
            await asyncio.sleep(0)
        tries = backend.terminations.count(bad.workload_id or "")
        assert backend.running == {bad.workload_id}, "the other one is stopped"
        assert tries == 1 if hang else 4 <= tries <= 12, "not once a second, and not never"
        backend.troubled = set()
        if not hang:
            await pass_time(plane, clock, 120)
            assert backend.running == set()

    on_a_plane(tmp_path, work, backend)


def test_the_workloads_of_a_backend_are_looked_at_in_one_batch(tmp_path: Path) -> None:
    backend = TroubledEngines()

    async def work(plane: Plane, clock: ClockByHand) -> None:
        ids = {(await create(plane)).workload_id for _ in range(5)}
        await plane.reconcile()
        await pass_time(plane, clock, 20, step=10)
        assert backend.inspections == [ids, ids]

    on_a_plane(tmp_path, work, backend)


@pytest.mark.parametrize("silence", [61, 3600])
def test_a_control_plane_that_lost_its_workloads_to_a_neighbour_stops_their_engines(
    tmp_path: Path, silence: int
) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        lost = await create(plane)
        await plane.reconcile()
        clock.advance(silence)  # it hangs
        neighbour = Plane(plane.store, clock, 2)
        plane.owners.can_look = neighbour.owners.can_look = False
        await neighbour.reconcile()
        await neighbour.reconciler.take_over_orphans()
        assert (await status(plane, lost.id)).termination_reason == "server_stopped"
        assert plane.backend.running == {lost.workload_id}
        await plane.reconcile()  # it goes on
        assert plane.backend.running == set()
        assert not await plane.proxy.lets_pass(lost.id)

    on_a_plane(tmp_path, work)


def test_a_session_on_a_backend_that_survives_a_restart_lives_on_under_the_next_control_plane(tmp_path: Path) -> None:
    running: set[str] = set()

    async def work(plane: Plane, clock: ClockByHand) -> None:
        kept = await create(plane)
        await plane.reconcile()
        await plane.reconciler.close()
        assert (await status(plane, kept.id)).status == "pending"
        following = Plane(plane.store, clock, 2, backend=SurvivingEngines(running))
        await following.reconciler.take_over_orphans()
        await following.reconcile()
        assert (await status(following, kept.id)).status == "pending"
        assert await following.proxy.lets_pass(kept.id)
        await pass_time(following, clock, 80)
        assert (await status(following, kept.id)).status == "closed", "the next control plane keeps its time"

    on_a_plane(tmp_path, work, SurvivingEngines(running))


def test_a_start_that_a_control_plane_left_on_such_a_backend_is_carried_on(tmp_path: Path) -> None:
    backend = SurvivingEngines(set())
    backend.starts_hang = True

    async def work(plane: Plane, clock: ClockByHand) -> None:
        left = await create(plane)
        await plane.reconciler.reconcile()
        while (await status(plane, left.id)).status_message != "The engine is starting.":
            await asyncio.sleep(0)
        await plane.reconciler.close()
        following = Plane(plane.store, clock, 2, backend=SurvivingEngines(set()))
        await following.reconciler.take_over_orphans()
        await following.reconcile()
        assert (await status(following, left.id)).status == "pending"
        assert await following.proxy.lets_pass(left.id)

    on_a_plane(tmp_path, work, backend)


@pytest.mark.parametrize("closer", ["its own", "another"])
def test_a_close_is_told_once_by_the_control_plane_that_owns_the_session(tmp_path: Path, closer: str) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        session = await create(plane)
        another = Plane(plane.store, clock, 2)
        for one in (plane, another):
            await one.reconcile()
        await (plane if closer == "its own" else another).sessions.close(SOMEBODY, session.id)
        for _ in range(3):
            await plane.reconcile()
            await another.reconcile()
        assert plane.proxy.closes[session.id] == 1
        assert another.proxy.closes[session.id] == 0

    on_a_plane(tmp_path, work)


def test_an_end_that_overtakes_the_creation_is_the_last_word(tmp_path: Path) -> None:
    """The session proxy is told of a session's start after the session was closed."""

    class Slow(RoutesOnly):
        def __init__(self) -> None:
            super().__init__()
            self.go_on = asyncio.Event()

        async def publish(self, route: feed.Route, *, confirmed: bool = False) -> None:
            if route.state != "closed":
                await self.go_on.wait()
            await super().publish(route)

    async def work(plane: Plane, clock: ClockByHand) -> None:
        proxy = Slow()
        plane = Plane(plane.store, clock, 2, proxy)
        creating = asyncio.create_task(create(plane))
        while not (page := await plane.sessions.list(SOMEBODY, models.SessionListQuery())).items:
            await asyncio.sleep(0)
        await plane.sessions.close(SOMEBODY, page.items[0].id)
        proxy.go_on.set()
        session = await creating
        assert not await proxy.lets_pass(session.id)

    on_a_plane(tmp_path, work)


def test_an_event_says_who_asked_for_it(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        closed, timed_out = await create(plane), await create(plane)
        await plane.reconcile()
        ada = replace(SOMEBODY, id="ADA", login="ada")
        await plane.sessions.close(ada, closed.id)
        await pass_time(plane, clock, 80)
        async with plane.store.reading() as view:
            events = await view.events_after(0, 1000, EventFilter())
        ends = {event.session_id: event.by for event in events if event.new_status == "closed"}
        assert ends == {closed.id: "ADA", timed_out.id: None}
        assert {event.by for event in events if event.old_status is None} == {SOMEBODY.id}

    on_a_plane(tmp_path, work)


class TakenMeanwhile:
    """A store in which somebody else writes before the next transaction; implements ``Store``."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.before: Callable[[], Awaitable[object]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        before, self.before = self.before, None
        if before is not None:
            await before()
        async with self._store.writing() as unit:
            yield unit


@pytest.mark.parametrize("kernel", ["KERNEL-2", None])
def test_a_session_that_another_kernel_takes_while_its_own_is_missed_is_not_detached(
    tmp_path: Path, kernel: str | None
) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        store = TakenMeanwhile(plane.store)
        plane = Plane(cast("Any", store), clock, 2)
        owner = replace(plain_member(SOMEBODY), kernel_id="KERNEL-1")
        session = await plane.launches.create(owner, models.SessionCreate())

        async def take() -> None:
            async with plane.store.writing() as unit:
                await unit.set_kernel(session.id, kernel)

        plane.kernels.gone.add("KERNEL-1")
        store.before = take
        await plane.reconcile()
        async with plane.store.reading() as view:
            stored = await view.session(session.id)
        assert stored is not None
        assert (stored.kernel_id, stored.detached_since) == (kernel, None)

    on_a_plane(tmp_path, work)
