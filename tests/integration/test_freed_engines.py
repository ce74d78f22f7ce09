"""What a control plane decides of engines: which rest, which ran Python code, and what environment each is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lakesail_notebook import models
from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.ports import Checkpoint, Offer
from lakesail_notebook.workloads.records import WorkloadRecord
from lakesail_notebook.workloads.rules.engine_use import EngineUse
from lakesail_notebook.workloads.settings import Settings

from .by_hand import SOMEBODY, ClockByHand, EnginesByHand, Plane, settled

OWN = {"TOKEN": "the-secret-value", "TZ": "Europe/Paris"}


class Engines(EnginesByHand):
    """Remembers what environment each engine was given, and uses as much of a processor as it is told."""

    offer = Offer(execution_modes=("standalone",), unused_fields=(), environment=True)

    def __init__(self, clock: ClockByHand) -> None:
        super().__init__()
        self.given: dict[str, Mapping[str, str] | None] = {}
        self.share = 0.0
        self._clock = clock

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        self.given[workload.id] = environment
        async for checkpoint in super().provision(workload, environment):
            yield checkpoint

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        return EngineUse(self.share * self._clock.monotonic())


class Rig:
    def __init__(self, store: SqlStore, clock: ClockByHand) -> None:
        self.store, self.clock = store, clock
        self.engines = Engines(clock)
        self.plane = self.opened(1)

    def opened(self, number: int, **changes: Any) -> Plane:
        return Plane(self.store, self.clock, number, backend=self.engines, **changes)

    async def session(self, **wanted: Any) -> models.Session:
        made = await self.plane.launches.create(SOMEBODY, models.SessionCreate(**wanted))
        await self.plane.reconcile()
        return made

    async def close(self, session: models.Session) -> None:
        await self.plane.sessions.close(SOMEBODY, session.id)

    async def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            await self.plane.reconcile()
            await self.plane.reconcile()


def on_a_rig(directory: Path, work: Callable[[Rig], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await open_store(f"sqlite:///{directory / 'sessions.db'}")
        try:
            await work(Rig(store, ClockByHand()))
            await settled()
        finally:
            await store.close()

    asyncio.run(run())


def test_an_engine_is_given_away_after_it_was_seen_at_rest(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        first = await rig.session()
        await rig.close(first)
        second = await rig.session()
        assert second.workload_id != first.workload_id, "nobody has looked at it yet"
        await rig.pass_seconds(2)
        third = await rig.session()
        assert third.workload_id == first.workload_id

    on_a_rig(tmp_path, work)


@pytest.mark.parametrize("rests_first", [False, True])
def test_a_freed_engine_that_computes_is_stopped_also_when_it_rested_before(tmp_path: Path, rests_first: bool) -> None:
    async def work(rig: Rig) -> None:
        rig.engines.share = 0.0 if rests_first else 0.9
        first = await rig.session()
        await rig.close(first)
        await rig.pass_seconds(2)
        rig.engines.share = 0.9
        await rig.pass_seconds(12)
        assert first.workload_id not in rig.engines.running
        assert (await rig.session()).workload_id != first.workload_id

    on_a_rig(tmp_path, work)


def test_an_engine_that_computes_for_a_living_session_is_left_alone(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        rig.engines.share = 2.0
        first = await rig.session(allow_shared=True)
        second = await rig.session(allow_shared=True)
        assert first.workload_id == second.workload_id
        await rig.close(first)
        await rig.pass_seconds(20)
        assert second.workload_id in rig.engines.running
        await rig.close(second)
        await rig.pass_seconds(3)
        assert second.workload_id not in rig.engines.running

    on_a_rig(tmp_path, work)


def test_a_session_that_ran_python_code_takes_its_engine_along(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        first = await rig.session()
        assert await rig.plane.reports.python_begins(first.id)
        await rig.close(first)
        await rig.plane.reconcile()
        assert first.workload_id not in rig.engines.running, "it does not linger"

    on_a_rig(tmp_path, work)


def test_python_code_that_comes_after_the_end_is_refused_and_marks_nobody_elses_engine(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        first = await rig.session()
        await rig.close(first)
        await rig.pass_seconds(2)
        second = await rig.session()
        assert second.workload_id == first.workload_id
        assert not await rig.plane.reports.python_begins(first.id)
        assert not await rig.plane.reports.python_begins("UNKNOWN")
        async with rig.store.reading() as view:
            workload = await view.workload(second.workload_id or "")
        assert workload is not None
        assert workload.python_at is None

    on_a_rig(tmp_path, work)


def test_engines_with_the_same_variables_are_interchangeable(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        first = await rig.session(environment=OWN)
        await rig.close(first)
        await rig.pass_seconds(2)
        other = await rig.session(environment={**OWN, "TOKEN": "another"})
        none = await rig.session()
        again = await rig.session(environment=dict(reversed(OWN.items())))
        assert again.workload_id == first.workload_id
        assert len({first.workload_id, other.workload_id, none.workload_id}) == 3
        assert rig.engines.given[first.workload_id or ""] == OWN

    on_a_rig(tmp_path, work)


def test_a_relaunch_brings_the_environment_of_before_or_its_own_or_says_that_it_is_lost(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        first = await rig.session(environment=OWN)
        await rig.close(first)
        kept = await rig.plane.launches.relaunch(SOMEBODY, first.id)
        own = await rig.plane.launches.relaunch(SOMEBODY, first.id, models.SessionRelaunch(environment={"A": "1"}))
        await rig.plane.reconcile()
        assert rig.engines.given[kept.workload_id or ""] == OWN
        assert rig.engines.given[own.workload_id or ""] == {"A": "1"}
        later = rig.opened(2)
        lost = await later.launches.relaunch(SOMEBODY, first.id)
        await later.reconcile()
        assert rig.engines.given[lost.workload_id or ""] is None
        assert f"kernel of session {first.id} gave is not known any more" in (lost.status_message or "")
        again = await later.launches.relaunch(SOMEBODY, first.id, models.SessionRelaunch(environment=OWN))
        assert again.status_message is None or "not known" not in again.status_message

    on_a_rig(tmp_path, work)


def test_no_value_stands_in_the_database(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        made = await rig.plane.launches.create(SOMEBODY, models.SessionCreate(environment=OWN), "key")
        assert await rig.plane.launches.create(SOMEBODY, models.SessionCreate(environment=OWN), "key") == made

    on_a_rig(tmp_path, work)
    assert not [path for path in tmp_path.iterdir() if OWN["TOKEN"].encode() in path.read_bytes()]


def test_servers_of_several_people_refuse_an_environment_by_its_pointer(tmp_path: Path) -> None:
    async def work(rig: Rig) -> None:
        teams = rig.opened(3, settings=Settings(default_config=None, single_user=False))
        with pytest.raises(InvalidArgument) as caught:
            await teams.launches.create(SOMEBODY, models.SessionCreate(environment=OWN))
        assert [error.pointer for error in caught.value.errors] == ["/environment"]
        assert OWN["TOKEN"] not in str(caught.value)

    on_a_rig(tmp_path, work)
