"""The control plane without a Jupyter server, on a clock that a test can set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.workloads.settings import limits_from

from .planes import SOMEBODY, control_plane, eventually


class SettableClock(SystemClock):
    """This machine's clock, set by a test as an administrator or a suspended laptop would."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def test_a_session_outlives_a_jump_of_the_clock_and_then_closes_in_its_time(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SettableClock()
        limits = limits_from({"idle_timeout": {"default": 60}, "idle_close_delay": {"default": 0}})
        async with control_plane(tmp_path, clock, limits) as plane:
            session = await plane.launches.create(SOMEBODY, models.SessionCreate())

            async def status() -> str:
                return (await plane.sessions.describe(SOMEBODY, session.id)).status

            async def is_ready() -> bool:
                page = await plane.sessions.list(SOMEBODY, models.SessionListQuery())
                return page.included.workloads[0].infra_status == "ready"

            async def was_told_of_the_jump() -> bool:
                told = await plane.sessions.describe(SOMEBODY, session.id)
                return told.last_activity_at != session.last_activity_at

            await eventually(is_ready, 60, "the engine is ready")
            clock.ahead = timedelta(hours=8)
            await eventually(was_told_of_the_jump, 60, "the jump counts as a use")
            assert await status() == "pending"
            for _ in range(3):
                clock.ahead += timedelta(seconds=21)
                before = clock.now()

                async def passed(before: datetime = before) -> bool:
                    return clock.now() > before + timedelta(seconds=1.5)

                await eventually(passed, 60, "a pass was made")
            await eventually(lambda: _is(status, "closed"), 60, "the session closed")

    asyncio.run(run())


async def _is(status: Callable[[], Awaitable[str]], wanted: str) -> bool:
    return await status() == wanted


def test_a_clock_that_is_set_back_closes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SettableClock()
        limits = limits_from({"idle_timeout": {"default": 60}, "idle_close_delay": {"default": 0}})
        async with control_plane(tmp_path, clock, limits) as plane:
            clock.ahead = timedelta(hours=-1)
            session = await plane.launches.create(SOMEBODY, models.SessionCreate())
            clock.ahead = timedelta(hours=-2)
            again = await plane.launches.create(SOMEBODY, models.SessionCreate())
            ready = [await plane.sessions.describe(SOMEBODY, one.id) for one in (session, again)]
            assert [one.status for one in ready] == ["pending", "pending"]

    asyncio.run(run())
