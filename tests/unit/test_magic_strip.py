"""The strip under a cell, and what is said of an interrupt, as texts."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.rendering.queries import in_bytes, strip_text
from lakesail_notebook.rendering.strip import CellStrips
from lakesail_notebook.spark.queries.engine_tasks import JobTasks, TaskProgress, progress_of
from lakesail_notebook.spark.queries.observed import QUERIES, ObservedQuery

QUERY = ObservedQuery(number=1, operation_id="o", spark_session_id="s", what="select 1", thread_id=1, began=100.0)
DONE = replace(QUERY, ended=102.5, rows=1000, bytes=2_000_000, complete=True)


def test_a_running_query_is_named_with_what_came_so_far() -> None:
    assert strip_text([replace(QUERY, rows=1, bytes=17)], 105.0) == "Running: select 1 · 1 row, 17 B received"


def test_the_engines_tasks_are_told_where_it_tells_them() -> None:
    assert strip_text([QUERY], 105.0, TaskProgress(3, 11)) == "Running: select 1 · 3 of 11 tasks · 0 rows, 0 B received"


@pytest.mark.parametrize(("others", "busy"), [(1, "another query"), (3, "3 other queries")])
def test_a_query_that_the_engine_has_not_begun_is_said_to_wait_for_the_others(others: int, busy: str) -> None:
    assert strip_text([QUERY], 105.0, None, others) == f"Waiting: select 1 · the engine is busy with {busy}"


@pytest.mark.parametrize(("query", "others"), [(QUERY, 0), (replace(QUERY, answered=True), 2)])
def test_a_query_that_the_engine_has_begun_or_has_to_itself_runs(query: ObservedQuery, others: int) -> None:
    assert strip_text([query], 105.0, None, others).startswith("Running: select 1")


def test_the_first_word_of_the_engine_says_that_it_has_begun() -> None:
    request = spark_proto.ExecutePlanRequest(operation_id=str(uuid.uuid4()), session_id="s")
    QUERIES.begins(request)
    [waiting] = [one for one in QUERIES.after(0) if one.operation_id == request.operation_id]
    QUERIES.answered(request.operation_id, spark_proto.ExecutePlanResponse())
    [begun] = [one for one in QUERIES.after(0) if one.operation_id == request.operation_id]
    assert (waiting.answered, begun.answered, begun.ended) == (False, True, None)
    QUERIES.leaves(request.operation_id, None)


@pytest.mark.parametrize(
    ("rows", "progress"),
    [
        ([], None),
        ([("1", "SUCCEEDED", 4)], None),
        ([("1", "SUCCEEDED", 4), ("2", "FAILED", 1), ("2", "CANCELED", 1)], None),
        ([("1", "SUCCEEDED", 4), ("2", "SUCCEEDED", 3), ("2", "RUNNING", 2), ("2", "CREATED", 6)], TaskProgress(3, 11)),
        ([("2", "RUNNING", 2), ("2", "FAILED", 1), ("2", "SUCCEEDED", 1)], TaskProgress(1, 3)),
        ([("2", "RUNNING", 2), ("3", "SUCCEEDED", 1), ("3", "SCHEDULED", 1)], TaskProgress(1, 4)),
    ],
)
def test_the_tasks_of_jobs_that_are_not_over_are_counted(rows: list[JobTasks], progress: TaskProgress | None) -> None:
    assert progress_of(rows) == progress


def test_afterwards_the_strip_sums_up() -> None:
    assert strip_text([DONE], 200.0) == "1 query, 2.5 s, 1,000 rows, 2.0 MB"
    other = replace(DONE, operation_id="p")
    assert strip_text([DONE, other], 200.0) == "2 queries, 5.0 s, 2,000 rows, 4.0 MB"


def test_the_operations_of_one_action_are_one_query() -> None:
    parts = [replace(DONE, operation_id=operation_id, action_id="a") for operation_id in ("o", "p")]
    assert strip_text(parts, 200.0).startswith("1 query, 5.0 s, ")
    assert strip_text([*parts, replace(DONE, action_id="b")], 200.0).startswith("2 queries, ")


def test_a_query_without_all_of_its_results_is_no_success() -> None:
    assert strip_text([replace(DONE, complete=False)], 200.0).endswith("not all of its results came")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (10**16, "10000.0 TB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert in_bytes(size) == text


class LineThatCollects:
    """Ends a query while it is written to, as the garbage collector may in any allocation."""

    def __init__(self) -> None:
        self.strips: CellStrips | None = None
        self.told_once = threading.Event()

    def told(self, elapsed_seconds: float, text: str) -> None:
        assert self.strips is not None
        self.strips.query_ends(QUERY)
        self.told_once.set()

    def warned(self, text: str) -> None: ...
    def cleared(self) -> None: ...
    def ended(self, text: str) -> None: ...
    def broken_off(self, text: str) -> None: ...


def test_a_query_that_the_collector_ends_in_the_strips_own_thread_holds_nothing_up() -> None:
    line = LineThatCollects()
    line.strips = strips = CellStrips(lambda: line, lambda spark_session_id: None, lambda query: 0)
    strips.cell_begins()
    request = spark_proto.ExecutePlanRequest(operation_id=str(uuid.uuid4()), session_id="s")
    QUERIES.begins(request)
    [query] = [one for one in QUERIES.after(0) if one.operation_id == request.operation_id]
    strips.query_begins(query)
    assert line.told_once.wait(10), "the strip was not shown"
    ending = threading.Thread(target=strips.cell_ends, daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
    QUERIES.leaves(request.operation_id, None)
