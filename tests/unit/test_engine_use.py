"""What looks at an engine say of its work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.workloads.rules.engine_use import EngineUse, Look, computed_until, wanted_share
from tests.builders import NOW

RAN = 10.0
"""Seconds from the beginning of a query to its end."""


def look(at: float, cpu_seconds: float, runnable: float | None = None) -> Look:
    return Look(NOW + timedelta(seconds=at), 1000.0 + at, EngineUse(cpu_seconds, runnable))


def computed(
    used_by: Callable[[float], float],
    share: float,
    looks_at: Iterable[float],
    heard_at: float = RAN,
    ended: float = RAN,
) -> bool:
    """Of a query on an engine that has computed for so many seconds by a moment, and got this share of a core.

    A thread of it computes or waits for a core as long as it has anything to compute.
    """

    def seen(at: float) -> Look:
        computes = used_by(at + 0.01) > used_by(at)
        return look(at, share * used_by(at), 1.0 if computes else 0.0)

    return computed_until(NOW + timedelta(seconds=ended), [seen(at) for at in looks_at], seen(heard_at))


def until(end: float) -> Callable[[float], float]:
    return lambda at: min(at, end)


shares = st.floats(0.03, 1.0)
phases = st.floats(0.0, 0.99)


@given(shares, phases, st.floats(0.0, 3.0))
def test_a_query_that_computed_to_its_end_is_known_however_little_it_got_and_however_late(
    share: float, phase: float, late: float
) -> None:
    looks_at = [phase + second for second in range(6, 13) if phase + second <= RAN + late]
    assert computed(until(RAN), share, looks_at, RAN + late)


@given(shares, phases, st.floats(1.0, 8.0))
def test_a_query_that_waited_for_the_last_second_did_not_compute_to_its_end(
    share: float, phase: float, waited: float
) -> None:
    looks_at = [phase + second for second in range(10) if phase + second <= RAN]
    assert not computed(until(RAN - waited), share, looks_at)


@pytest.mark.parametrize("looks_at", [[], [9.9], [10.0, 11.0]])
def test_without_a_look_some_time_before_the_end_nothing_is_known(looks_at: list[float]) -> None:
    assert not computed(until(RAN), 1.0, looks_at, 12.0)


@pytest.mark.parametrize("looked_at", [0.0, 3.0, 6.9])
def test_of_a_query_that_nobody_looked_at_for_long_before_its_end_nothing_is_known(looked_at: float) -> None:
    assert not computed(until(RAN), 1.0, [looked_at])
    assert not computed(until(RAN - 3), 1.0, [looked_at])


@pytest.mark.parametrize("ended", [RAN + 3600, RAN - 3600])
def test_a_wall_clock_that_was_set_makes_no_sleeping_query_one_that_computed(ended: float) -> None:
    assert not computed(until(RAN - 2), 1.0, [7.5, 8.5, 9.5], ended=ended)


def test_a_single_look_tells_of_a_machine_that_is_not_crowded() -> None:
    assert computed(until(RAN), 0.9, [9.5])
    assert not computed(until(RAN), 0.2, [9.5])


@pytest.mark.parametrize(
    ("used", "before", "now", "wanted"),
    [
        (1.5, 0.0, 0.0, 1.5),
        (0.05, 1.0, 1.0, 1.0),
        (0.05, 1.0, 0.25, 0.05),
        (0.05, 0.25, 1.0, 0.05),
        (0.05, None, None, 0.05),
        (0.01, 1.0, 1.0, 0.01),
    ],
)
def test_an_engine_whose_threads_wait_for_a_core_wants_all_of_one(
    used: float, before: float | None, now: float | None, wanted: float
) -> None:
    share = wanted_share(EngineUse(3.0, before), EngineUse(3.0 + 2 * used, now), 2.0)
    assert share == pytest.approx(wanted)


def test_in_no_time_nothing_is_used() -> None:
    assert wanted_share(EngineUse(1.0), EngineUse(2.0), 0.0) == 0.0
