"""Whether this process and its Spark session tell the same time, and what is said when they do not."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from lakesail_notebook.spark.sessions.session_zone import LocalZone, difference, offsets_of, without_agreed_zone

_PRINTED = "from lakesail_notebook.spark.sessions.session_zone import local_zone\nprint(local_zone())"


def local_zone_with(variable: str) -> str:
    program = [sys.executable, "-c", _PRINTED]
    return subprocess.run(program, env=os.environ | {"TZ": variable}, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("variable", ["Europe/Paris", ":Europe/Paris"])
def test_the_zone_of_a_process_is_what_tz_names(variable: str) -> None:
    said = local_zone_with(variable)
    assert "name='Europe/Paris'" in said
    assert "by_variable=True" in said


def test_a_rule_in_tz_has_no_name_and_its_offsets() -> None:
    said = local_zone_with("XYZ-5:30")
    assert "name=None" in said
    assert "by_variable=False" in said
    assert "seconds=19800" in said


def test_zones_are_the_same_when_winter_and_summer_are() -> None:
    assert offsets_of("Etc/UTC") == offsets_of("+00:00") == (timedelta(), timedelta())
    assert offsets_of("Europe/Paris") == offsets_of("Europe/Berlin") != offsets_of("+01:00")
    assert offsets_of("Mars/Olympus") is None


def test_the_zone_of_this_process_is_no_setting_to_set_again() -> None:
    here = LocalZone("Etc/UTC", (timedelta(), timedelta()), False)
    other = {"spark.sql.session.timeZone": "Asia/Tokyo", "spark.sql.a": "1"}
    assert without_agreed_zone(other, here) == other
    assert without_agreed_zone({"spark.sql.session.timeZone": "UTC", "spark.sql.a": "1"}, here) == {"spark.sql.a": "1"}
    assert without_agreed_zone({}, here) == {}


def test_a_difference_is_said_with_its_cure() -> None:
    hour = timedelta(hours=1)
    said = difference("UTC", LocalZone("Europe/Paris", (hour, 2 * hour), False))
    assert 'spark.conf.set("spark.sql.session.timeZone", "Europe/Paris")' in said
    said = difference("UTC", LocalZone(None, (-hour / 2, -hour / 2), False))
    assert "this process in UTC-00:30" in said
    assert '"-00:30")' in said
    assert '"Area/City")' in difference("UTC", LocalZone(None, (hour, 2 * hour), False))
