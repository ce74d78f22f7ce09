"""Instants are shown in the zone of the Spark session, as Spark shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lakesail_notebook.rendering.arrow_values import texts_of
from lakesail_notebook.rendering.row_tables import of_arrow
from lakesail_notebook.spark.zones import SessionZone, has_instants, zone_of

NOON = datetime(2024, 7, 1, 10, 0, tzinfo=UTC)
INSTANT = pa.timestamp("us", tz="UTC")


def known(name: str) -> SessionZone:
    zone = zone_of(name)
    assert zone is not None
    return zone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Europe/Paris", "2024-07-01 12:00:00"),
        ("+05:30", "2024-07-01 15:30:00"),
        ("-03", "2024-07-01 07:00:00"),
        ("+0100", "2024-07-01 11:00:00"),
        ("Etc/UTC", "2024-07-01 10:00:00"),
        ("UTC", "2024-07-01 10:00:00"),
    ],
)
def test_an_instant_is_shown_as_a_clock_of_the_zone_shows_it(name: str, shown: str) -> None:
    assert texts_of(pa.array([NOON, None], INSTANT), known(name)) == [shown, None]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "+25:00", "../etc/passwd", "/etc/passwd"])
def test_a_name_of_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_without_a_known_zone_instants_carry_their_offset() -> None:
    assert texts_of(pa.array([NOON], INSTANT)) == ["2024-07-01 10:00:00+00:00"]


def test_timestamps_without_a_zone_stay_as_they_are() -> None:
    naive = pa.array([datetime(2024, 7, 1, 10, 0)], pa.timestamp("us"))
    assert texts_of(naive, known("Europe/Paris")) == ["2024-07-01 10:00:00"]


def test_instants_inside_of_values_are_shown_in_the_zone_too() -> None:
    paris = known("Europe/Paris")
    assert texts_of(pa.array([[NOON, None]], pa.list_(INSTANT)), paris) == ["[2024-07-01 12:00:00, null]"]
    struct = pa.array([{"at": NOON, "n": 1}], pa.struct([("at", INSTANT), ("n", pa.int64())]))
    assert texts_of(struct, paris) == ["{at: 2024-07-01 12:00:00, n: 1}"]
    by_name = pa.array([[("k", NOON)]], pa.map_(pa.string(), INSTANT))
    assert texts_of(by_name, paris) == ["{k: 2024-07-01 12:00:00}"]


def test_instants_beyond_those_of_python_are_shown_all_the_same() -> None:
    far = pa.array([2**60 // 4, -(2**60) // 4], pa.int64()).cast(INSTANT)
    early, late = texts_of(far, known("Europe/Paris"))
    assert early is not None
    assert late is not None
    last = pa.array([datetime(9999, 12, 31, 23, 30, tzinfo=UTC)], INSTANT)
    assert texts_of(last, known("Europe/Paris")) == ["9999-12-31 23:30:00+00:00"]


@pytest.mark.parametrize(
    ("kind", "has"),
    [
        (INSTANT, True),
        (pa.timestamp("us"), False),
        (pa.date32(), False),
        (pa.list_(pa.struct([("a", INSTANT)])), True),
        (pa.map_(pa.string(), pa.list_(INSTANT)), True),
        (pa.struct([("a", pa.timestamp("us"))]), False),
    ],
)
def test_instants_are_found_at_any_depth_of_a_type(kind: pa.DataType, has: bool) -> None:
    assert has_instants(kind) is has


def test_the_caption_names_the_zone_of_what_is_shown() -> None:
    paris = known("Europe/Paris")
    shown = of_arrow(pa.table({"t": pa.array([NOON], INSTANT)}), 5, zone=paris)
    assert shown.caption == "1 row, times in Europe/Paris"
    assert of_arrow(pa.table({"n": [1]}), 5, zone=paris).caption == "1 row"


def test_the_caption_of_a_result_without_columns_counts_its_rows() -> None:
    assert of_arrow(pa.table({}), 5, rows=3).caption == "3 rows, no columns"
    assert of_arrow(pa.table({}), 5, rows=6).caption == "The first 5 rows; there are more, no columns"
