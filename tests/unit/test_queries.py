"""What becomes of a query with each word on it, and without a further one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.feed import OperationReport
from lakesail_notebook.models import SessionStatus
from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.queries import (
    LOST_AFTER,
    UNKNOWN,
    EngineSeen,
    actions_of,
    carried_on,
    engine_busy,
    seconds_of,
    state_of,
)
from lakesail_notebook.workloads.services.views import query_view
from tests.builders import NOW, a_query, a_session

LATER = NOW + timedelta(seconds=10)
SECOND = timedelta(seconds=1)


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


def test_a_report_that_takes_long_puts_no_query_behind_the_next() -> None:
    late = carried_on(None, report(began_ago=0.1), NOW)
    prompt = carried_on(None, report(began_ago=0.3), NOW + 0.1 * SECOND, after=late.started_at)
    assert late.started_at < prompt.started_at < late.started_at + 0.01 * SECOND


@pytest.mark.parametrize("clock_moved", [timedelta(hours=-9), timedelta(hours=9)])
def test_a_clock_that_was_set_does_not_move_the_next_query(clock_moved: timedelta) -> None:
    now = NOW + clock_moved
    assert carried_on(None, report(began_ago=0), now, after=NOW).started_at == now


def test_its_duration_is_the_proxys_however_late_the_word_comes() -> None:
    begun = carried_on(None, report(), NOW)
    ended = carried_on(begun, report(began_ago=9, ended_ago=8.25, rows=5, outcome="failed"), LATER)
    assert (ended.started_at, ended.outcome, ended.rows) == (begun.started_at, "failed", 5)
    assert seconds_of(ended, ended.ended_at, LATER) == 0.75


def test_a_further_proxy_adds_to_what_the_earlier_one_saw() -> None:
    seen = carried_on(None, report(rows=10, data_bytes=80), NOW)
    part_two = report(part="two", what=None, began_here=False, began_ago=1, rows=4, data_bytes=32)
    carried = carried_on(seen, part_two, LATER)
    assert (carried.what, carried.started_at, carried.rows, carried.data_bytes) == (
        "select 1",
        seen.started_at,
        14,
        112,
    )
    ended = carried_on(
        carried,
        report(part="two", what=None, began_here=False, began_ago=2, ended_ago=0, rows=6, outcome="succeeded"),
        LATER,
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


def test_why_it_failed_is_kept_and_shown() -> None:
    failed = carried_on(None, report(ended_ago=0.1, outcome="failed", error="divide by zero"), NOW)
    assert query_view(failed, a_session(), LATER).error == "divide by zero"
    back = carried_on(failed, report(), NOW)
    assert query_view(back, a_session(), LATER).error is None


def test_what_ended_with_its_session_failed_for_the_sessions_reason() -> None:
    session = a_session(status="failed", closed_at=LATER, status_message="Its engine ended.")
    assert query_view(a_query(heard_at=LATER), session, LATER).error == "Its engine ended."
    lost = query_view(a_query(heard_at=NOW), a_session(status="active"), NOW + 2 * LOST_AFTER)
    assert lost.error is not None
    assert "did not come back" in lost.error


# Actions


def test_the_operations_of_one_action_are_one_row() -> None:
    command = a_query(id="o1", action_id="a", what="insert into t", started_at=NOW, rows=0, ended_at=NOW + SECOND)
    shown = a_query(
        id="o2",
        action_id="a",
        what="spark.sql(...).show()",
        started_at=NOW + SECOND,
        ended_at=NOW + 3 * SECOND,
        rows=4,
        data_bytes=32,
        outcome="failed",
        error="no",
    )
    other = a_query(id="o3", started_at=NOW + 2 * SECOND)
    done = replace(command, outcome="succeeded")
    [newest, action] = actions_of([other, shown, done])
    assert newest.query == newest.decisive == other
    assert action.decisive == shown
    row = action.query
    assert (row.id, row.what, row.started_at, row.ended_at) == ("a", "insert into t", NOW, NOW + 3 * SECOND)
    assert (row.rows, row.data_bytes, row.outcome, row.error) == (4, 32, "failed", "no")
    [running] = actions_of([shown, command])
    assert (running.query.outcome, running.query.ended_at) == ("running", None)


def test_an_action_that_failed_first_and_was_tried_again_has_the_last_outcome() -> None:
    first = a_query(id="o1", action_id="a", outcome="failed", error="no", what=UNKNOWN, ended_at=NOW)
    again = a_query(id="o2", action_id="a", outcome="succeeded", what="df.count()", ended_at=LATER, started_at=LATER)
    [action] = actions_of([again, first])
    row = action.query
    assert (row.outcome, row.error, row.what) == ("succeeded", None, "df.count()")


# Whether the engine works on it

CANCELLED = a_query(outcome="cancelled", ended_at=LATER, heard_at=LATER, engine_answered=True)


def seen(**changes: Any) -> EngineSeen:
    plausible: dict[str, Any] = {"looked_at": LATER + SECOND, "busy": True, "rest_at": None}
    return EngineSeen(**plausible | changes)


@pytest.mark.parametrize(
    ("query", "engine", "only_suspect", "busy"),
    [
        (a_query(), None, False, True),
        (a_query(outcome="succeeded", ended_at=LATER), seen(), True, False),
        (a_query(outcome="failed", ended_at=LATER), seen(), True, False),
        (CANCELLED, None, True, None),
        (CANCELLED, seen(), True, True),
        (CANCELLED, seen(), False, None),
        (CANCELLED, seen(busy=False), True, None),
        (CANCELLED, seen(looked_at=LATER), True, None),
        (CANCELLED, seen(rest_at=LATER), False, False),
        (CANCELLED, seen(rest_at=NOW), True, True),
        (replace(CANCELLED, engine_answered=False), seen(rest_at=LATER), False, True),
        (replace(CANCELLED, engine_answered=None), seen(rest_at=LATER), True, None),
        (replace(CANCELLED, engine_answered=False, heard_at=NOW - LOST_AFTER), None, True, None),
    ],
)
def test_whether_the_engine_works_on_it_is_known_or_unknown(
    query: QueryRecord, engine: EngineSeen | None, only_suspect: bool, busy: bool | None
) -> None:
    outcome, ended_at = state_of(query, a_session(), LATER)
    assert engine_busy(query, outcome, ended_at, engine, computed=True, only_suspect=only_suspect, now=LATER) is busy


def test_of_what_ended_otherwise_than_its_proxy_said_nobody_knows() -> None:
    lost = a_query()
    for outcome in ("failed", "cancelled"):
        assert engine_busy(lost, outcome, NOW, seen(), computed=True, only_suspect=True, now=LATER) is None


def test_of_a_query_that_only_waited_an_engine_at_rest_says_nothing() -> None:
    at_rest = seen(busy=False, rest_at=LATER)
    for computed, busy in ((False, None), (True, False)):
        told = engine_busy(CANCELLED, "cancelled", LATER, at_rest, computed=computed, only_suspect=True, now=LATER)
        assert told is busy


def test_a_query_is_shown_in_the_apis_words() -> None:
    query = a_query(
        rows=7, data_bytes=56, outcome="succeeded", ended_at=NOW + timedelta(microseconds=1_234_567), part="p"
    )
    shown = query_view(query, a_session(), LATER)
    assert (shown.id, shown.what, shown.started_at) == ("operation", "select 1", "2026-05-01T12:00:00.000Z")
    assert (shown.seconds, shown.rows, shown.bytes, shown.outcome) == (1.235, 7, 56, "succeeded")
