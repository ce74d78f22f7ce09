"""Reading a cell of SQL: its statements, and the names in braces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.sql.binding import NotBindable, bind
from lakesail_notebook.spark.sql.statements import NotReadable, statements_of


def texts(sql: str) -> list[str]:
    return ["".join(piece.text for piece in statement).strip() for statement in statements_of(sql)]


def test_statements_end_at_semicolons_that_stand_in_no_literal_or_comment() -> None:
    sql = "select ';' as a; -- ; not here\nselect \"x;y\", `a;b` /* ; */ from t;;"
    assert texts(sql) == ["select ';' as a", '-- ; not here\nselect "x;y", `a;b` /* ; */ from t']


@pytest.mark.parametrize("sql", ["", "  \n", "-- nothing", ";;", "/* only\nthis */"])
def test_a_cell_may_say_nothing(sql: str) -> None:
    assert statements_of(sql) == []


def test_names_are_bound_as_parameters_outside_of_literals_and_comments_alone() -> None:
    [statement] = statements_of("select { x } as a, '{x}' as b, {y} -- {z}\n from t where c = '}'")
    bound = bind(statement, {"x": 1, "y": "it's"})
    assert bound.sql == "select :x as a, '{x}' as b, :y -- {z}\n from t where c = '}'"
    assert bound.values == {"x": 1, "y": "it's"}


def test_doubled_braces_are_braces() -> None:
    [statement] = statements_of("select {{ as a, }} as b")
    assert bind(statement, {}).sql == "select { as a, } as b"


@pytest.mark.parametrize("sql", ["select {", "select }", "select {a b}", "select {1}", "select {x.y}"])
def test_another_brace_is_a_mistake_with_its_line(sql: str) -> None:
    with pytest.raises(NotReadable, match="line 2"):
        statements_of(f"-- first\n{sql}")


@pytest.mark.parametrize(("value", "what"), [(object(), "object"), ([], "list"), ([object()], "list"), ({}, "dict")])
def test_what_sql_has_no_literal_for_is_a_mistake(value: object, what: str) -> None:
    [statement] = statements_of("select {x}")
    with pytest.raises(NotBindable, match=what):
        bind(statement, {"x": value})


@pytest.mark.parametrize(
    "sql",
    [
        r"select r'\' as a, '{x};' as b",
        "select $$a;{x}b$$, $tag$ $$ ; $tag$",
        "select 1 /* outer /* inner; */ {x}; */",
        "select 'it''s; {x}', \"a\"\"{x};\", `c``;{x}`",
        "select 1 --\r, ';'",
    ],
)
def test_literals_and_comments_end_where_the_engine_ends_them(sql: str) -> None:
    [statement] = statements_of(sql)
    assert bind(statement, {}).sql == sql


@pytest.mark.parametrize(
    ("sql", "what"), [("select 'a; {x}", "'"), ('select "a', '"'), ("select `a", "`"), ("/* ;", "/")]
)
def test_what_is_not_closed_is_a_mistake_with_its_line(sql: str, what: str) -> None:
    with pytest.raises(NotReadable, match=rf"line 2: the {what}.*not closed"):
        statements_of(f"insert into t values (1);\n{sql}")


@given(st.text())
def test_whatever_a_literal_holds_is_left_as_it_is(text: str) -> None:
    literal = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    [statement] = statements_of(f"select {literal}")
    assert bind(statement, {}).sql == f"select {literal}"


@given(st.text())
def test_any_text_is_read_or_refused(sql: str) -> None:
    try:
        statements = statements_of(sql)
    except NotReadable:
        return
    joined = "".join(piece.text for statement in statements for piece in statement)
    assert len(joined) <= len(sql)
