"""The values of the names in a cell of SQL, as they are handed to the engine."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.sql.binding import Bound, Items, NotBindable, bind
from lakesail_notebook.spark.sql.statements import statements_of


def bound(sql: str, **namespace: Any) -> Bound:
    [statement] = statements_of(sql)
    return bind(statement, namespace)


@pytest.mark.parametrize(
    "value", ["it's", 3, -(2**63), True, 1.5, None, b"\x00", Decimal("1E-38"), date(2024, 2, 29), datetime(2024, 2, 29)]
)
def test_a_value_is_bound_as_it_is(value: object) -> None:
    assert bound("select {x}", x=value).values == {"x": value}


def test_an_integer_of_numpy_is_an_integer() -> None:
    assert type(bound("select {x}", x=numpy.int64(3)).values["x"]) is int


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**63, "larger than a BIGINT"),
        ("a\ud800", "half a character at position 1"),
        (Decimal("NaN"), "is NaN"),
        (Decimal("1E-39"), "38 digits"),
        (Decimal("1" * 39), "38 digits"),
        (pd.NaT, "NaT"),
        ([], "empty list"),
        ([None, None], "None alone"),
        ([1, "a"], "unlike values: int, str"),
        ([True, 1], "unlike values: bool, int"),
        ([2**60 + 1, 0.5], "unlike values: float, int"),
        ([Decimal("1E-38"), 10], "38 digits"),
        ([[1]], "type list"),
        ({}, "type dict"),
    ],
)
def test_what_the_engine_would_refuse_or_fall_over_is_a_mistake_that_names_the_variable(
    value: object, why: str
) -> None:
    with pytest.raises(NotBindable, match=f"x .*{why}"):
        bound("select {x}", x=value)


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([1, 2, None], None),
        (["a", None], None),
        ([1, 2**40], "bigint"),
        ([1, 2.5], "double"),
        ([Decimal("1.1"), Decimal("22.123")], "decimal(5,3)"),
        ([Decimal("1E+3"), 7], "decimal(4,0)"),
        ([Decimal("0.00")], "decimal(2,2)"),
    ],
)
def test_the_values_of_a_list_get_one_type(values: list[object], type_: str | None) -> None:
    assert bound("select {x}", x=values).values == {"x": Items(values, type_)}
    assert bound("select {x}", x=tuple(values)).values == {"x": Items(values, type_)}


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("select {x}y", "select :x y"),
        ("select a{x}", "select a :x"),
        ("select {x}{x}", "select :x :x"),
        ("select a:{x}", "select a: :x"),
        ("select {x}::string", "select :x::string"),
        ("where a in ({x})", "where a in (:x)"),
    ],
)
def test_a_parameter_does_not_run_into_what_stands_beside_it(sql: str, sent: str) -> None:
    assert bound(sql, x=1).sql == sent


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_gets_into_the_statement(text: str) -> None:
    assert bound("select {x} as a", x=text) == Bound("select :x as a", {"x": text}, {})


def test_a_name_of_another_alphabet_is_a_name() -> None:
    assert bound("select {größe}, {ñ}", größe=1, ñ=2).values == {"größe": 1, "ñ": 2}
