"""What becomes of a query with each word on it, and without a further one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.feed import OperationReport
from lakesail_notebook.models import SessionStatus
from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.queries import LOST_AFTER, UNKNOWN, carried_on, seconds_of, state_of
from lakesail_notebook.workloads.services.views import query_view
from tests.builders import NOW, a_query, a_session

LATER = NOW + timedelta(seconds=10)


def report(**changes: Any) -> OperationReport:
    plausible: dict[str, Any] = {
        "session_id": "SESSION",
        "operation_id": "operation",
        "part": "part",
        "what": "select 1",
        "began_ago": 0.5,
        "rows": 0,
        "data_bytes": 0,
        "outcome": "running",
    }
    return OperationReport(**plausible | changes)


def test_the_first_word_begins_a_query() -> None:
    begun = carried_on(None, report(rows=3, data_bytes=24), NOW)
    assert begun == a_query(started_at=NOW - timedelta(seconds=0.5), heard_at=NOW, rows=3, data_bytes=24)


def test_its_duration_is_the_proxys_however_late_the_word_comes() -> None:
    begun = carried_on(None, report(), NOW)
    ended = carried_on(begun, report(began_ago=9, ended_ago=8.25, rows=5, outcome="failed"), LATER)
    assert (ended.started_at, ended.outcome, ended.rows) == (begun.started_at, "failed", 5)
    assert seconds_of(ended, ended.ended_at, LATER) == 0.75


def test_a_further_proxy_adds_to_what_the_earlier_one_saw() -> None:
    seen = carried_on(None, report(rows=10, data_bytes=80), NOW)
    part_two = report(part="two", what=None, began_ago=1, rows=4, data_bytes=32)
    carried = carried_on(seen, part_two, LATER)
    assert (carried.what, carried.started_at, carried.rows, carried.data_bytes) == (
        "select 1",
        seen.started_at,
        14,
        112,
    )
    ended = carried_on(
        carried, report(part="two", what=None, began_ago=2, ended_ago=0, rows=6, outcome="succeeded"), LATER
    )
    assert (ended.rows, ended.ended_at, ended.outcome) == (16, LATER, "succeeded")


def test_a_query_whose_beginning_nobody_told_has_one_all_the_same() -> None:
    met = carried_on(None, report(what=None, began_ago=2), NOW)
    assert (met.what, met.started_at) == (UNKNOWN, NOW - timedelta(seconds=2))


def test_a_client_that_came_back_runs_on() -> None:
    given_up = carried_on(None, report(ended_ago=0.1, outcome="cancelled"), NOW)
    back = carried_on(given_up, report(began_ago=70), LATER)
    assert (back.outcome, back.ended_at) == ("running", None)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), min_size=1, max_size=12))
def test_a_word_said_twice_counts_once(words: list[tuple[str, int]]) -> None:
    words.sort()
    once: QueryRecord | None = None
    twice: QueryRecord | None = None
    for part, rows in words:
        said = report(part=part, rows=rows)
        once = carried_on(once, said, NOW)
        twice = carried_on(carried_on(twice, said, NOW), said, NOW)
    assert once == twice


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("active", "running"), ("idle", "running"), ("closed", "cancelled"), ("failed", "failed")],
)
def test_what_runs_when_its_session_ends_ends_with_it(status: SessionStatus, outcome: str) -> None:
    session = a_session(status=status, closed_at=None if outcome == "running" else LATER)
    shown = query_view(a_query(heard_at=LATER), session, LATER + timedelta(seconds=3))
    assert (shown.outcome, shown.seconds) == (outcome, 13 if outcome == "running" else 10)


def test_a_query_does_not_last_until_somebody_finds_its_server_dead() -> None:
    session = a_session(status="failed", closed_at=LATER + timedelta(days=3))
    assert state_of(a_query(heard_at=LATER), session, LATER + timedelta(days=4)) == ("failed", LATER)


def test_what_ended_before_its_session_keeps_its_end() -> None:
    ended = a_query(outcome="succeeded", ended_at=NOW + timedelta(seconds=1))
    shown = query_view(ended, a_session(status="failed", closed_at=LATER), LATER)
    assert (shown.outcome, shown.seconds) == ("succeeded", 1)


def test_a_query_that_nobody_speaks_of_any_more_is_lost() -> None:
    query, session = a_query(heard_at=LATER), a_session(status="active")
    assert state_of(query, session, LATER + LOST_AFTER) == ("running", None)
    assert state_of(query, session, LATER + LOST_AFTER + timedelta(seconds=1)) == ("failed", LATER)


def test_a_query_is_shown_in_the_apis_words() -> None:
    query = a_query(
        rows=7, data_bytes=56, outcome="succeeded", ended_at=NOW + timedelta(microseconds=1_234_567), part="p"
    )
    shown = query_view(query, a_session(), LATER)
    assert (shown.id, shown.what, shown.started_at) == ("operation", "select 1", "2026-05-01T12:00:00.000Z")
    assert (shown.seconds, shown.rows, shown.bytes, shown.outcome) == (1.235, 7, 56, "succeeded")
