"""Any sequence of calls, time and faults, against what must always hold.

The store, the reconciler and the proxy's route table are the real ones. The backend is one whose engines start, fail
and die when the sequence says so, and the clock is moved by hand: no machine does either on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from lakesail_notebook import feed, models
from lakesail_notebook.errors import FieldError, LakesailError, Unavailable
from lakesail_notebook.feed import Route
from lakesail_notebook.proxy.auth import SessionClosed
from lakesail_notebook.proxy.routes import RouteTable
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.tokens import SigningKey, TokenIssuer
from lakesail_notebook.workloads import lifecycle
from lakesail_notebook.workloads.access import Principal
from lakesail_notebook.workloads.activity import ProxyReports
from lakesail_notebook.workloads.configs import Configs
from lakesail_notebook.workloads.launches import Launches
from lakesail_notebook.workloads.placement import Placement
from lakesail_notebook.workloads.ports import Checkpoint, EventFilter, Observation, Offer, SessionFilter
from lakesail_notebook.workloads.quotas import QuotaKeeper
from lakesail_notebook.workloads.reconciler import Reconciler
from lakesail_notebook.workloads.records import Handle, LaunchSpec, Owner, SessionRecord, WorkloadRecord
from lakesail_notebook.workloads.sessions import Sessions
from lakesail_notebook.workloads.settings import LOCAL, Settings
from lakesail_notebook.workloads.usage import Usage

SOMEBODY = Principal(id="SOMEBODY", login="somebody", team_ids=(LOCAL,), organization_admin=True)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class ClockByHand:
    def __init__(self) -> None:
        self._now = BEGIN

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - BEGIN).total_seconds()

    def advance(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)


class EnginesByHand:
    """A backend without machines; implements ``Backend``."""

    offer = Offer(execution_modes=("standalone",), unused_fields=())
    linger_seconds = 60
    survives_restart = False

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.started: list[str] = []
        self.fail_next_start = False

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return ()

    async def provision(self, workload: WorkloadRecord) -> AsyncGenerator[Checkpoint]:
        yield Checkpoint({"engine": workload.id})
        self.started.append(workload.id)
        self.running.add(workload.id)
        if self.fail_next_start:
            self.fail_next_start = False
            raise Unavailable("it was told to fail")
        yield Checkpoint({"engine": workload.id}, address="127.0.0.1:1")

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        return {one: Observation("running" if one in self.running else "gone") for one in handles}

    async def watch(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        self.running.discard(workload_id)

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        self.running.clear()


class RoutesOnly:
    """A session proxy's route table, without its process; implements ``SessionProxy``."""

    endpoint = "localhost:1"

    def __init__(self) -> None:
        self.table = RouteTable(lambda session_id, closed: None)

    async def start(self) -> None:
        return

    async def publish(self, route: Route) -> None:
        self.table.change(route)

    async def close(self) -> None:
        return

    async def lets_pass(self, session_id: str) -> bool:
        try:
            await asyncio.wait_for(self.table.ready(session_id), 0.01)
        except (SessionClosed, TimeoutError):
            return False
        return True


@dataclass
class Owners:
    mine: Owner
    living: Collection[Owner] = ()

    def alive(self, owner: Owner) -> bool:
        return owner == self.mine


class NoKernels:
    def alive(self, kernel_id: str) -> bool:
        return True


class Plane:
    """A control plane, opened on a database."""

    def __init__(self, store: SqlStore, clock: ClockByHand, number: int) -> None:
        self.store = store
        self.backend = EnginesByHand()
        self.proxy = RoutesOnly()
        self.owners = Owners(Owner("boot", number, float(number)))
        usage = Usage()
        chosen = Settings(default_config=None)
        parts: dict[str, Any] = {"store": store, "clock": clock, "settings": chosen}
        self.reconciler = Reconciler(
            backends={LOCAL: self.backend},
            proxy=self.proxy,
            owners=self.owners,
            kernels=NoKernels(),
            usage=usage,
            **parts,
        )
        quotas = QuotaKeeper(chosen.quotas)
        tokens = TokenIssuer(store.issuer, SigningKey("k", Ed25519PrivateKey.generate()))
        self.reports = ProxyReports(store, self.reconciler, usage, clock, 64)
        self.configs = Configs(store, [LOCAL], clock, chosen)
        self.sessions = Sessions(
            backends={LOCAL: self.backend},
            owners=self.owners,
            kernels=NoKernels(),
            reconciler=self.reconciler,
            tokens=tokens,
            quotas=quotas,
            audit=None,
            **parts,
        )
        placement = Placement(backends={LOCAL: self.backend}, proxy=self.proxy, owners=self.owners, settings=chosen)
        self.launches = Launches(
            placement=placement, proxy=self.proxy, reconciler=self.reconciler, quotas=quotas, **parts
        )

    async def reconcile(self) -> None:
        await self.reconciler.reconcile()
        await _settled()


async def _settled() -> None:
    """Wait for the steps that the reconciler began."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
        await asyncio.sleep(0)


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
            if session.status in lifecycle.LIVE:
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
        live = [session for session in self._run(self._all_sessions()) if session.status in lifecycle.LIVE]
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
            await _settled()
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
