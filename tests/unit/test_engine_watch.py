"""What an engine's use of the processor says of the queries that were cancelled on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from lakesail_notebook.workloads.ports import Backend
from lakesail_notebook.workloads.reconciling.engine_watch import LONGEST_PAUSE_SECONDS, EngineWatch
from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.queries import LOST_AFTER
from tests.builders import a_query, a_workload
from tests.hasty import LoopClock, run_hastily

WORKLOAD = a_workload(id="W")
RAN_SECONDS = 5.0


class OneEngine:
    """A backend whose engine uses as much of a core as it is told to."""

    def __init__(self) -> None:
        self.share = 0.0
        self.seen = True
        self._used = 0.0
        self._at = 0.0

    def uses(self, share: float) -> None:
        self._advance()
        self.share = share

    async def cpu_seconds(self, workload_id: str) -> float | None:
        self._advance()
        return self._used if self.seen else None

    def _advance(self) -> None:
        now = LoopClock().monotonic()
        self._used += self.share * (now - self._at)
        self._at = now


def watched(scenario: Callable[[EngineWatch, OneEngine], Any]) -> None:
    async def run() -> None:
        engine = OneEngine()
        engine.uses(0.0)
        watch = EngineWatch({"LOCAL": cast("Backend", engine)}, LoopClock())
        try:
            await scenario(watch, engine)
        finally:
            await watch.close()

    run_hastily(run())


def query(outcome: str, id: str = "o") -> QueryRecord:
    return a_query(id=id, outcome=outcome, started_at=LoopClock().now())


@pytest.mark.parametrize(("before", "computed"), [(0.9, True), (0.05, False)])
def test_only_of_a_query_that_computed_rest_says_that_it_has_stopped(before: float, computed: bool) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(before)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        engine.uses(0.0)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS)
        seen = watch.seen("W")
        assert seen is not None
        assert seen.rest_at is not None
        assert seen.rest_at >= cancelled.started_at
        assert not seen.busy
        assert watch.computed(cancelled) is computed

    watched(scenario)


def test_an_engine_that_computes_on_is_watched_until_it_is_at_rest() -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(1.0)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("cancelled"))
        for _ in range(10):
            await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            seen = watch.seen("W")
            assert seen is not None
            assert (seen.busy, seen.rest_at) == (True, None)
        engine.uses(0.0)
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS + 1)
        seen = watch.seen("W")
        assert seen is not None
        assert not seen.busy
        assert seen.rest_at is not None

    watched(scenario)


def test_of_queries_that_ran_side_by_side_nobody_knows_which_computed() -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(1.0)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("running", "beside"))
        watch.heard(WORKLOAD, query("succeeded", "beside"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("cancelled"))
        await asyncio.sleep(RAN_SECONDS)
        assert not watch.computed(query("cancelled"))
        watch.heard(WORKLOAD, query("running", "alone"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("cancelled", "alone"))
        await asyncio.sleep(RAN_SECONDS)
        assert watch.computed(query("cancelled", "alone"))

    watched(scenario)


@pytest.mark.parametrize("spoken_of", [True, False])
def test_a_query_whose_end_nobody_reports_is_forgotten_once_nobody_speaks_of_it(spoken_of: bool) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(1.0)
        lost = query("running", "lost")
        watch.heard(WORKLOAD, lost)
        for _ in range(3):
            await asyncio.sleep(LOST_AFTER.total_seconds() / 2)
            if spoken_of:
                watch.runs_on(lost)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("cancelled"))
        await asyncio.sleep(RAN_SECONDS)
        assert watch.computed(query("cancelled")) is not spoken_of, "another query may be what computes"

    watched(scenario)


def test_of_an_engine_that_cannot_be_seen_nothing_is_said() -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.seen = False
        watch.heard(WORKLOAD, query("running"))
        watch.heard(WORKLOAD, query("cancelled"))
        watch.heard(a_workload(id="X", cluster_id="ANOTHER"), query("cancelled"))
        await asyncio.sleep(RAN_SECONDS)
        assert watch.seen("W") is watch.seen("X") is None
        assert not watch.computed(query("cancelled"))

    watched(scenario)
