"""Whether a free engine computes on, by two readings of what it used."""

from __future__ import annotations

import pytest

from lakesail_notebook.workloads.rules.engine_rest import Reading, look_is_due, rest_between


@pytest.mark.parametrize(
    ("earlier", "later", "rest"),
    [
        (None, Reading(10.0, 5.0), None),
        (Reading(10.0, 5.0), Reading(10.1, 5.1), None),
        (Reading(10.0, 5.0), Reading(11.0, 5.99), "busy"),
        (Reading(10.0, 5.0), Reading(11.0, 5.11), "busy"),
        (Reading(10.0, 5.0), Reading(11.0, 5.02), "at rest"),
        (Reading(10.0, 5.0), Reading(20.0, 5.9), "at rest"),
        (Reading(10.0, 5.0), Reading(11.0, 4.0), "at rest"),  # processes that it started have ended
        (None, Reading(10.0, None), "at rest"),
        (Reading(10.0, None), Reading(11.0, 99.0), None),
    ],
)
def test_an_engine_is_busy_when_it_uses_a_tenth_of_a_core(
    earlier: Reading | None, later: Reading, rest: object
) -> None:
    assert rest_between(earlier, later) == rest


def test_a_freed_engine_is_looked_at_twice_soon_and_then_every_few_seconds() -> None:
    reading = Reading(10.0, 1.0)
    assert look_is_due(None, rested=False, now=10.0)
    assert not look_is_due(reading, rested=False, now=10.4)
    assert look_is_due(reading, rested=False, now=10.5)
    assert not look_is_due(reading, rested=True, now=14.9)
    assert look_is_due(reading, rested=True, now=15.0)
