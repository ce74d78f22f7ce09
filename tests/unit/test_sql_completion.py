"""What a word in a cell of SQL may become, and what is asked of the catalog for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.spark.catalog.entries import Catalog, Column, Current, Database, Function, Table
from lakesail_notebook.spark.sql.completion import candidates
from lakesail_notebook.spark.sql.names import dotted, parts_of, quoted
from lakesail_notebook.spark.sql.words import KEYWORDS

_COLUMNS = {
    "flights": {"carrier": "string", "distance": "int"},
    "planes": {"tailnum": "string", "Seats": "int"},
    "my table": {"a b": "int", "order": "int"},
    "sail.sales.orders": {"amount": "decimal(9,2)", "customer": "struct<name:string,home:struct<city:string>>"},
}


class Names:
    """A small catalog that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def current(self) -> Current:
        self.asked.append("current")
        return Current("sail", ("default",))

    def catalogs(self) -> Sequence[Catalog]:
        self.asked.append("catalogs")
        return [Catalog("sail"), Catalog("lake")]

    def databases(self, catalog: str) -> Sequence[Database]:
        self.asked.append(f"databases {catalog}")
        names = {"sail": ["default", "sales", "odd db"], "lake": ["raw.eu", "raw.us"]}
        return [Database(catalog, tuple(name.split("."))) for name in names.get(catalog, [])]

    def tables(self, catalog: str, namespace: tuple[str, ...]) -> Sequence[Table]:
        self.asked.append(f"tables {catalog}.{'.'.join(namespace)}")
        names = {"default": ["planes", "my table"], "sales": ["orders"], "raw.eu": ["visits"]}
        return [Table(name, "table", catalog, namespace) for name in names.get(".".join(namespace), [])]

    def temp_views(self) -> Sequence[Table]:
        self.asked.append("temp views")
        return [Table("flights", "temp view"), Table("gone", "global temp view", None, ("global_temp",))]

    def columns(self, parts: tuple[str, ...]) -> Sequence[Column]:
        self.asked.append(f"columns {'.'.join(parts)}")
        name = ".".join(parts).lower().removeprefix("sail.default.")
        found = _COLUMNS.get(name) or _COLUMNS.get(f"sail.{name}") or {}
        return [Column(column, kind) for column, kind in found.items()]

    def functions(self) -> Sequence[Function]:
        self.asked.append("functions")
        return [Function("count"), Function("sqrt")]


class Variables:
    def frames(self) -> Sequence[str]:
        return ["flown"]

    def values(self) -> Sequence[str]:
        return ["fair", "few"]

    def columns(self, name: str) -> Sequence[Column]:
        return [Column("sky", "string")] if name == "flown" else []


def completed(sql: str, names: Names | None = None) -> list[str]:
    cursor = sql.index("|")
    found, _ = candidates(sql.replace("|", "", 1), cursor, names or Names(), Variables())
    return [one.text for one in found]


