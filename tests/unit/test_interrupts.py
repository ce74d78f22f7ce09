"""What is said of an interrupt, and which threads are a cell's."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakesail_notebook import models
from lakesail_notebook.errors import FailedPrecondition
from lakesail_notebook.spark.interrupts.cell_threads import CellThreads
from lakesail_notebook.spark.interrupts.interrupts import (
    DISOBEDIENCE,
    Disobeyed,
    disobeys,
    old_query_note,
    verdict,
    verdict_on_all,
)
from lakesail_notebook.spark.interrupts.stopping import EngineAfter, StoppedQuery
from lakesail_notebook.spark.sail_workarounds.engine_load import EngineLoad, load_between
from tests.unit.small_api import Answer, SmallApi

STOPPED = StoppedQuery("select 1", 2.5, True)
UNANSWERED = StoppedQuery("range", 3.0, None)


@pytest.mark.parametrize(
    ("query", "after", "said"),
    [
        (STOPPED, EngineAfter(EngineLoad(0.01)), "select 1; the query is stopped, and the engine is at rest"),
        (STOPPED, EngineAfter(EngineLoad(0.99)), "but the engine does not obey: it still uses 99% of a core"),
        (
            STOPPED,
            EngineAfter(EngineLoad(0.35)),
            "the engine still uses 35% of a core: %sail interrupt says whether it goes on",
        ),
        (STOPPED, EngineAfter(EngineLoad(0.99), 2), "cannot be seen, since it works on 2 other queries of the session"),
        (STOPPED, EngineAfter(None), "the query was told to stop"),
        (UNANSWERED, EngineAfter(None), "does not obey yet: it stops a query between two batches"),
        (UNANSWERED, EngineAfter(EngineLoad(0.01)), "does not obey yet: it stops a query between two batches"),
        (UNANSWERED, EngineAfter(EngineLoad(0.99)), "but the engine does not obey: it still uses 99% of a core"),
    ],
)
def test_an_interrupt_is_judged_by_the_engines_answer_and_its_use_of_the_processor(
    query: StoppedQuery, after: EngineAfter, said: str
) -> None:
    sentence = verdict([query], after)
    assert sentence.startswith("interrupted after ")
    assert said in sentence


@pytest.mark.parametrize(
    ("load", "at_rest", "busy"),
    [
        (EngineLoad(0.3), False, False),
        (EngineLoad(0.3, available=0.4), False, True),
        (EngineLoad(0.05, available=0.4), True, False),
        (EngineLoad(0.05, computes=True), False, True),
    ],
)
def test_on_a_machine_where_others_compute_less_is_busy(load: EngineLoad, at_rest: bool, busy: bool) -> None:
    assert (load.at_rest, load.busy) == (at_rest, busy)


@pytest.mark.parametrize(
    ("before", "after", "used", "at_rest"),
    [
        (True, True, 0.1, False),
        (True, False, 0.1, True),
        (False, True, 0.1, True),
        (True, True, 0.01, True),
        (False, False, 0.5, False),
    ],
    ids=["computes", "has stopped", "wakes up", "uses next to nothing", "computed in between"],
)
def test_an_engine_that_gets_little_of_a_core_is_at_rest_if_its_threads_sleep(
    before: bool, after: bool, used: float, at_rest: bool
) -> None:
    load = load_between(
        models.EngineUse(cpu_seconds=7.0, computes=before),
        models.EngineUse(cpu_seconds=7.0 + used, computes=after),
        1.0,
    )
    assert load is not None
    assert load.at_rest == at_rest


def test_each_interrupted_query_is_named_up_to_five() -> None:
    two = verdict([STOPPED, UNANSWERED], EngineAfter(EngineLoad(0.0)))
    assert two.startswith("2 queries interrupted: select 1 after 2.5 s; range after 3.0 s, but the engine does not")
    seven = [StoppedQuery(f"select {number}", 2.5, True) for number in range(7)]
    assert "select 4 after 2.5 s; 2 more; the queries are stopped" in verdict(seven, EngineAfter(EngineLoad(0.0)))


def test_interrupted_queries_with_the_same_words_are_named_once() -> None:
    queries = [StoppedQuery("select 1", seconds, True) for seconds in (0.5, 3.0, 1.0)]
    told = verdict([*queries, UNANSWERED], EngineAfter(EngineLoad(0.0)))
    assert told.startswith("4 queries interrupted: select 1 (3 times, the longest after 3.0 s); range after 3.0 s,")


@pytest.mark.parametrize("after", [EngineAfter(EngineLoad(0.99)), EngineAfter(EngineLoad(0.99), 1)])
@pytest.mark.parametrize("query", [STOPPED, UNANSWERED])
def test_an_engine_that_is_known_to_go_on_comes_with_the_cure(query: StoppedQuery, after: EngineAfter) -> None:
    known = disobeys([query], after)
    assert known == (query is UNANSWERED or after.others == 0)
    assert ("%sail relaunch" in verdict([query], after)) == (after.others == 0)


@pytest.mark.parametrize("load", [None, EngineLoad(0.01)])
def test_an_interrupt_of_all_names_what_was_stopped(load: EngineLoad | None) -> None:
    assert verdict_on_all(["select 1", "range"], load) == "Told to stop: select 1; range."
    assert verdict_on_all([], load) == "No query was running."


def test_an_engine_that_computes_on_after_an_interrupt_of_all_is_an_error_with_the_cure() -> None:
    said = r"Told to stop: select 1, but the engine does not obey: .*99% of a core\. If no other .*%sail relaunch"
    with pytest.raises(FailedPrecondition, match=said):
        verdict_on_all(["select 1"], EngineLoad(0.99))


def test_an_engine_that_computes_on_without_a_query_of_ones_own_is_no_error() -> None:
    said = verdict_on_all([], EngineLoad(0.99))
    assert said.startswith("No query of this notebook was running, but the engine still uses 99% of a core. If no")
    assert "%sail close" in said


def test_an_engine_that_may_be_about_to_stop_is_told_of_without_an_error() -> None:
    assert verdict_on_all([], EngineLoad(0.35)).startswith(
        "No query was running, but the engine still uses 35% of a core"
    )


ENGINE = "/workloads/sessions/S1/engine"


def engine_use(*cpu_seconds: float) -> list[Answer]:
    return [Answer(200, models.EngineUse(cpu_seconds=used)) for used in cpu_seconds]


@pytest.mark.parametrize(
    ("query", "used", "said"),
    [
        (STOPPED, (1.0, 21.0, 41.0, 61.0, 81.0, 101.0), "still works on what was interrupted"),
        (UNANSWERED, (1.0,), "may still work on what was interrupted"),
    ],
)
def test_connect_offers_the_relaunch_after_an_interrupt_that_was_not_obeyed(
    query: StoppedQuery, used: tuple[float, ...], said: str
) -> None:
    with SmallApi() as api, api.client() as client:
        api.on("GET", ENGINE, *engine_use(*used))
        DISOBEDIENCE.note("S1", Disobeyed((query,), time.monotonic() - 61))
        try:
            note = old_query_note(lambda: client, "S1")
        finally:
            DISOBEDIENCE.forget("S1")
    assert note is not None
    assert said in note
    assert query.what in note
    assert "%sail close, then %sail relaunch" in note


def test_an_engine_that_has_come_to_rest_is_not_told_of_again() -> None:
    with SmallApi() as api, api.client() as client:
        api.on("GET", ENGINE, *engine_use(1.0))
        DISOBEDIENCE.note("S1", Disobeyed((STOPPED,), time.monotonic()))
        assert old_query_note(lambda: client, "S1") is None
        assert DISOBEDIENCE.of("S1") is None
        asked = api.count("GET", ENGINE)
        assert old_query_note(lambda: client, "S1") is None
        assert api.count("GET", ENGINE) == asked, "without a disobeyed interrupt, connect asks nothing"


class Worker:
    """A thread that runs what it is handed, as those of a pool do."""

    def __init__(self) -> None:
        self.handed: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
        self.at_work = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while (until := self.handed.get()) is not None:
            self.at_work.set()
            until.wait(60)

    @property
    def id(self) -> int:
        assert self.thread.ident is not None
        return self.thread.ident


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.handed.put(None)
    worker.thread.join(60)


def test_a_thread_that_the_cell_starts_is_the_cells(worker: Worker) -> None:
    before = CellThreads()
    later = Worker()
    until = threading.Event()
    later.handed.put(until)
    assert later.at_work.wait(60)
    assert before.at_work() == {before.own, later.id}, "the older one is still in the call that it was in"
    until.set()
    later.handed.put(None)
    later.thread.join(60)


def test_a_worker_of_an_older_pool_is_the_cells_while_it_works_for_it() -> None:
    begun, until = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        until.wait(60)
        return threading.get_ident()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(int).result() == 0, "the worker is there, and waits for work"
        cell = CellThreads()
        assert cell.at_work() == {cell.own}
        future = pool.submit(work)
        assert begun.wait(60)
        at_work = cell.at_work()
        until.set()
        assert at_work == {cell.own, future.result()}


def test_a_worker_that_was_busy_when_the_cell_began_is_not_the_cells() -> None:
    begun, until = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        until.wait(60)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work)
        assert begun.wait(60)
        cell = CellThreads()
        assert cell.at_work() == {cell.own}
        until.set()
