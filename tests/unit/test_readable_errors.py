"""One line with cause and cure from what PySpark and the engine say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.readable_errors import readable

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


def test_an_unknown_cause_is_said_as_it_is() -> None:
    assert readable("something  odd\nhappened") == "something odd happened"


@given(st.text())
def test_whatever_is_said_it_is_one_line_of_bounded_length(text: str) -> None:
    line = readable(text)
    assert len(line.splitlines()) <= 1
    assert len(line) < 1000
