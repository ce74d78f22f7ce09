"""What the reconciler does when somebody comes in between, or a step was broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from lakesail_notebook import models
from lakesail_notebook.feed import Route
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.rules.lifecycle import WorkloadMove

from .by_hand import SOMEBODY, ClockByHand, Plane, RoutesOnly, settled

HOUR = 3600


def _on_a_plane(directory: Path, work: Callable[[Plane, ClockByHand], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await open_store(f"sqlite:///{directory / 'sessions.db'}")
        clock = ClockByHand()
        try:
            await work(Plane(store, clock, 1), clock)
        finally:
            await store.close()

    asyncio.run(run())


async def _create(plane: Plane) -> str:
    config = models.SessionConfig(idle_timeout_seconds=60, idle_close_delay_seconds=0)
    return (await plane.launches.create(SOMEBODY, models.SessionCreate(config=config))).id


async def _status(plane: Plane, session_id: str) -> models.Session:
    return await plane.sessions.describe(SOMEBODY, session_id)


def test_a_start_that_was_broken_off_fails_its_session_with_the_next_pass(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        session_id = await _create(plane)
        workload_id = (await _status(plane, session_id)).workload_id
        assert workload_id is not None
        async with plane.store.writing() as unit:  # as the step does that then lost its database
            await unit.move_workload(workload_id, WorkloadMove(to="starting", at=clock.now()))
        await plane.reconcile()
        ended = await _status(plane, session_id)
        assert (ended.status, ended.termination_reason) == ("failed", "start_failed")

    _on_a_plane(tmp_path, work)


class Obliging(RoutesOnly):
    """While it is told that one session is over, somebody asks for more time for another."""

    def __init__(self) -> None:
        super().__init__()
        self.on_close: Callable[[str], Awaitable[None]] | None = None

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        await super().publish(route, confirmed=confirmed)
        if route.state == "closed" and self.on_close is not None:
            on_close, self.on_close = self.on_close, None
            await on_close(route.session_id)


def test_an_extension_that_comes_in_between_keeps_a_session_that_was_about_to_end(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        first, second = await _create(plane), await _create(plane)
        await plane.reconcile()
        for _ in range(2):
            clock.advance(20)
            await plane.reconcile()
        clock.advance(20)
        async with plane.store.writing() as unit:  # the pass has read that both are due, and waits for its turn
            passing = asyncio.create_task(plane.reconciler.reconcile())
            while plane.reconciler.at_hand < {first, second}:
                await asyncio.sleep(0)
            await unit.extend_session(second, clock.now() + timedelta(seconds=HOUR), clock.now())
        await passing
        await settled()
        assert [(await _status(plane, one)).status for one in (first, second)] == ["closed", "pending"]

    _on_a_plane(tmp_path, work)


def test_a_jump_of_the_clock_in_the_middle_of_a_pass_closes_no_session(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        proxy = Obliging()
        plane = Plane(plane.store, clock, 2, proxy)
        first = await _create(plane)
        clock.advance(20)
        second = await _create(plane)
        for _ in range(2):
            await plane.reconcile()
            clock.advance(20)

        async def sleep_for_a_night(ended: str) -> None:
            assert ended == first
            clock.jump(8 * HOUR)

        proxy.on_close = sleep_for_a_night
        await plane.reconcile()
        assert (await _status(plane, first)).status == "closed"
        await plane.reconcile()
        assert (await _status(plane, second)).status == "pending"

    _on_a_plane(tmp_path, work)


def test_what_could_not_be_told_of_another_servers_close_is_told_by_the_next_pass(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        session_id = await _create(plane)
        await plane.reconcile()
        assert await plane.proxy.lets_pass(session_id)
        another = Plane(plane.store, clock, 2)
        await another.sessions.close(SOMEBODY, session_id)
        assert await plane.proxy.lets_pass(session_id), "it has not been told yet"
        await plane.reconcile()
        assert not await plane.proxy.lets_pass(session_id)

    _on_a_plane(tmp_path, work)


def test_a_control_plane_elsewhere_is_left_alone_until_it_has_been_silent_for_a_minute(tmp_path: Path) -> None:
    async def work(plane: Plane, clock: ClockByHand) -> None:
        session_id = await _create(plane)
        await plane.reconcile()
        elsewhere = Plane(plane.store, clock, 2)
        elsewhere.owners.can_look = False
        for _ in range(2):
            clock.advance(25)
            await elsewhere.reconcile()
        assert (await _status(plane, session_id)).status == "pending"
        clock.advance(25)
        await elsewhere.reconcile()
        lost = await _status(plane, session_id)
        assert (lost.status, lost.termination_reason) == ("failed", "server_stopped")
        assert await plane.proxy.lets_pass(session_id)
        await plane.reconcile()  # it was only asleep, and learns that its session was taken
        assert not await plane.proxy.lets_pass(session_id)

    _on_a_plane(tmp_path, work)
