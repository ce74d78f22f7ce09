"""Many sessions that come and go beside busy ones: none of them fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from lakesail_notebook import feed, models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.assembly import ControlPlane
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.ports import Checkpoint
from lakesail_notebook.workloads.records import WorkloadRecord
from lakesail_notebook.workloads.rules.quotas import Quotas
from lakesail_notebook.workloads.settings import SessionLimits, Settings

from .by_hand import SOMEBODY, EnginesByHand, Plane
from .planes import control_plane, eventually

BUSY = 30
AT_A_TIME = 2
MANY_ENGINES = Settings(default_config=None, quotas=Quotas(live_sessions_per_member=None))


class QuickEngines(EnginesByHand):
    """Engines that start in some milliseconds, none of which is used twice."""

    linger_seconds = 0

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        async for checkpoint in super().provision(workload):
            await asyncio.sleep(0.003)
            yield checkpoint


async def use_and_close(plane: Plane | ControlPlane, directory: Path | None = None) -> models.Session:
    """A session that is created, becomes ready, and is closed; how it was at last.

    :param directory: where its engine works: it is used for no session of another directory.
    """
    metadata = {} if directory is None else {models.DIRECTORY_KEY: str(directory)}
    session = await plane.launches.create(SOMEBODY, models.SessionCreate(metadata=metadata))

    async def settled() -> bool:
        now = await plane.sessions.describe(SOMEBODY, session.id)
        return now.status == "failed" or (now.status_message != "The engine is starting." and await _ready(plane, now))

    await eventually(settled, 120, f"session {session.id} is ready")
    await plane.sessions.close(SOMEBODY, session.id)
    return await plane.sessions.describe(SOMEBODY, session.id)


async def _ready(plane: Plane | ControlPlane, session: models.Session) -> bool:
    page = await plane.sessions.list(SOMEBODY, models.SessionListQuery(limit=4 * AT_A_TIME))  # the newest first
    statuses = {row.id: row.infra_status for row in page.included.workloads}
    return statuses.get(session.workload_id or "") in {"ready", "failed"}


async def one_after_the_other(plane: Plane | ControlPlane, count: int) -> list[models.Session]:
    return [await use_and_close(plane) for _ in range(count)]


@contextlib.asynccontextmanager
async def used(report: Callable[[], object]) -> AsyncIterator[None]:
    """Sessions in use all the time, as the session proxy tells it."""

    async def keep_telling() -> None:
        while True:
            await report()  # type: ignore[misc]
            await asyncio.sleep(0.25)

    telling = asyncio.create_task(keep_telling())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


@pytest.mark.timeout(400)
def test_of_a_thousand_sessions_beside_thirty_busy_ones_none_fails(tmp_path: Path) -> None:
    async def run() -> None:
        store = await open_store(f"sqlite:///{tmp_path / 'sessions.db'}")
        plane = Plane(store, SystemClock(), 1, backend=QuickEngines(), settings=MANY_ENGINES)
        await plane.reconciler.start()
        busy = [await plane.launches.create(SOMEBODY, models.SessionCreate()) for _ in range(BUSY)]

        async def report() -> None:
            in_use = (feed.SessionActivity(session_id=one.id, running=1, seconds_since=0.0) for one in busy)
            await plane.reports.activity(tuple(in_use))

        async with used(report):
            done = await asyncio.gather(*(one_after_the_other(plane, 1000 // AT_A_TIME) for _ in range(AT_A_TIME)))
        ended = [session for sessions in done for session in sessions]
        assert len(ended) == 1000
        assert {(session.status, session.termination_reason) for session in ended} == {("closed", "user_closed")}
        still = [await plane.sessions.describe(SOMEBODY, one.id) for one in busy]
        assert {session.status for session in still} == {"active"}
        await plane.reconciler.close()
        await store.close()

    asyncio.run(run())


@pytest.mark.timeout(600)
def test_of_a_hundred_sessions_on_real_engines_none_fails(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            directories = [tmp_path / str(number) for number in range(100)]
            for directory in directories:
                directory.mkdir()

            async def one_in_each(share: list[Path]) -> list[models.Session]:
                return [await use_and_close(plane, directory) for directory in share]

            done = await asyncio.gather(*(one_in_each(directories[half::AT_A_TIME]) for half in range(AT_A_TIME)))
        ended = [session for sessions in done for session in sessions]
        assert len({session.workload_id for session in ended}) == 100
        assert {(session.status, session.termination_reason) for session in ended} == {("closed", "user_closed")}

    asyncio.run(run())
