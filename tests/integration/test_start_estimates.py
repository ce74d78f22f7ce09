"""What is said of a start before it happens: whether an engine waits for a kernel, and how long starts take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from headless import JupyterServer
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook import models
from lakesail_notebook.errors import NotFound
from lakesail_notebook.workloads.ports import Offer
from lakesail_notebook.workloads.rules.start_estimates import COUNTED, LEAST, median_seconds
from tests.builders import a_workload

from . import by_hand
from .by_hand import SOMEBODY, ClockByHand, EnginesByHand, Plane
from .notebooks import API, eventually, session_of

KERNEL = "kernel-1"
MINE = replace(SOMEBODY, kernel_id=KERNEL)
OTHER_KERNEL = replace(SOMEBODY, kernel_id="kernel-2")
HERE = {models.PYTHON_KEY: "/usr/bin/python3", models.DIRECTORY_KEY: "/work"}
ENVIRONMENT = {"LANG": "C"}
SECOND = timedelta(seconds=1)


class EnginesWithEnvironments(EnginesByHand):
    offer = Offer(execution_modes=("standalone",), unused_fields=(), environment=True)


def in_plane(directory: Path, work: Callable[[Plane], Awaitable[None]]) -> None:
    async def with_kernels(plane: Plane) -> None:
        plane.kernels.owners = {KERNEL: SOMEBODY.id, "kernel-2": SOMEBODY.id, "foreign": "SOMEBODYELSE"}
        await work(plane)

    by_hand.in_plane(directory, with_kernels, backend=EnginesWithEnvironments())


def a_second_passes(plane: Plane) -> None:
    """Of two sessions of one moment, none is the newer one."""
    assert isinstance(plane.clock, ClockByHand)
    plane.clock.advance(1)


async def config(plane: Plane, name: str) -> str:
    return (await plane.configs.create(SOMEBODY, models.WorkloadConfigCreate(name=name))).id


async def warm(plane: Plane, kernel_id: str = KERNEL) -> set[str | None]:
    """The configs for which an engine waits."""
    estimates = await plane.start_estimates.of_kernel(SOMEBODY, models.StartEstimatesQuery(kernel_id=kernel_id))
    return {item.workload_config_id for item in estimates.items if item.warm}


async def left_free(plane: Plane, config_id: str | None, *, rests: bool = True) -> models.Session:
    """A session of the kernel that is over, and whose engine waits."""
    wanted = models.SessionCreate(workload_config_id=config_id, metadata=HERE, environment=ENVIRONMENT)
    session = await plane.launches.create(MINE, wanted)
    for _ in range(3):
        await plane.reconcile()
    await plane.sessions.close(MINE, session.id)
    async with plane.store.writing() as unit:
        workload = await unit.workload(session.workload_id or "")
        assert workload is not None
        assert workload.infra_status == "ready"
        assert workload.freed_at is not None
        if rests:
            await unit.mark_rested(workload.id, workload.freed_at, workload.freed_at)
    return session


def test_an_engine_waits_for_the_kernel_config_and_surroundings_that_it_had(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        small, large = await config(plane, "small"), await config(plane, "large")
        assert await warm(plane) == set(), "nothing is known of the kernel"
        session = await left_free(plane, small)
        assert await warm(plane) == {small}
        assert await warm(plane, "kernel-2") == set(), "nothing is known of that kernel"
        wanted = models.SessionCreate(workload_config_id=small, metadata=HERE, environment=ENVIRONMENT)
        again = await plane.launches.create(MINE, wanted)
        assert again.workload_id == session.workload_id, "it is given what was said to wait"
        assert await warm(plane) == set(), "now it is taken"
        assert large not in await warm(plane)

    in_plane(tmp_path, work)


def test_a_session_that_names_no_config_has_an_estimate_of_its_own(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        await config(plane, "small")
        await left_free(plane, None)
        assert await warm(plane) == {None}

    in_plane(tmp_path, work)


def test_what_a_connect_would_not_be_given_is_not_warm(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        small = await config(plane, "small")
        busy = await left_free(plane, small, rests=False)
        assert await warm(plane) == set(), "it may compute on"
        async with plane.store.writing() as unit:
            workload = await unit.workload(busy.workload_id or "")
            assert workload is not None
            assert workload.freed_at is not None
            await unit.mark_rested(workload.id, workload.freed_at, workload.freed_at)
        assert await warm(plane) == {small}
        elsewhere = HERE | {models.DIRECTORY_KEY: "/elsewhere"}
        moved = models.SessionCreate(workload_config_id=small, metadata=elsewhere, environment=ENVIRONMENT)
        a_second_passes(plane)
        session = await plane.launches.create(MINE, moved)
        assert session.workload_id != busy.workload_id
        assert await warm(plane) == set(), "the kernel is in another directory by now"
        await plane.sessions.close(MINE, session.id)
        set_since = models.SessionCreate(workload_config_id=small, metadata=HERE, environment={"LANG": "de"})
        a_second_passes(plane)
        await plane.launches.create(MINE, set_since)
        assert await warm(plane) == set(), "the kernel has another environment by now"

    in_plane(tmp_path, work)


def test_a_changed_config_and_python_code_leave_nothing_warm(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        small, large = await config(plane, "small"), await config(plane, "large")
        await left_free(plane, small)
        await plane.configs.change(SOMEBODY, small, models.WorkloadConfigChange(name="smaller"))
        assert await warm(plane) == set()
        session = await left_free(plane, large)
        assert await warm(plane) == {large}
        async with plane.store.writing() as unit:
            await unit.note_python(session.workload_id or "", plane.clock.now())
        assert await warm(plane) == set()

    in_plane(tmp_path, work)


def test_a_kernel_that_is_not_the_callers_is_unknown(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        for kernel_id in ("foreign", "unheard"):
            with pytest.raises(NotFound, match=f"No kernel {kernel_id} of yours"):
                await warm(plane, kernel_id)

    in_plane(tmp_path, work)


def test_the_median_is_that_of_the_configs_own_last_starts(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        small, large = await config(plane, "small"), await config(plane, "large")
        begin = plane.clock.now()
        starts = [(small, COUNTED, 2), (small, 30, 9), (large, LEAST - 1, 5)]  # the first are the newest
        async with plane.store.writing() as unit:
            for age, (config_id, count, seconds) in enumerate(starts):
                for number in range(count):
                    at = begin - timedelta(days=age, minutes=number)
                    ready = {"infra_status": "stopped", "target": "stopped", "cleaned_at": at}
                    await unit.add_workload(
                        a_workload(config_id=config_id, created_at=at, provisioned_at=at + seconds * SECOND, **ready)
                    )
        estimates = await plane.start_estimates.of_kernel(SOMEBODY, models.StartEstimatesQuery(kernel_id=KERNEL))
        medians = {item.workload_config_id: item.median_seconds for item in estimates.items}
        assert medians == {small: 2.0, large: None, None: None}

    in_plane(tmp_path, work)


@given(st.lists(st.integers(0, 600)))
def test_a_median_is_one_of_the_times_or_between_two(seconds: list[int]) -> None:
    median = median_seconds([one * SECOND for one in seconds])
    if len(seconds) < LEAST:
        assert median is None
    else:
        assert median is not None
        assert min(seconds[:COUNTED]) <= median <= max(seconds[:COUNTED])


def test_a_notebook_is_told_that_its_engine_waits_and_is_given_it(server: JupyterServer) -> None:
    kernel = server.start_kernel("estimates.ipynb")

    def estimate() -> bool:
        answer = server.request("GET", f"{API}/start-estimates?kernelId={kernel.id}")
        assert answer.status_code == 200, answer.text
        [without_config] = [item for item in answer.json()["items"] if item["workloadConfigId"] is None]
        return bool(without_config["warm"])

    assert not estimate()
    kernel.execute("%sail connect")
    workload_id = session_of(server, kernel)["workloadId"]
    assert not estimate(), "it is in use"
    kernel.execute("%sail close")
    eventually(estimate, 60, "the engine waits")
    kernel.execute("%sail connect --bare")
    assert session_of(server, kernel)["workloadId"] == workload_id
    assert server.request("GET", f"{API}/start-estimates?kernelId=unheard").status_code == 404
    assert server.request("GET", f"{API}/start-estimates").status_code == 400
