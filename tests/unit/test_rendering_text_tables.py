from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.rendering.text_tables import facts, facts_of, moment_ahead, printable, table


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    assert table(("ID", "NAME", "NOTE"), [("S1", None, "x"), ("S200", "", "y")]) == "ID    NOTE\nS1    x\nS200  y"


def test_wide_characters_take_two_columns() -> None:
    assert table(("NAME", "ID"), [("日本", "1"), ("ab", "2")]) == "NAME  ID\n日本  1\nab    2"


def test_facts_without_a_value_are_left_out() -> None:
    assert facts([("status", "idle"), ("name", None), ("id", "S1")]) == "status  idle\nid      S1"


def test_an_object_is_shown_field_by_field() -> None:
    value = {"id": "C1", "sail": {"mode": "cluster", "env": {"A": "1"}}, "shared": False, "teams": ["X", "Y"]}
    assert facts_of(value | {"list": [{"a": 1}], "none": None, "empty": []}).splitlines() == [
        "id          C1",
        "sail.mode   cluster",
        "sail.env.A  1",
        "shared      no",
        "teams       X, Y",
        "list.0.a    1",
    ]


def test_how_far_a_moment_is_ahead_is_said_in_words() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert moment_ahead("2026-03-01T12:30:00.000Z", now) == "in 30 min"
    assert moment_ahead("2026-03-01T11:00:00.000Z", now) == "in 0 s"
    assert moment_ahead(None, now) is None


@given(st.text())
def test_nothing_that_others_wrote_can_steer_the_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_a_name_that_holds_an_escape_is_shown_without_it() -> None:
    assert "\x1b" not in table(("NAME",), [("\x1b[2J\nboo",)])
    assert "boo" in table(("NAME",), [("\x1b[2J\nboo",)])
