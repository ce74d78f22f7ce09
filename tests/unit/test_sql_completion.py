"""What a word in a cell of SQL may become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.sql.completion import candidates

CATALOG = {"flights": ("carrier", "distance"), "planes": ("tailnum", "Seats"), "my table": ("a b",)}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select * from |", ["flights", "planes", "`my table`"]),
        ("select * from FL|", ["flights"]),
        ("select * from flights join pl|", ["planes"]),
        ("select d|", ["distance"]),
        ("select |s from planes", ["tailnum", "Seats", "flights", "planes", "`my table`"]),
        ("select s| from planes p", ["Seats"]),
        ("select f.| from flights f", ["carrier", "distance"]),
        ("select p.se| from flights f join planes as p", ["Seats"]),
        ("select planes.t|", ["tailnum"]),
        ("select nobody.| from planes", []),
        ("select a|", ["`a b`"]),
        ("select * from planes where s|\norder by 1", ["Seats"]),
    ],
)
def test_a_word_becomes_what_can_stand_there(sql: str, found: list[str]) -> None:
    cursor = sql.index("|")
    assert list(candidates(sql.replace("|", ""), cursor, CATALOG)[0]) == found


@given(st.text(), st.integers(0, 200))
def test_any_cell_can_be_completed(sql: str, cursor: int) -> None:
    found, start = candidates(sql, min(cursor, len(sql)), CATALOG)
    assert all(name.strip("`").lower().startswith(start.lower()) for name in found)
