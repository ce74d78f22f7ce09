"""What marimo is given for SQL on a session, without an engine: the panel of data sources, and bound values."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from marimo._data.models import Database
from marimo._types.ids import VariableName

from lakesail_notebook.errors import FailedPrecondition, InvalidArgument
from lakesail_notebook.marimo_support.adbc import sql_engine
from lakesail_notebook.marimo_support.bound_sql import sql
from lakesail_notebook.marimo_support.catalog_panel import CatalogPanel, data_type
from lakesail_notebook.marimo_support.statements import run_in_order
from lakesail_notebook.spark.catalog.entries import (
    Answer,
    Catalog,
    Column,
    Current,
    Failure,
    Question,
    Table,
)
from lakesail_notebook.spark.catalog.entries import (
    Database as DatabaseEntry,
)
from lakesail_notebook.spark.catalog.lazy import LazyCatalog
from lakesail_notebook.spark.sql.statements import split


class Engine:
    """Answers from memory, as long as it is let."""

    def __init__(self) -> None:
        self.lets = threading.Event()
        self.lets.set()
        self.views: tuple[Table, ...] = (Table("seen", "temp view"),)

    def ask(self, question: Question) -> Answer | Failure:
        assert self.lets.wait(60)
        match question.kind, question.parts:
            case "current", _:
                return (Current("sail", ("default",)),)
            case "catalogs", _:
                return (Catalog("system"), Catalog("sail"))
            case "databases", ("sail",):
                return (DatabaseEntry("sail", ("default",)), DatabaseEntry("sail", ("my data", "eu")))
            case "tables", ("sail", "my data", "eu"):
                return (Table("orders", "table", "sail", ("my data", "eu")),)
            case "tables", ("sail", "default"):
                return (Table("flights", "table", "sail", ("default",)), Table("late", "view", "sail", ("default",)))
            case "temp views", _:
                return self.views
            case "columns", ("seen",):
                return (Column("at", "timestamp"),)
            case "columns", _:
                return (Column("id", "bigint"), Column("payload", "variant"))
        return ()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.lets.set()


@pytest.fixture
def panel(engine: Engine) -> CatalogPanel:
    return CatalogPanel(LazyCatalog(engine.ask), VariableName("spark"))


def schema_names(database: Database) -> list[str]:
    return [schema.name for schema in database.schemas]


def test_the_current_catalog_comes_first_with_its_schemas_and_the_others_are_opened_later(panel: CatalogPanel) -> None:
    sail, system = panel.databases()
    assert (sail.name, sail.schemas_resolved, schema_names(sail)) == ("sail", True, ["default", "`my data`.eu"])
    assert (system.name, system.schemas_resolved) == ("system", False)
    assert not any(schema.tables_resolved for schema in sail.schemas)


def test_an_engine_that_is_busy_holds_no_cell_up_and_is_asked_again_when_a_level_is_opened(engine: Engine) -> None:
    engine.lets.clear()
    panel = CatalogPanel(LazyCatalog(engine.ask), VariableName("spark"), at_once_seconds=0.0)
    assert [panel.current(), *panel.databases()] == [None]
    engine.lets.set()
    assert [schema.name for schema in panel.schemas("sail")] == ["default", "`my data`.eu"]


def test_temp_views_stand_where_sql_names_them_without_a_database(panel: CatalogPanel) -> None:
    assert [(one.name, one.type) for one in panel.tables("sail", "default")] == [
        ("seen", "view"),
        ("flights", "table"),
        ("late", "view"),
    ]
    assert [one.name for one in panel.tables("sail", "`my data`.eu")] == ["orders"]
    details = panel.details("sail", "default", "seen")
    assert details is not None
    assert [(one.name, one.type, one.external_type) for one in details.columns] == [("at", "datetime", "timestamp")]


def test_global_temp_views_have_a_schema_of_their_own(panel: CatalogPanel, engine: Engine) -> None:
    engine.views = (Table("all", "global temp view", None, ("global_temp",)),)
    assert [schema.name for schema in panel.schemas("sail")][-1] == "global_temp"
    assert [one.name for one in panel.tables("sail", "global_temp")] == ["all"]


def test_a_type_that_python_has_no_word_for_is_named_as_the_engine_names_it(panel: CatalogPanel) -> None:
    details = panel.details("sail", "default", "flights")
    assert details is not None
    assert [(one.type, one.external_type) for one in details.columns] == [("integer", "bigint"), ("unknown", "variant")]


def test_a_session_that_is_over_has_an_empty_panel() -> None:
    panel = CatalogPanel(None, None)
    assert (panel.databases(), panel.schemas("sail"), panel.tables("sail", "default")) == ([], [], [])
    assert panel.details("sail", "default", "flights") is None


@pytest.mark.parametrize(
    ("spark_type", "word"),
    [
        ("int", "integer"),
        ("decimal(10,2)", "number"),
        ("varchar(5)", "string"),
        ("timestamp_ntz", "datetime"),
        ("date", "date"),
        ("boolean", "boolean"),
        ("struct<a:int>", "unknown"),
        ("array<string>", "unknown"),
    ],
)
def test_types_of_spark_have_marimos_words(spark_type: str, word: str) -> None:
    assert data_type(spark_type) == word


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("select 1", ["select 1"]),
        ("select 1;\n-- nothing\n;", ["select 1"]),
        (
            "create table t (n int); select ';', '{', \"}\" from t",
            ["create table t (n int)", "select ';', '{', \"}\" from t"],
        ),
        ("select map('{a}', 1)", ["select map('{a}', 1)"]),
        (" \n ", []),
    ],
)
def test_a_text_is_split_into_its_statements_and_braces_mean_nothing_in_it(text: str, statements: list[str]) -> None:
    assert split(text) == statements


def test_a_text_without_a_statement_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no SQL statement"):
        run_in_order(cast("Any", None), [])


def test_a_value_that_the_text_does_not_name_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"no \{y\} stands in the text"):
        sql("select {x}", x=1, y=2)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select {x}", r"add the argument x=\.\.\."),
        ("select 1; select {y}, {x}", r"add the argument x=\.\.\."),
        ("select {output}", "rename it"),
        ("select {", "line 1"),
    ],
)
def test_a_brace_that_stands_for_nothing_is_refused(query: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        sql(query)


def test_a_value_that_sql_knows_no_literal_for_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="x is of type object"):
        sql("select {x}", x=object())


def test_sql_without_a_session_says_what_to_do() -> None:
    with pytest.raises(FailedPrecondition, match="connect"):
        sql("select 1")


@pytest.mark.parametrize("engine", ["spark", object()])
def test_an_engine_that_is_no_spark_session_is_refused(engine: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"engine takes what connect\(\) gave"):
        sql("select 1", engine=engine)


def test_only_a_session_of_ours_becomes_an_engine() -> None:
    with pytest.raises(InvalidArgument, match="that connect\\(\\) gave"):
        sql_engine(cast("Any", None))
