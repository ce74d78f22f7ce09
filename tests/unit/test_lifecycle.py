"""What sessions and workloads may become, and what time alone asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.models import LIVE_STATUSES
from lakesail_notebook.workloads.records import SessionRecord, Timeouts
from lakesail_notebook.workloads.rules.lifecycle import (
    REUSABLE,
    SESSION_MOVES,
    UNFINISHED,
    WORKLOAD_MOVES,
    SessionMove,
    WorkloadMove,
    due_move,
    ending,
    linger_over,
    timeout_at,
    timeout_reason,
)
from tests.builders import NOW, TIMEOUTS, a_session, a_workload

# The tables


def test_the_moves_of_a_session_are_those_of_the_documentation() -> None:
    assert {(old, new) for old, moves in SESSION_MOVES.items() for new in moves} == {
        ("pending", "active"),
        ("active", "idle"),
        ("idle", "active"),
        *((old, end) for old in ("pending", "active", "idle") for end in ("closed", "failed")),
    }


def test_the_moves_of_a_workload_lead_from_requested_to_an_end() -> None:
    assert WORKLOAD_MOVES["stopped"] == WORKLOAD_MOVES["failed"] == frozenset()
    for old in ("requested", "starting", "ready", "stopping"):
        assert "failed" in WORKLOAD_MOVES[old]
    for old, new in pairwise(("requested", "starting", "ready", "stopping", "stopped")):
        assert new in WORKLOAD_MOVES[old]  # type: ignore[index]
        assert old not in WORKLOAD_MOVES[new]


@pytest.mark.parametrize("table", [SESSION_MOVES, WORKLOAD_MOVES])
def test_no_move_leads_out_of_the_table_or_to_itself(table: Mapping[str, frozenset[str]]) -> None:
    for old, moves in table.items():
        assert moves <= set(table)
        assert old not in moves


def test_the_live_statuses_are_those_with_a_way_out() -> None:
    assert {status for status, moves in SESSION_MOVES.items() if moves} == set(LIVE_STATUSES)
    assert frozenset({"requested", "starting", "ready", "stopping"}) == UNFINISHED
    assert REUSABLE < UNFINISHED


def test_a_move_knows_where_it_may_come_from() -> None:
    for new in SESSION_MOVES:
        sources = SessionMove(to=new, at=NOW).sources
        assert sources == {old for old, moves in SESSION_MOVES.items() if new in moves}
        assert sources <= set(LIVE_STATUSES)
    for state in WORKLOAD_MOVES:
        assert WorkloadMove(to=state, at=NOW).sources <= UNFINISHED
    assert SessionMove(to="pending", at=NOW).sources == frozenset()


# Time

seconds = st.integers(0, 40_000)
moments = seconds.map(lambda after: NOW + timedelta(seconds=after))
maybe = st.none() | moments


@st.composite
def sessions(draw: st.DrawFn) -> SessionRecord:
    times = Timeouts(
        idle_timeout=draw(seconds),
        idle_close_delay=draw(seconds),
        max_duration=draw(st.none() | seconds),
        detached=draw(seconds),
    )
    return a_session(
        status=draw(st.sampled_from(sorted(SESSION_MOVES))),
        timeouts=times,
        last_activity_at=draw(moments),
        active_since=draw(maybe),
        idle_since=draw(maybe),
        detached_since=draw(maybe),
    )


def apply(session: SessionRecord, move: SessionMove) -> SessionRecord:
    """The session after the move, as the store keeps it."""
    changes: dict[str, Any] = {"status": move.to, "idle_since": move.at if move.to == "idle" else session.idle_since}
    return a_session(**{name: getattr(session, name) for name in SessionRecord.__dataclass_fields__} | changes)


@given(sessions(), moments)
def test_time_asks_only_for_moves_of_the_table(session: SessionRecord, now: datetime) -> None:
    move = due_move(session, now)
    if move is not None:
        assert move.to in SESSION_MOVES[session.status]
        assert session.status in move.sources
        assert move.at == now


@given(sessions(), moments)
def test_a_session_that_is_over_is_left_alone(session: SessionRecord, now: datetime) -> None:
    if session.status not in LIVE_STATUSES:
        assert due_move(session, now) is None
        assert timeout_at(session) is None


@given(sessions(), moments)
def test_a_session_closes_exactly_from_its_timeout_on(session: SessionRecord, now: datetime) -> None:
    end = timeout_at(session)
    move = due_move(session, now)
    closes = move is not None and move.to == "closed"
    assert closes == (end is not None and now >= end)


@given(sessions(), moments)
def test_the_rule_that_is_told_is_the_one_that_ends_a_session(session: SessionRecord, now: datetime) -> None:
    move = due_move(session, now)
    assert (timeout_reason(session) is None) == (timeout_at(session) is None)
    if move is not None and move.to == "closed":
        assert move.reason == timeout_reason(session)


@given(sessions(), moments, moments)
def test_what_is_due_stays_due(session: SessionRecord, one: datetime, other: datetime) -> None:
    """Later, time asks for the same or for the end, never for less."""
    earlier, later = sorted((one, other))
    weight = {None: 0, "idle": 1, "closed": 2}
    asked = [due_move(session, now) for now in (earlier, later)]
    first, second = (weight[None if move is None else move.to] for move in asked)
    assert first <= second


@given(sessions(), moments)
def test_a_move_that_was_made_is_not_asked_for_again(session: SessionRecord, now: datetime) -> None:
    move = due_move(session, now)
    if move is not None:
        assert due_move(apply(session, move), now) is None


@given(sessions(), moments)
def test_becoming_idle_does_not_change_when_it_closes(session: SessionRecord, now: datetime) -> None:
    move = due_move(session, now)
    if move is not None and move.to == "idle":
        assert timeout_at(apply(session, move)) == timeout_at(session)


@given(sessions(), moments)
def test_use_never_brings_the_end_nearer(session: SessionRecord, use: datetime) -> None:
    end = timeout_at(session)
    used = a_session(
        **{name: getattr(session, name) for name in SessionRecord.__dataclass_fields__}
        | {"last_activity_at": max(use, session.last_activity_at)}
    )
    later_end = timeout_at(used)
    assert (end is None) == (later_end is None)
    assert end is None or later_end is None or later_end >= end


def at(seconds_later: float) -> datetime:
    return NOW + timedelta(seconds=seconds_later)


def test_an_unused_session_becomes_idle_then_closes() -> None:
    session = a_session(status="active")
    assert due_move(session, at(1799.999)) is None
    assert due_move(session, at(1800)) == SessionMove(to="idle", at=at(1800))
    closing = due_move(session, at(1800 + 28800))
    assert closing is not None
    assert (closing.to, closing.reason) == ("closed", "idle_timeout")
    assert closing.message == f"Session {session.id} was closed after 8 h 30 min idle."


def test_a_pending_session_that_nobody_uses_closes_without_being_idle() -> None:
    session = a_session(status="pending")
    assert due_move(session, at(28800)) is None
    closing = due_move(session, at(1800 + 28800))
    assert closing is not None
    assert closing.reason == "idle_timeout"


def test_the_maximum_duration_counts_from_the_first_use() -> None:
    limited = Timeouts(idle_timeout=1800, idle_close_delay=300, max_duration=3600, detached=300)
    session = a_session(status="active", timeouts=limited, active_since=NOW, last_activity_at=at(3599))
    assert due_move(session, at(3599.999)) is None
    closing = due_move(session, at(3600))
    assert closing is not None
    assert closing.reason == "max_duration"
    assert closing.message is not None
    assert "maximum duration of 60 min" in closing.message
    pending = a_session(timeouts=limited, last_activity_at=at(3599))
    assert due_move(pending, at(3601)) is None


def test_a_detached_session_closes_unless_a_client_uses_it() -> None:
    session = a_session(status="active", detached_since=at(10))
    assert timeout_at(session) == at(310)
    closing = due_move(session, at(310))
    assert closing is not None
    assert closing.reason == "detached"
    used = a_session(status="active", detached_since=at(10), last_activity_at=at(200))
    assert timeout_at(used) == at(500)


def test_the_end_that_comes_first_is_the_reason() -> None:
    limited = Timeouts(idle_timeout=60, idle_close_delay=0, max_duration=300, detached=30)
    both = a_session(status="active", timeouts=limited, active_since=NOW, detached_since=NOW)
    closing = due_move(both, at(100_000))
    assert closing is not None
    assert closing.reason == "detached"


def test_an_end_says_what_happened_and_names_no_command() -> None:
    move = ending("S1", "failed", NOW, "engine_crashed", "failed: its engine ended with signal 9 (SIGKILL)")
    assert move == SessionMove(
        to="failed",
        at=NOW,
        reason="engine_crashed",
        message="Session S1 failed: its engine ended with signal 9 (SIGKILL).",
    )


def test_a_freed_workload_waits_its_time_for_the_next_session() -> None:
    assert not linger_over(a_workload(), 0, at(1e6))
    assert not linger_over(a_workload(freed_at=NOW), 60, at(59.999))
    assert linger_over(a_workload(freed_at=NOW), 60, at(60))
    assert linger_over(a_workload(freed_at=NOW), 0, NOW)


def test_the_usual_timeouts_are_those_of_a_single_user() -> None:
    assert timeout_at(a_session(timeouts=TIMEOUTS)) == at(1800 + 28800)
