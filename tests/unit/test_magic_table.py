"""Rows as HTML and as text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.notebook import table

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
