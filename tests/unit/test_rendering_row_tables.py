"""Rows as HTML and as text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.rendering import row_tables as table

ALLOWED = {"div", "style", "table", "thead", "tbody", "tr", "th", "td", "button", "small", "i", "script"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def shown(columns: dict[str, list[object]], limit: int = 100) -> table.Rows:
    return table.of_arrow(pa.table(columns), limit)


@given(st.text(), st.text(min_size=1))
def test_no_value_and_no_name_becomes_markup(value: str, name: str) -> None:
    tags = Tags()
    tags.feed(table.to_html(shown({name: [value]})))
    assert tags.seen <= ALLOWED
    assert not any(attribute.startswith("on") for attribute in tags.attributes)


def test_types_are_named_as_in_spark_and_numbers_stand_to_the_right() -> None:
    rows = shown({"n": [1], "d": [date(2013, 1, 1)], "p": [Decimal("1.50")], "l": [["a"]]})
    assert [column.type for column in rows.columns] == ["bigint", "date", "decimal(3,2)", "array<string>"]
    assert [column.number for column in rows.columns] == [True, False, True, False]


def test_no_value_is_not_the_text_null() -> None:
    html = table.to_html(shown({"a": [None, "null"]}))
    assert "<td><i>null</i></td>" in html
    assert "<td>null</td>" in html


def test_how_much_is_shown_is_said() -> None:
    assert shown({"a": [1]}).caption == "1 row"
    assert shown({"a": [1, 2, 3]}, limit=2).caption == "The first 2 rows; there are more"
    wide = shown({f"c{number}": [1] for number in range(1000)})
    assert len(wide.columns) == 100
    assert wide.caption == "1 row, the first 100 of 1,000 columns"


def test_a_long_value_is_cut_and_bounded() -> None:
    html = table.to_html(shown({"a": ["x" * 1_000_000]}))
    assert len(html) < 20_000


def test_a_long_name_and_a_long_type_are_cut() -> None:
    html = table.to_html(shown({"n" * 1_000_000: [{"inner" * 100_000: 1}]}))
    assert len(html) < 30_000


def test_what_there_is_no_room_for_is_said() -> None:
    rows = shown({f"c{number}": ["x" * 10_000] * 100 for number in range(100)})
    html = table.to_html(rows)
    left_out = re.search(r"100 rows \((\d+) of them not shown here\)", html)
    assert left_out is not None
    assert html.count("<tr>") == 1 + 100 - int(left_out[1])
    assert 1_000_000 < len(html) < 6_000_000


def test_nothing_comes_from_elsewhere() -> None:
    html = table.to_html(shown({"a": ["x"]}))
    assert re.search(r"https?://|src=|href=|@import", html) is None


def test_two_tables_of_a_page_are_kept_apart() -> None:
    rows = shown({"a": ["x"]})
    first, second = (re.search(r'id="([^"]+)"', table.to_html(rows)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first[1] != second[1]


def test_as_text_it_is_a_table_too() -> None:
    assert table.to_text(shown({"a": [1, None]})) == "a\n1\nnull\n2 rows"


def test_values_inside_of_others_are_told_apart() -> None:
    inner = pa.array([[("a", None), ("b", "null")]], pa.map_(pa.string(), pa.string()))
    rows = table.of_arrow(
        pa.table({"m": inner, "s": [{"d": date(2024, 2, 29), "l": ["x, y", None], "b": b"\xff"}]}), 10
    )
    assert rows.values == [('{a: null, b: "null"}', '{d: 2024-02-29, l: ["x, y", null], b: 0xff}')]


def test_dates_beyond_those_of_python_are_shown() -> None:
    days = pa.array([3_663_382, None, 0], pa.date32())
    assert [row[0] for row in table.of_arrow(pa.table({"d": days}), 10).values] == ["12000-01-01", None, "1970-01-01"]
    nested = pa.array([[3_663_382], [0]], pa.list_(pa.date32()))
    shown_nested = [row[0] for row in table.of_arrow(pa.table({"d": nested}), 10).values]
    assert shown_nested == ["(cannot be shown)", "[1970-01-01]"]


def test_a_type_that_spark_does_not_have_is_named_as_in_arrow() -> None:
    counts = table.of_arrow(pa.table({"count": pa.array([1], pa.uint64())}), 10)
    assert [column.type for column in counts.columns] == ["uint64"]
