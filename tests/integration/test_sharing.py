"""Many sessions at once: who shares an engine, who has one of their own, and that nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.assembly import ControlPlane
from lakesail_notebook.workloads.settings import SessionLimits

from .planes import SOMEBODY, control_plane, eventually


async def _config(plane: ControlPlane, name: str, most_sessions: int | None = None) -> str:
    limits = None if most_sessions is None else models.EndpointLimits(spark_connect=most_sessions)
    made = await plane.configs.create(SOMEBODY, models.WorkloadConfigCreate(name=name, endpoint_limits=limits))
    return made.id


async def _create(plane: ControlPlane, config_id: str, *, shared: bool) -> models.Session:
    wanted = models.SessionCreate(workload_config_id=config_id, allow_shared=shared)
    return await plane.launches.create(SOMEBODY, wanted)


async def _all_sessions(plane: ControlPlane) -> list[models.Session]:
    found: list[models.Session] = []
    marker = None
    while True:
        page = await plane.sessions.list(SOMEBODY, models.SessionListQuery(marker=marker))
        found += page.included.sessions
        marker = page.marker
        if marker is None:
            return found


async def _engines(plane: ControlPlane) -> set[str]:
    """The workloads that run, once all have become ready."""
    page = await plane.sessions.list(SOMEBODY, models.SessionListQuery())

    async def are_ready() -> bool:
        now = await plane.sessions.list(SOMEBODY, models.SessionListQuery())
        return all(workload.infra_status == "ready" for workload in now.included.workloads)

    await eventually(are_ready, 60, "the engines are ready")
    return {workload.id for workload in page.included.workloads}


def test_200_creates_at_once_that_may_share_start_one_engine(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            config_id = await _config(plane, "shared")
            made = await asyncio.gather(*(_create(plane, config_id, shared=True) for _ in range(200)))
            listed = await _all_sessions(plane)
            assert {session.id for session in listed} == {session.id for session in made}
            assert len({session.workload_id for session in made}) == 1
            assert len(await _engines(plane)) == 1

    asyncio.run(run())


def test_20_creates_at_once_on_5_configs_start_five_engines(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            config_ids = [await _config(plane, f"shared {n}") for n in range(5)]
            made = await asyncio.gather(*(_create(plane, config_ids[n % 5], shared=True) for n in range(20)))
            assert len({session.id for session in made}) == 20
            assert sorted(Counter(session.workload_id for session in made).values()) == [4] * 5
            assert len(await _engines(plane)) == 5

    asyncio.run(run())


def test_a_shared_engine_carries_as_many_sessions_as_its_config_says(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            config_id = await _config(plane, "three at once", most_sessions=3)
            made = await asyncio.gather(*(_create(plane, config_id, shared=True) for _ in range(7)))
            carried = Counter(session.workload_id for session in made)
            assert sorted(carried.values()) == [1, 3, 3]
            full = next(session for session in made if carried[session.workload_id] == 3)
            await plane.sessions.close(SOMEBODY, full.id)
            again = [await _create(plane, config_id, shared=True) for _ in range(3)]
            assert max(Counter(session.workload_id for session in [*made, *again]).values()) <= 4
            live = [session for session in await _all_sessions(plane) if session.status != "closed"]
            assert max(Counter(session.workload_id for session in live).values()) == 3

    asyncio.run(run())


def test_a_session_that_did_not_agree_shares_with_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            config_id = await _config(plane, "default-like")
            shared = await _create(plane, config_id, shared=True)
            own = [await _create(plane, config_id, shared=False) for _ in range(2)]
            assert len({shared.workload_id, *(session.workload_id for session in own)}) == 3

    asyncio.run(run())


def test_a_relaunched_session_leaves_the_engine_that_others_still_share(tmp_path: Path) -> None:
    async def run() -> None:
        async with control_plane(tmp_path, SystemClock(), SessionLimits()) as plane:
            config_id = await _config(plane, "shared")
            first, second = [await _create(plane, config_id, shared=True) for _ in range(2)]
            assert first.workload_id == second.workload_id
            await plane.sessions.close(SOMEBODY, first.id)
            again = await plane.launches.relaunch(SOMEBODY, first.id)
            assert again.workload_id != first.workload_id, "what troubled it may be its engine"
            third = await _create(plane, config_id, shared=True)
            assert third.workload_id == first.workload_id, "nobody else is kept from it"

    asyncio.run(run())
