"""The catalog that is asked for as far as needed: what is remembered, for how long, and what makes it ask again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.errors import FailedPrecondition, NotFound
from lakesail_notebook.rendering.catalog import catalog_text
from lakesail_notebook.spark.catalog.changes import Changes, may_change_names
from lakesail_notebook.spark.catalog.entries import (
    Answer,
    Catalog,
    Column,
    Current,
    Database,
    Failure,
    Question,
    Table,
)
from lakesail_notebook.spark.catalog.lazy import LazyCatalog
from lakesail_notebook.spark.catalog.tree import Node, tree_of, whole_tree


class Engine:
    """Answers from memory, as long as it is let."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.lets = threading.Event()
        self.lets.set()
        self.failure: Failure | None = None
        self.databases = ["default", "sales"]

    def ask(self, question: Question) -> Answer | Failure:
        self.asked.append(question)
        assert self.lets.wait(30)
        if self.failure is not None:
            return self.failure
        match question.kind, question.parts:
            case "current", _:
                return (Current("sail", ("default",)),)
            case "catalogs", _:
                return (Catalog("system"), Catalog("sail"))
            case "databases", ("sail",):
                return tuple(Database("sail", (name,)) for name in self.databases)
            case "tables", ("sail", "sales"):
                return (Table("orders", "table", "sail", ("sales",)), Table("sales", "view", "sail", ("sales",)))
            case "temp views", _:
                return (Table("seen", "temp view"),)
            case "columns", _:
                return (Column("id", "bigint"),)
        return ()


def names(found: Sequence[Database]) -> list[str]:
    return [database.namespace[0] for database in found]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def catalog(engine: Engine) -> LazyCatalog:
    return LazyCatalog(engine.ask)


def test_nothing_is_asked_before_it_is_needed_nor_twice(engine: Engine, catalog: LazyCatalog) -> None:
    assert engine.asked == []
    for _ in range(3):
        assert names(catalog.within(30).databases("sail")) == ["default", "sales"]
    assert engine.asked == [Question("databases", ("sail",))]


def test_after_a_change_it_is_asked_again(engine: Engine, catalog: LazyCatalog) -> None:
    catalog.within(30).databases("sail")
    engine.databases = ["default"]
    assert names(catalog.within(30).databases("sail")) == ["default", "sales"]
    catalog.changed()
    assert names(catalog.within(30).databases("sail")) == ["default"]


def test_who_does_not_get_an_answer_in_time_gets_what_was_known(engine: Engine, catalog: LazyCatalog) -> None:
    engine.lets.clear()
    began = time.monotonic()
    reader = catalog.within(0.1)
    assert (reader.databases("sail"), reader.temp_views(), reader.current()) == ((), (), None)
    assert time.monotonic() - began < 20
    engine.lets.set()
    assert names(catalog.within(30).databases("sail")) == ["default", "sales"]
    catalog.changed()
    engine.lets.clear()
    assert names(catalog.within(0.1).databases("sail")) == ["default", "sales"]
    engine.lets.set()


def test_many_who_ask_at_once_are_one_question(engine: Engine, catalog: LazyCatalog) -> None:
    engine.lets.clear()
    threads = [threading.Thread(target=lambda: catalog.within(30).temp_views()) for _ in range(8)]
    for thread in threads:
        thread.start()
    engine.lets.set()
    for thread in threads:
        thread.join(30)
    assert engine.asked == [Question("temp views")]


def test_an_engine_out_of_reach_leaves_what_was_known_and_one_that_refuses_does_not(
    engine: Engine, catalog: LazyCatalog
) -> None:
    catalog.within(30).databases("sail")
    engine.failure = Failure("not now", passing=True)
    catalog.changed()
    assert names(catalog.within(30).databases("sail")) == ["default", "sales"]
    engine.failure = Failure("never", passing=False)
    catalog.changed()
    assert catalog.within(30).databases("sail") == ()


@pytest.mark.parametrize(("passing", "error"), [(True, FailedPrecondition), (False, NotFound)])
def test_who_wants_all_of_it_hears_what_the_engine_says(
    engine: Engine, catalog: LazyCatalog, passing: bool, error: type[Exception]
) -> None:
    engine.failure = Failure("no such thing", passing=passing)
    with pytest.raises(error, match=r"tables of sail\.sales: no such thing"):
        catalog.all_of_it(30).tables("sail", ("sales",))


