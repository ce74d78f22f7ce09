"""One line with cause and cure from what PySpark and the engine say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.readable_errors import of_something_gone, readable, table_not_found

PYTHON_FAILURE = """External error: Traceback (most recent call last):
  File "<stdin>", line 3, in f
    import nowhere
ModuleNotFoundError: No module named 'nowhere'
"""


def test_of_a_python_traceback_the_last_line_is_kept() -> None:
    line = readable(PYTHON_FAILURE)
    assert line.startswith("External error: ModuleNotFoundError: No module named 'nowhere'. Install it")
    assert "<stdin>" not in line


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("[NO_ACTIVE_SESSION] No active Spark session found.", "%sail connect"),
        ("Resources exhausted: Failed to allocate additional 3 MB", "compute config"),
        ("unsupported PySpark version: 4.3.0", "pyspark-client>=4.0,<4.3"),
        ("handle add artifacts", "libraries of the compute config"),
        ("Table or view not found: t", "listTables"),
    ],
)
def test_a_known_cause_comes_with_its_cure(said: str, cure: str) -> None:
    assert cure in readable(said)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            'attribute ObjectName([Identifier("nope")]) is missing from the schema: cannot resolve attribute',
            "attribute nope is missing from the schema: cannot resolve attribute. Check the column's name.",
        ),
        (
            'ambiguous attribute: ObjectName([Identifier("t"), Identifier("a b")])',
            "ambiguous attribute: t.a b. Say of which table it is, as in t.n.",
        ),
        ("ObjectName([]) is odd", "ObjectName([]) is odd"),
    ],
)
def test_columns_are_named_as_sql_names_them(said: str, line: str) -> None:
    assert readable(said) == line


def test_an_unknown_cause_is_said_as_it_is() -> None:
    assert readable("something  odd\nhappened") == "something odd happened"


@given(st.text())
def test_whatever_is_said_it_is_one_line_of_bounded_length(text: str) -> None:
    line = readable(text)
    assert len(line.splitlines()) <= 1
    assert len(line) < 1000


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Table not found: [TABLE_OR_VIEW_NOT_FOUND] Table or view not found: a b", "a b"),
        ("[TABLE_OR_VIEW_NOT_FOUND] Table or view not found: `größe`\n\nmore", "größe"),
        ("No field named x", None),
    ],
)
def test_the_table_that_is_not_there_is_read_from_the_error(message: str, name: str | None) -> None:
    assert table_not_found(message) == name


def test_a_table_of_an_ended_session_says_so_and_how_it_was_made() -> None:
    said = of_something_gone("Table or view not found: t", "table t", "the engine ended", "df.write.saveAsTable('t')")
    assert said == (
        "Table or view not found: t. The table t was of a session that is over (the engine ended). "
        "Make it again, as in: df.write.saveAsTable('t')"
    )
    assert of_something_gone("gone", "temp view v", "why", "").endswith("Make it again.")
