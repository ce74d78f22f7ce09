"""What is said while an engine does not answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.models import EngineUse
from lakesail_notebook.spark.sessions.waiting import Stopwatch, UnansweringEngine


class SetClock(SystemClock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def told(readings: Iterator[tuple[float, float | None]], computes: bool | None = None) -> list[str | None]:
    """What is said at each reading: the time, and how much of the processor the engine has used by then."""
    clock = SetClock()
    used: float | None = None
    engine = UnansweringEngine(lambda: EngineUse(cpu_seconds=used, computes=computes), Stopwatch(clock, 120))
    said = []
    for clock.seconds, used in readings:  # noqa: B007 - the engine reads it
        said.append(engine.trouble())
    return said


def test_an_engine_that_computes_without_an_answer_comes_with_the_cure() -> None:
    at_once, soon, later = told(iter([(0.5, 10.0), (1.5, 11.0), (3.0, 12.4)]))
    assert (at_once, soon) == (None, None), "it may be about to answer"
    assert later is not None
    assert "uses 96% of a core" in later
    assert "%sail close and %sail connect" in later


@pytest.mark.parametrize("used", [None, 10.1], ids=["cannot be seen", "at rest"])
def test_of_an_engine_that_is_not_seen_to_compute_nothing_is_said(used: float | None) -> None:
    assert told(iter([(0.5, 10.0), (60.0, used)])) == [None, None]


@pytest.mark.parametrize(("computes", "is_told"), [(True, True), (False, False), (None, False)])
def test_an_engine_that_gets_little_of_a_core_computes_if_its_threads_wait_for_more(
    computes: bool | None, is_told: bool
) -> None:
    *early, last = told(iter([(0.5, 10.0), (1.5, 10.1), (3.0, 10.2)]), computes)
    assert early == [None, None]
    assert (last is not None) == is_told


def test_threads_of_an_engine_that_wait_for_a_core_though_it_uses_nothing_are_not_told_of() -> None:
    assert told(iter([(0.5, 10.0), (10.5, 10.05)]), computes=True) == [None, None]