def test_who_wants_all_of_it_hears_that_the_engine_is_busy(engine: Engine, catalog: LazyCatalog) -> None:
    engine.lets.clear()
    with pytest.raises(FailedPrecondition, match="may be busy"):
        catalog.all_of_it(0.1).catalogs()
    engine.lets.set()


def test_the_whole_tree_looks_into_the_current_catalog_and_database_alone(engine: Engine, catalog: LazyCatalog) -> None:
    assert catalog_text(whole_tree(catalog.all_of_it(30))).splitlines() == [
        "sail        catalog, current",
        "  default  database, current",
        "    (empty)",
        "  sales    database",
        "system      catalog",
        "temp views  of this Spark session",
        "  seen  temp view",
    ]
    assert {question.kind for question in engine.asked} == {"current", "catalogs", "databases", "tables", "temp views"}
    assert len(engine.asked) == 5


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (("sail",), [("sail", "catalog")]),
        (("SALES",), [("sales", "database")]),
        (("sail", "sales"), [("sales", "database")]),
        (("sales", "sales"), [("sales", "view")]),
        (("sail", "sales", "Orders"), [("orders", "table")]),
        (("seen",), [("seen", "temp view")]),
    ],
)
def test_a_name_leads_to_all_that_have_it(catalog: LazyCatalog, parts: tuple[str, ...], found: list[object]) -> None:
    nodes = tree_of(catalog.all_of_it(30), parts)
    assert [(node.name, node.kind) for node in nodes] == found


@pytest.mark.parametrize(("parts", "near"), [(("sale",), "sales"), (("sales", "order"), "orders"), (("x", "y"), None)])
def test_a_name_that_nothing_has_is_refused_with_the_nearest(
    catalog: LazyCatalog, parts: tuple[str, ...], near: str | None
) -> None:
    with pytest.raises(NotFound) as refused:
        tree_of(catalog.all_of_it(30), parts)
    assert (f"did you mean {near}" in refused.value.message) == (near is not None)


def test_long_lists_are_cut_and_names_cannot_steer_the_terminal() -> None:
    text = catalog_text([Node(f"a{number}\x1b[2J", "database") for number in range(103)])
    assert text.splitlines()[-1] == "... and 3 more"
    assert "\x1b" not in text


def plan_of_sql(sql: str) -> spark_proto.Plan:
    plan = spark_proto.Plan()
    plan.command.sql_command.input.sql.query = sql
    return plan


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("select 1", False),
        ("-- create\n(select 1) union (select 2)", False),
        ("with a as (select 1) select * from a", False),
        ("show tables", False),
        ("explain create table t (n int)", False),
        ("", False),
        ("create table t (n int)", True),
        ("/* why */ drop view v", True),
        ("use database sales", True),
        ("alter table t add constraint c check (n > 1)", True),
        ("insert into t values (1)", True),
    ],
)
def test_which_statements_change_names(sql: str, changes: bool) -> None:
    assert may_change_names(plan_of_sql(sql)) is changes


def test_which_other_plans_change_names() -> None:
    view, read, current, listing, dropped = (spark_proto.Plan() for _ in range(5))
    view.command.create_dataframe_view.name = "v"
    read.root.read.named_table.unparsed_identifier = "t"
    current.root.catalog.set_current_database.db_name = "sales"
    listing.root.catalog.list_tables.SetInParent()
    dropped.root.catalog.drop_temp_view.view_name = "v"
    assert [may_change_names(plan) for plan in (view, read, current, listing, dropped)] == [
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("ends_well", [True, False])
def test_a_statement_counts_when_it_has_ended_well_or_not(
    engine: Engine, catalog: LazyCatalog, ends_well: bool
) -> None:
    changes = Changes(catalog)
    catalog.within(30).databases("sail")
    request = spark_proto.ExecutePlanRequest(operation_id="o", plan=plan_of_sql("create database d"))
    changes.begins(request)
    engine.databases.append("d")
    assert "d" not in names(catalog.within(30).databases("sail"))
    if ends_well:
        complete = spark_proto.ExecutePlanResponse.ResultComplete()
        changes.answered("o", spark_proto.ExecutePlanResponse(result_complete=complete))
    else:
        changes.leaves("o", RuntimeError())
    assert "d" in names(catalog.within(30).databases("sail"))