def without_words(found: list[str]) -> list[str]:
    words = {*KEYWORDS, "COUNT", "SQRT"}
    return [one for one in found if one.upper() not in words]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select * from |", ["flights", "planes", "`my table`", "default", "sales", "`odd db`", "sail", "lake"]),
        ("select * from FL|", ["flights"]),
        ("select * from flights join pl|", ["planes"]),
        ("select * from flights f, pl|", ["planes"]),
        ("select * from (select 1) x left join pl|", ["planes"]),
        ("select * from sales.|", ["orders"]),
        ("select * from `odd db`.|", []),
        ("select * from sail.s|", ["sales"]),
        ("select * from sail.sales.o|", ["orders"]),
        ("select * from lake.|", ["raw"]),
        ("select * from lake.raw.|", ["eu", "us"]),
        ("select * from lake.raw.eu.|", ["visits"]),
        ("select * from global_temp.|", ["gone"]),
        ("select * from `my|", ["`my table`"]),
        ("insert into pl|", ["planes"]),
        ("drop table if exists pl|", ["planes"]),
        ("describe fl|", ["flights"]),
        ("with recent as (select 1) select * from re|", ["recent"]),
        ("use database s|", ["sales", "sail"]),
        ("use catalog l|", ["lake"]),
        ("show tables in o|", ["`odd db`"]),
    ],
)
def test_after_from_and_the_like_come_tables_and_what_holds_them(sql: str, found: list[str]) -> None:
    assert completed(sql) == found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select |s from planes", ["tailnum", "Seats", "planes"]),
        ("select s| from planes p", ["Seats"]),
        ("select f.| from flights f", ["carrier", "distance"]),
        ("select p.se| from flights f join planes as p", ["Seats"]),
        ("select planes.t|", ["tailnum"]),
        ("select nobody.| from planes", []),
        ("select * from planes where s|\norder by 1", ["Seats"]),
        ("select * from planes p join flights f on p.| = 1", ["tailnum", "Seats"]),
        ("select t| from (select * from flights, planes)", ["tailnum"]),
        ("select am| from sales.orders", ["amount"]),
        ("select sales.orders.am| from sales.orders", ["amount"]),
        ("select o.customer.| from sales.orders o", ["name", "home"]),
        ("select customer.home.| from sales.orders", ["city"]),
        ("select a| from `my table`", ["`a b`"]),
        ("select `a| from `my table`", ["`a b`"]),
        ("select or| from `my table`", ["`order`"]),
        ("select t.| from {flown} t", ["sky"]),
        ("select sk| from {flown}", ["sky"]),
        ("select di| from planes; select distance from flights", []),
        ("select extract(day from dis|) from flights", ["distance"]),
        ("with r as (select 1) select di| from r join flights", ["distance"]),
        ("update flights set dist| = 1", ["distance"]),
        ("select d|", ["distance"]),
        ("select q.t| from (select tailnum from planes) q", ["tailnum"]),
        (
            "select q.| from flights f join (select * from planes where seats > (1)) as q",
            ["carrier", "distance", "tailnum", "Seats"],
        ),
        ("with q as (select * from flights) select Q.c| from q", ["carrier"]),
        ("select q.| from (planes) where (1) = 1", []),
    ],
)
def test_elsewhere_come_the_columns_of_the_tables_of_the_statement(sql: str, found: list[str]) -> None:
    assert without_words(completed(sql)) == found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("sel|", ["select"]),
        ("SEL|", ["SELECT"]),
        ("select 1; sh|", ["show"]),
        ("select cou| from planes", ["count"]),
        ("SELECT SQ| FROM planes", ["SQRT"]),
        ("select * from planes whe|", ["where", "when"]),
        ("select * from {fl|", ["flown}"]),
        ("select * from {fl|}", ["flown"]),
        ("select {f|", ["flown}", "fair}", "few}"]),
        ("select * from planes where tailnum = {fa|}", ["fair"]),
    ],
)
def test_keywords_functions_and_python_variables_come_in_the_writers_case(sql: str, found: list[str]) -> None:
    assert sorted(completed(sql)) == sorted(found)


@pytest.mark.parametrize("sql", ["select 'fro|", "select 1 -- fl|", "select /* fl|", "select 'a'|", "select 1|", '"x|'])
def test_nothing_comes_in_literals_and_comments(sql: str) -> None:
    assert completed(sql) == []


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("sel|", set()),
        ("select '|", set()),
        ("select * from {|", set()),
        ("use catalog |", {"catalogs"}),
        ("select f.| from flights f join planes p", {"columns flights"}),
        ("select x.| from {flown} x", set()),
        ("select * from lake.raw.|", {"catalogs", "current", "databases sail", "databases lake"}),
    ],
)
def test_nothing_else_is_asked_than_what_can_stand_there(sql: str, asked: set[str]) -> None:
    names = Names()
    completed(sql, names)
    assert set(names.asked) == asked


def test_hundreds_of_tables_are_not_asked_for_their_columns() -> None:
    class Many(Names):
        def tables(self, catalog: str, namespace: tuple[str, ...]) -> Sequence[Table]:
            return [Table(f"t{number}", "table", catalog, namespace) for number in range(700)]

    for sql in ("select c|", "select * from |", "select c| from t1"):
        names = Many()
        completed(sql, names)
        assert len(names.asked) < 30


@given(st.text(), st.integers(0, 200))
def test_any_cell_can_be_completed(sql: str, cursor: int) -> None:
    cursor = min(cursor, len(sql))
    found, start = candidates(sql, cursor, Names(), Variables())
    assert sql[:cursor].endswith(start)
    begun = start.removeprefix("`").lower()
    assert all(one.text.strip("`").lower().startswith(begun) for one in found)


@given(st.text("ab`. \\é1", min_size=1), st.text("ab`. é", min_size=1))
def test_a_quoted_name_is_read_as_it_was(one: str, other: str) -> None:
    assert parts_of(dotted([one, other])) == (one, other)


@pytest.mark.parametrize(("name", "written"), [("a", "a"), ("a b", "`a b`"), ("Order", "`Order`"), ("1a", "`1a`")])
def test_a_name_is_quoted_where_it_has_to_be(name: str, written: str) -> None:
    assert quoted(name) == written


@pytest.mark.parametrize("name", ["", ".", "a..b", "a.", "`a", "a`b`"])
def test_what_is_no_dotted_name_is_told(name: str) -> None:
    assert parts_of(name) is None
