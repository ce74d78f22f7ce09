"""Which variables a cell reads, which cell made them, and what is said of those of another session."""

from __future__ import annotations

import pytest

from lakesail_notebook.notebook.old_objects import cell_that_made, names_used
from lakesail_notebook.spark.readable_errors import OldObject, of_an_ended_session, of_two_sessions, readable


def test_a_cell_uses_the_names_that_it_reads_in_their_order() -> None:
    assert list(names_used("joined = orders.join(planes, 'id')\njoined.count()")) == ["orders", "planes", "joined"]
    assert list(names_used("not python at all")) == []


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("orders = spark.read.parquet('x')", "orders"),
        ("for orders in (1, 2):\n    pass", "orders"),
        ("a, (orders, b) = f()", "orders"),
        ("if (orders := f()):\n    pass", "orders"),
        ("get_ipython().run_cell_magic('sail', 'sql orders --limit 5', 'select 1')", "orders"),
        ("get_ipython().run_line_magic('sail', 'connect --var other')", "other"),
        ("get_ipython().run_line_magic('sail', 'relaunch')", "spark"),
    ],
)
def test_the_last_cell_that_gave_a_variable_its_value_is_found(cell: str, name: str) -> None:
    assert cell_that_made(name, ["", cell, f"{name}.count()", cell, "print(1)"]) == 3


def test_a_variable_that_no_cell_made_has_no_cell() -> None:
    assert cell_that_made("orders", ["", "import orders_module", "%%bad syntax"]) is None


def test_what_belongs_to_an_ended_session_is_named_with_its_cell() -> None:
    orders, planes = OldObject("orders", "S1", 3), OldObject("planes", "S1", None)
    assert of_an_ended_session([orders, planes], "S2") == (
        "orders (made in In[3]) and planes belong to session S1, which is over. "
        "Run In[3] again: spark now runs on session S2."
    )
    assert "spark now runs on session S2" in of_an_ended_session([], "S2")
    assert "Run %sail connect" in of_an_ended_session([orders], None)


def test_dataframes_of_two_sessions_are_named_with_theirs() -> None:
    said = of_two_sessions([OldObject("a", "S1", 1), OldObject("b", "S2", 2)])
    assert "a (made in In[1]) is of session S1; b (made in In[2]) is of session S2" in said
    assert of_two_sessions([]).startswith("Two DataFrames of different sessions cannot be put together.")


def test_spark_in_a_python_function_of_the_engine_is_no_ended_session() -> None:
    said = readable("Traceback (most recent call last):\n  File\nPySparkRuntimeError: [NO_ACTIVE_SESSION] No active")
    assert "A Python function of the engine cannot use spark" in said
