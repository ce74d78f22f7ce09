"""Limits: the defaults of the documentation, and what an administrator may make of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.models import SessionConfig
from lakesail_notebook.workloads.records import Timeouts
from lakesail_notebook.workloads.settings import DurationRange, SessionLimits, Settings, limits_from


def test_the_defaults_are_those_of_a_single_user() -> None:
    limits = SessionLimits()
    assert limits.idle_timeout == DurationRange(1800, 60, 28800)
    assert limits.idle_close_delay == DurationRange(28800, 0, 28800)
    assert limits.max_duration == DurationRange(None, 300, 604800)
    assert limits.token_duration == DurationRange(28800, 60, 7776000)
    assert (limits.detached_seconds, limits.start_timeout_seconds) == (300, 60)
    assert limits.spark_sessions_per_session == 64
    assert Settings().limits == limits


def test_a_session_without_wishes_has_the_defaults() -> None:
    expected = Timeouts(idle_timeout=1800, idle_close_delay=28800, max_duration=None, detached=300)
    assert SessionLimits().timeouts(None) == SessionLimits().timeouts(SessionConfig()) == expected


def test_a_session_has_what_it_asks_for() -> None:
    wanted = SessionConfig(idle_timeout_seconds=60, idle_close_delay_seconds=0, max_duration_seconds=604800)
    expected = Timeouts(idle_timeout=60, idle_close_delay=0, max_duration=604800, detached=300)
    assert SessionLimits().timeouts(wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "field", "bounds"),
    [
        (SessionConfig(idle_timeout_seconds=59), "idleTimeoutSeconds", "60 and 28800"),
        (SessionConfig(idle_timeout_seconds=28801), "idleTimeoutSeconds", "60 and 28800"),
        (SessionConfig(idle_timeout_seconds=0), "idleTimeoutSeconds", "60 and 28800"),
        (SessionConfig(idle_close_delay_seconds=-1), "idleCloseDelaySeconds", "0 and 28800"),
        (SessionConfig(max_duration_seconds=299), "maxDurationSeconds", "300 and 604800"),
        (SessionConfig(max_duration_seconds=2**63), "maxDurationSeconds", "300 and 604800"),
    ],
)
def test_a_wish_beyond_a_limit_is_refused_with_the_limit(wanted: SessionConfig, field: str, bounds: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        SessionLimits().timeouts(wanted)
    assert caught.value.message.startswith(f"{field} must lie between {bounds} seconds")
    assert [error.pointer for error in caught.value.errors] == [f"/config/{field}"]


@given(st.integers(0, 100), st.integers(0, 100), st.integers(-50, 200))
def test_a_value_passes_exactly_within_its_limits(one: int, other: int, wanted: int) -> None:
    floor, ceiling = sorted((one, other))
    limit = DurationRange(floor, floor, ceiling)
    if floor <= wanted <= ceiling:
        assert limit.value(wanted, "/x") == wanted
    else:
        with pytest.raises(InvalidArgument):
            limit.value(wanted, "/x")


def test_an_administrator_changes_what_he_names_and_nothing_else() -> None:
    changed = limits_from({"idle_timeout": {"default": 5, "floor": 1}, "start_timeout_seconds": 30})
    assert changed.idle_timeout == DurationRange(5, 1, 28800)
    assert changed.start_timeout_seconds == 30
    assert limits_from({"idle_timeout": {}}, changed) == changed
    assert limits_from({}) == SessionLimits()


@pytest.mark.parametrize(
    ("trait", "said"),
    [
        ({"idle": {"default": 5}}, "limits has no 'idle'; it knows detached_seconds, extension, idle_close_delay"),
        ({"idle_timeout": 5}, "a mapping of default, floor and ceiling"),
        ({"idle_timeout": {"maximum": 5}}, "a mapping of default, floor and ceiling"),
        ({"idle_timeout": {"default": "5"}}, "idle_timeout.default is a whole number, not a str"),
        ({"idle_timeout": {"default": True}}, "idle_timeout.default is a whole number"),
        ({"idle_timeout": {"default": -1}}, "idle_timeout.default is a whole number"),
        ({"idle_timeout": {"default": 5}}, "its default 5 outside 60 to 28800 seconds"),
        ({"idle_timeout": {"ceiling": 900}}, "its default 1800 outside 60 to 900 seconds"),
        ({"max_duration": {"ceiling": 200}}, "its default 300 outside 300 to 200 seconds"),
        ({"detached_seconds": {"default": 5}}, "detached_seconds is a whole number"),
        ({"start_timeout_seconds": 1.5}, "start_timeout_seconds is a whole number"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(trait: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"limits") as caught:
        limits_from(trait)
    assert said in str(caught.value)
