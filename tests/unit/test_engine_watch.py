"""What an engine's use of the processor says of the queries that were cancelled on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from lakesail_notebook.workloads.ports import Backend
from lakesail_notebook.workloads.reconciling.engine_watch import LONGEST_PAUSE_SECONDS, EngineWatch
from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.engine_use import EngineUse
from lakesail_notebook.workloads.rules.queries import LOST_AFTER, engine_busy
from tests.builders import a_query, a_workload
from tests.hasty import LoopClock, run_hastily

WORKLOAD = a_workload(id="W")
RAN_SECONDS = 3.0


class OneEngine:
    """A backend whose engine uses as much of a core as it is told to, by as many threads."""

    def __init__(self) -> None:
        self.share = 0.0
        self.runnable: float | None = None
        self.seen = True
        self._used = 0.0
        self._at = 0.0

    def uses(self, share: float, runnable: float | None = None) -> None:
        self._advance()
        self.share, self.runnable = share, runnable

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        self._advance()
        return EngineUse(self._used, self.runnable) if self.seen else None

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


def query(outcome: str, id: str = "o", ended_ago: float = 0.0) -> QueryRecord:
    now = LoopClock().now()
    ended_at = None if outcome == "running" else now - timedelta(seconds=ended_ago)
    return a_query(id=id, outcome=outcome, started_at=now, ended_at=ended_at)


def busy_says(watch: EngineWatch, cancelled: QueryRecord) -> bool | None:
    """Whether the engine works on a query whose cancellation it has answered, as its owner reads it."""
    now = LoopClock().now()
    return engine_busy(
        replace(cancelled, engine_answered=True, heard_at=now),
        "cancelled",
        cancelled.ended_at,
        watch.seen("W"),
        computed=watch.computed(cancelled),
        only_suspect=True,
        now=now,
    )


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


# On a crowded machine


@pytest.mark.parametrize("share", [0.05, 0.12, 0.26])
def test_an_engine_that_gets_little_of_a_crowded_machine_computes_all_the_same(share: float) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(share, runnable=1.0)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        engine.uses(0.001, runnable=0.0)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is False

    watched(scenario)


@pytest.mark.parametrize("share", [0.03, 0.07, 0.09])
def test_an_engine_that_gets_little_of_a_crowded_machine_and_computes_on_is_not_at_rest(share: float) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(share, runnable=1.0)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        for _ in range(2):
            await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            assert busy_says(watch, cancelled) is True
        engine.uses(0.001, runnable=0.0)
        await asyncio.sleep(3 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is False

    watched(scenario)


@pytest.mark.parametrize(("share", "threads", "slept"), [(1.0, 1.0, 1.0), (0.12, 1.0, 1.5), (0.4, 3.0, 8.0)])
def test_of_a_function_that_computed_and_then_slept_rest_says_nothing(
    share: float, threads: float, slept: float
) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(share, runnable=threads)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        engine.uses(0.001, runnable=0.0)
        await asyncio.sleep(slept)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(3 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is None

    watched(scenario)


# Late reports


@pytest.mark.parametrize(("ran", "late"), [(2.6, 0.5), (2.4, 1.0), (2.1, 2.0)])
def test_a_cancellation_that_is_heard_of_late_hides_not_that_the_query_computed(ran: float, late: float) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(0.9)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(ran)
        engine.uses(0.001)
        await asyncio.sleep(late)
        cancelled = query("cancelled", ended_ago=late)
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is False

    watched(scenario)


@pytest.mark.parametrize("ahead", [0.1, 0.5, 1.5])
def test_the_engine_is_seen_at_rest_after_an_end_that_is_told_too_late(ahead: float) -> None:
    """The end counts from the beginning, which is known late when its report took long."""

    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(0.9)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        engine.uses(0.001)
        cancelled = query("cancelled", ended_ago=-ahead)
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(4 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is False

    watched(scenario)


def test_an_end_in_the_far_future_does_not_keep_the_watch_looking() -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        watch.heard(WORKLOAD, query("cancelled", ended_ago=-3600))
        await asyncio.sleep(5 * LONGEST_PAUSE_SECONDS)
        seen = watch.seen("W")
        assert seen is not None
        await asyncio.sleep(5 * LONGEST_PAUSE_SECONDS)
        assert watch.seen("W") is seen

    watched(scenario)


@pytest.mark.parametrize("after", [0.1, 1.0, 2.5])
def test_what_the_engine_did_before_a_second_cancellation_is_not_taken_for_work_after_it(after: float) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        engine.uses(1.0)
        watch.heard(WORKLOAD, query("running", "first"))
        await asyncio.sleep(RAN_SECONDS)
        watch.heard(WORKLOAD, query("cancelled", "first"))
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(after)
        engine.uses(0.001)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        for _ in range(10):
            await asyncio.sleep(0.3)
            assert busy_says(watch, cancelled) is not True

    watched(scenario)


# What is no query


@pytest.mark.parametrize("pause", [0.0, 0.3, 3.0])
def test_what_was_found_to_be_no_query_does_not_count_as_one_that_runs(pause: float) -> None:
    async def scenario(watch: EngineWatch, engine: OneEngine) -> None:
        read = query("running", "read")
        watch.heard(WORKLOAD, read)
        await asyncio.sleep(pause)
        watch.was_none(read)
        engine.uses(1.0)
        watch.heard(WORKLOAD, query("running"))
        await asyncio.sleep(RAN_SECONDS)
        engine.uses(0.001)
        cancelled = query("cancelled")
        watch.heard(WORKLOAD, cancelled)
        await asyncio.sleep(2 * LONGEST_PAUSE_SECONDS)
        assert busy_says(watch, cancelled) is False

    watched(scenario)
