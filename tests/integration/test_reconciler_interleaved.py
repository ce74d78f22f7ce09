"""Passes and steps of the reconciler, interleaved at every await, with backends that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

import pytest

from lakesail_notebook import feed, models
from lakesail_notebook.errors import LakesailError
from lakesail_notebook.models import LIVE_STATUSES
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.filters import SessionFilter
from lakesail_notebook.workloads.records import SessionRecord
from lakesail_notebook.workloads.settings import DurationRange, SessionLimits, Settings

from .by_hand import SOMEBODY, Plane
from .interleaving import (
    Switch,
    SwitchingProxy,
    SwitchingStore,
    UnrulyBackend,
    VirtualClock,
    VirtualTimeLoop,
    as_store,
    run_interleaved,
)

SEEDS = range(16)
BRIEF = models.SessionConfig(idle_timeout_seconds=10, idle_close_delay_seconds=10)
LIMITS = SessionLimits(idle_timeout=DurationRange(10, 5, 60), start_timeout_seconds=20)


class World:
    """A control plane under a switch, its clients, and what must hold."""

    def __init__(self, plane: Plane, switch: Switch, proxy: SwitchingProxy, backend: UnrulyBackend) -> None:
        self.plane = plane
        self.switch = switch
        self.proxy = proxy
        self.backend = backend

    async def a_client(self, number: int) -> None:
        """Asks for sessions, uses them, and closes some."""
        for _ in range(3):
            with contextlib.suppress(LakesailError):
                session = await self.plane.launches.create(SOMEBODY, models.SessionCreate(config=BRIEF))
                for _ in range(self.switch.random.randrange(4)):
                    await asyncio.sleep(self.switch.random.uniform(0, 3))
                    report = feed.SessionActivity(session_id=session.id, running=0, seconds_since=0.0)
                    await self.plane.reports.activity((report,))
                if self.switch.random.random() < 0.4:
                    await self.plane.sessions.close(SOMEBODY, session.id)
            if self.switch.random.random() < 0.2:
                self.backend.lose_an_engine()
            if self.switch.random.random() < 0.2:
                self.proxy.fails = 2

    async def all_sessions(self) -> list[SessionRecord]:
        async with self.plane.store.reading() as view:
            return list(await view.sessions(SessionFilter(), after=None, limit=1000))

    async def check_failures(self) -> None:
        for session in await self.all_sessions():
            if session.status == "failed":
                assert session.workload_id in self.backend.harmed, f"{session.status_message} ({session.id})"

    async def check_routes(self) -> None:
        """Who has a session with an engine that is ready gets through to it."""
        for session in await self.all_sessions():
            async with self.plane.store.reading() as view:
                workload = await view.workload(session.workload_id)
            if session.status in LIVE_STATUSES and workload is not None and workload.infra_status == "ready":
                assert (await self.proxy.table.ready(session.id)).state == "ready"

    async def check_the_end(self) -> None:
        for session in await self.all_sessions():
            assert session.status not in LIVE_STATUSES
            assert session.status_message
            assert self.proxy.closes[session.id] == 1, f"the end of {session.id} was told once"
        assert self.backend.running == set()
        assert set(self.backend.started.values()) <= {1}, "no workload was started twice"
        async with self.plane.store.reading() as view:
            assert await view.unfinished_workloads() == []
            assert await view.uncleaned_workloads() == []


async def _scenario(loop: VirtualTimeLoop, switch: Switch, database: Path) -> None:
    store = await open_store(f"sqlite:///{database}")
    try:
        proxy, backend = SwitchingProxy(switch), UnrulyBackend(switch)
        settings = Settings(default_config=None, limits=LIMITS)
        plane = Plane(
            as_store(SwitchingStore(store, switch)), VirtualClock(loop), 1, proxy, backend=backend, settings=settings
        )
        world = World(plane, switch, proxy, backend)
        await switch.run(plane.reconciler.start(), longest_seconds=60)
        clients = asyncio.gather(*(world.a_client(number) for number in range(4)))
        await switch.run(_awaited(clients), longest_seconds=2000)
        await switch.run(world.check_failures(), longest_seconds=10)
        backend.unruly, proxy.fails = False, 0
        await switch.pass_time(3)
        await switch.run(world.check_routes(), longest_seconds=40)
        await switch.pass_time(200)
        await switch.run(world.check_failures(), longest_seconds=10)
        await switch.run(world.check_the_end(), longest_seconds=10)
        await switch.run(plane.reconciler.close(), longest_seconds=60)
    finally:
        await store.close()


async def _awaited(work: asyncio.Future[list[None]]) -> None:
    await work


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once."""
    path = tmp_path_factory.mktemp("template") / "sessions.db"

    async def make() -> None:
        await (await open_store(f"sqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.mark.parametrize("seed", SEEDS)
def test_no_healthy_session_fails_and_nothing_is_left_however_the_steps_interleave(
    seed: int, template: Path, tmp_path: Path
) -> None:
    database = tmp_path / "sessions.db"
    shutil.copy(template, database)
    run_interleaved(seed, lambda loop, switch: _scenario(loop, switch, database))
