"""Any sequence of calls, time and faults, against what must always hold."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from lakesail_notebook import feed, models
from lakesail_notebook.errors import LakesailError
from lakesail_notebook.models import LIVE_STATUSES
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.filters import EventFilter, SessionFilter
from lakesail_notebook.workloads.records import SessionRecord
from lakesail_notebook.workloads.rules import lifecycle

from .by_hand import SOMEBODY, ClockByHand, Plane, settled


class Machine(RuleBasedStateMachine):
    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self._directory = Path(tempfile.mkdtemp())
        shutil.copy(_template(), self._directory / "sessions.db")
        self._runner = asyncio.Runner()
        self._clock = ClockByHand()
        self._planes = 0
        self._plane = self._open()

    def teardown(self) -> None:
        self._run(self._end())
        self._runner.close()
        shutil.rmtree(self._directory)

    @rule(target=sessions, shared=st.booleans())
    def create(self, shared: bool) -> Any:
        wanted = models.SessionCreate(allow_shared=shared)
        return self._made(self._plane.launches.create(SOMEBODY, wanted))

    @rule(target=sessions, session_id=sessions)
    def relaunch(self, session_id: str) -> Any:
        return self._made(self._plane.launches.relaunch(SOMEBODY, session_id))

    @rule(session_id=sessions)
    def close(self, session_id: str) -> None:
        self._run(self._plane.sessions.close(SOMEBODY, session_id))
        assert not self._run(self._plane.proxy.lets_pass(session_id)), "a token of a closed session is dead at once"

    @rule(session_id=sessions)
    def use(self, session_id: str) -> None:
        report = feed.SessionActivity(session_id=session_id, running=0, seconds_since=0.0)
        self._run(self._plane.reports.activity((report,)))

    @rule(session_id=sessions, seconds=st.integers(60, 28800))
    def extend(self, session_id: str, seconds: int) -> None:
        with contextlib.suppress(LakesailError):
            self._run(self._plane.sessions.extend(SOMEBODY, session_id, models.SessionExtend(duration_seconds=seconds)))

    @rule(seconds=st.sampled_from([1, 20, 61, 1801, 30601, 100_000]))
    def time_passes(self, seconds: int) -> None:
        for _ in range(0, seconds, max(20, seconds // 20)):
            self._clock.advance(max(20, seconds // 20))
            self._run(self._plane.reconcile())

    @rule()
    def an_engine_dies(self) -> None:
        if self._plane.backend.running:
            dead = min(self._plane.backend.running)
            self._plane.backend.running.discard(dead)
            self._run(self._plane.reports.engine_lost(dead))

    @rule()
    def the_next_start_fails(self) -> None:
        self._plane.backend.fail_next_start = True

    @rule()
    def the_control_plane_is_killed(self) -> None:
        self._run(self._plane.store.close())  # as the operating system does
        self._plane = self._open()

    @invariant()
    def moves_keep_to_the_tables(self) -> None:
        for event in self._run(self._events()):
            if event.kind != "move" or event.old_status is None:
                continue
            table: Mapping[Any, Collection[Any]] = (
                lifecycle.SESSION_MOVES if event.session_id is not None else lifecycle.WORKLOAD_MOVES
            )
            assert event.new_status in table[event.old_status]

    @invariant()
    def what_is_over_says_why_and_lets_nothing_pass(self) -> None:
        for session in self._run(self._all_sessions()):
            if session.status in LIVE_STATUSES:
                continue
            assert session.closed_at is not None
            assert session.termination_reason is not None
            assert session.status_message
            assert not self._run(self._plane.proxy.lets_pass(session.id))

    @invariant()
    def every_workload_was_started_once(self) -> None:
        started = self._plane.backend.started
        assert len(started) == len(set(started))

    @invariant()
    def a_session_that_did_not_agree_is_alone_on_its_engine(self) -> None:
        live = [session for session in self._run(self._all_sessions()) if session.status in LIVE_STATUSES]
        for session in live:
            others = [other for other in live if other.workload_id == session.workload_id and other != session]
            assert not others or all(one.allow_shared for one in (session, *others))

    def _made(self, making: Awaitable[models.Session]) -> Any:
        try:
            return self._run(making).id
        except LakesailError:
            return multiple()

    def _open(self) -> Plane:
        async def opened() -> Plane:
            store = await open_store(f"sqlite:///{self._directory / 'sessions.db'}")
            self._planes += 1
            plane = Plane(store, self._clock, self._planes)
            await plane.reconciler.take_over_orphans()
            return plane

        plane: Plane = self._run(opened())
        return plane

    async def _end(self) -> None:
        for session in await self._all_sessions():
            await self._plane.sessions.close(SOMEBODY, session.id)
        for _ in range(5):
            self._clock.advance(61)
            await self._plane.reconcile()
        assert not self._plane.backend.running, "no engine is left without a session"
        async with self._plane.store.reading() as view:
            assert await view.unfinished_workloads() == []
            assert await view.uncleaned_workloads() == []
        await self._plane.store.close()

    async def _events(self) -> list[Any]:
        async with self._plane.store.reading() as view:
            return list(await view.events_after(0, 10_000, EventFilter()))

    async def _all_sessions(self) -> list[SessionRecord]:
        async with self._plane.store.reading() as view:
            return await view.sessions(SessionFilter(), after=None, limit=1000)

    def _run(self, work: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            result = await work
            await settled()
            return result

        return self._runner.run(awaited())


def _template() -> Path:
    """An empty database, migrated once."""
    path = Path(tempfile.gettempdir()) / f"lakesail-template-{id(Machine)}.db"
    if not path.exists():

        async def make() -> None:
            await (await open_store(f"sqlite:///{path}")).close()

        asyncio.run(make())
    return path


TestMachine = pytest.mark.timeout(300)(Machine.TestCase)
Machine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
