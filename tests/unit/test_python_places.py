"""Where in Python code a column's name can stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.notebook.python_places import VariableKind, place_at

KINDS: dict[str, VariableKind] = {
    "df": "frame",
    "other": "frame",
    "spark": "session",
    "F": "function",
    "col": "function",
}


@pytest.mark.parametrize(
    ("before", "kind", "variables", "fragment"),
    [
        ('df["', "column", ("df",), ""),
        ("df['a b", "column", ("df",), "a b"),
        ('df[["a", "', "column", ("df",), ""),
        ('x = df.select("a", "b', "column", ("df",), "b"),
        ('df.select(["a", "', "column", ("df",), ""),
        ('df.agg({"', "column", ("df",), ""),
        ('df.select(F.col("', "column", ("df",), ""),
        ('df.select(F.sum("', "column", ("df",), ""),
        ('df.select(col("a"), col("b', "column", ("df",), "b"),
        ('df.where("x").groupBy("', "column", ("df",), ""),
        ("(\n    df  # a comment with \"\n    .where('it is')\n    .orderBy(\"", "column", ("df",), ""),
        ('df.join(other, "k").select("', "column", ("df", "other"), ""),
        ('(df.where("x")).select("', "column", ("df",), ""),
        ('df.write.partitionBy("', "column", ("df",), ""),
        ('df.drop("a.', "exact column", ("df",), "a."),
        ('df.where("a > 1 and b', "expression", ("df",), "b"),
        ('df.selectExpr("`a b', "expression", ("df",), "`a b"),
        ('f("""a "quoted" text""", df["', "column", ("df",), ""),
        ('spark.sql("select * from ', "sql", (), "select * from "),
        ('spark.sql("""\nselect "a" from ', "sql", (), '\nselect "a" from '),
        ('spark.sql(f"select * from ', "sql", (), "select * from "),
        ("spark.sql(rf'''\nselect * from t where a = {b} and ", "sql", (), "\nselect * from t where a = {b} and "),
        ('spark.table("a.', "table", (), "a."),
        ("df.", "attribute", ("df",), ""),
        ("x = df.sel", "attribute", ("df",), "sel"),
        ("print(df.", "attribute", ("df",), ""),
        ("a = 1\ndf.", "attribute", ("df",), ""),
    ],
)
def test_a_column_can_stand_there(before: str, kind: str, variables: tuple[str, ...], fragment: str) -> None:
    place = place_at(before, KINDS.get)
    assert place is not None
    assert (place.kind, place.variables, place.fragment) == (kind, variables, fragment)


@pytest.mark.parametrize(
    "before",
    [
        'open("',
        'df.select(open("',
        'other_thing["',
        'thing.select("',
        'df.write.parquet("',
        'df.write.mode("overwrite").parquet("',
        'spark.read.parquet("',
        'df.select(f"',
        'df.select(b"',
        'df.select("a\\',
        'df["a"]',
        'df.select("a") + "',
        "# df.",
        "# df['",
        "df.select('a').",
        "thing.df.",
        "df",
        "1.",
        "",
        "df.where(\"s = 'a",
        'df.where("s.',
        'make(df)["',
        'spark.sql("a", "',
        'spark.sql(f"select * from {d',
        'spark.table(f"a',
        'df\n("',
        '"df.',
    ],
)
def test_no_column_can_stand_there(before: str) -> None:
    assert place_at(before, KINDS.get) is None


@given(st.text('df.[](){}"\' \n#\\aF"""', max_size=40))
def test_any_code_can_be_looked_at(before: str) -> None:
    place = place_at(before, KINDS.get)
    assert place is None or before.endswith(place.fragment)
