"""Whether a free engine computes on, by two readings of what it used."""

from __future__ import annotations

import pytest

from lakesail_notebook.workloads.rules.engine_rest import Reading, look_is_due, rest_between
from lakesail_notebook.workloads.rules.engine_use import EngineUse


@pytest.mark.parametrize(
    ("earlier", "later", "rest"),
    [
        (None, Reading(10.0, EngineUse(5.0)), None),
        (Reading(10.0, EngineUse(5.0)), Reading(10.1, EngineUse(5.1)), None),
        (Reading(10.0, EngineUse(5.0)), Reading(11.0, EngineUse(5.99)), "busy"),
        (Reading(10.0, EngineUse(5.0)), Reading(11.0, EngineUse(5.11)), "busy"),
        (Reading(10.0, EngineUse(5.0)), Reading(11.0, EngineUse(5.02)), "at rest"),
        (Reading(10.0, EngineUse(5.0)), Reading(20.0, EngineUse(5.9)), "at rest"),
        (Reading(10.0, EngineUse(5.0)), Reading(11.0, EngineUse(4.0)), "at rest"),  # its children have ended
        # on a crowded machine:
        (Reading(10.0, EngineUse(5.0, 1.0)), Reading(12.0, EngineUse(5.08, 1.0)), "busy"),
        (Reading(10.0, EngineUse(5.0, 4.0)), Reading(15.0, EngineUse(5.15, 0.75)), "busy"),
        (Reading(10.0, EngineUse(5.0, 1.0)), Reading(12.0, EngineUse(5.08, 0.0)), "at rest"),
        (Reading(10.0, EngineUse(5.0, 0.0)), Reading(12.0, EngineUse(5.08, 1.0)), "at rest"),
        (Reading(10.0, EngineUse(5.0, 1.0)), Reading(12.0, EngineUse(5.01, 1.0)), "at rest"),
        (None, Reading(10.0, None), "at rest"),
        (Reading(10.0, None), Reading(11.0, EngineUse(99.0)), None),
    ],
)
def test_an_engine_is_busy_when_it_uses_a_tenth_of_a_core_or_its_threads_wait_for_one(
    earlier: Reading | None, later: Reading, rest: object
) -> None:
    assert rest_between(earlier, later) == rest


def test_a_freed_engine_is_looked_at_twice_soon_and_then_every_few_seconds() -> None:
    reading = Reading(10.0, EngineUse(1.0))
    assert look_is_due(None, rested=False, now=10.0)
    assert not look_is_due(reading, rested=False, now=10.4)
    assert look_is_due(reading, rested=False, now=10.5)
    assert not look_is_due(reading, rested=True, now=14.9)
    assert look_is_due(reading, rested=True, now=15.0)
