"""The catalog of a session in a real kernel: what ``%sail catalog`` lists, and what the Tab key offers."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, engine_of, session_of

SQL = "%%sail sql\n"
_TABLES = """%%sail sql
create database sales;
create database `odd db`;
create table sales.orders
  (id int, `unit price` decimal(9, 2), customer struct<name: string, home: struct<city: string>>);
create table planes (tailnum string, seats int)
"""
_FRAMES = """
from pyspark.sql import functions as F
flights = spark.createDataFrame([("DL", 1, 2.0)], ["carrier", "distance", "arr.delay"])
flights.createOrReplaceTempView("flown")
limit = 3
broken = flights.select("nowhere")
"""
_PLACES_OF_TABLES = {"flown", "planes", "default", "sales", "`odd db`", "sail", "system"}


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("catalog.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(_TABLES)
    kernel.execute(_FRAMES)
    yield kernel
    kernel.shutdown()


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def either(request: pytest.FixtureRequest, kernel: Kernel) -> Kernel:
    """The kernel, once with IPython's static analysis and once without."""
    kernel.execute(f"get_ipython().Completer.use_jedi = {request.param}")
    return kernel


@pytest.mark.parametrize(
    "before", ["from ", "select * from ", "\n\nselect *\nfrom flown f\nleft join ", "insert into "]
)
def test_where_a_table_stands_tables_are_offered_and_no_python_module(either: Kernel, before: str) -> None:
    assert set(either.complete(SQL + before)) == _PLACES_OF_TABLES


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("select * from sales.", ["orders"]),
        ("select * from sail.sales.ord", ["orders"]),
        ("select * from `odd", ["`odd db`"]),
        ("select * from {fl", ["flights}"]),
        ("select * from planes where seats > {li", ["limit}"]),
        ("select * from sales.orders as o where o.", ["id", "`unit price`", "customer"]),
        ("select * from sales.orders o where o.customer.home.", ["city"]),
        ("select * from flown join planes p on p.", ["tailnum", "seats"]),
        ("select * from {flights} f where f.", ["carrier", "distance", "`arr.delay`"]),
        ("select count(*) from planes where sea", ["seats"]),
        ("select * from (select seats from planes) big join flown f on big.sea", ["seats"]),
        ("select * from planes order by try_div", ["try_divide"]),
        ("SELECT * FROM planes HAV", ["HAVING"]),
        ("select 'import js", []),
        ("import pathli", []),
        ("-- from ", []),
    ],
)
def test_in_sql_cells_columns_functions_keywords_and_variables_are_offered(
    either: Kernel, before: str, found: list[str]
) -> None:
    assert either.complete(SQL + before) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ('flights["', ["carrier", "distance", "`arr.delay`"]),
        ('flights[["carrier", "dis', ["distance"]),
        ('flights.select("', ["carrier", "distance", "`arr.delay`"]),
        ("(\n    flights.where('distance > 1')\n    .groupBy('carr", ["carrier"]),
        ('flights.drop("arr', ["arr.delay"]),
        ('flights.filter("carrier is not null and arr', ["`arr.delay`"]),
        ('flights.select(F.upper(F.col("car', ["carrier"]),
        ("flights.dis", ["distance", "distinct"]),
        ('spark.sql("select * from sales.', ["orders"]),
        ('spark.sql(f"select * from sales.', ["orders"]),
        ('spark.table("plan', ["planes"]),
        ('broken["', []),
    ],
)
def test_behind_a_dataframe_its_columns_are_offered(either: Kernel, before: str, found: list[str]) -> None:
    assert either.complete(before) == found


def test_behind_a_dot_the_methods_are_offered_too_and_elsewhere_python_as_ever(either: Kernel) -> None:
    offered = either.complete("flights.")
    assert offered[:2] == ["carrier", "distance"]
    assert {"select", "groupBy", "columns"} <= set(offered)
    assert "json" in either.complete("import js")
    assert "limit" in either.complete("lim")


def queries_of(server: JupyterServer, kernel: Kernel) -> list[Any]:
    session_id = session_of(server, kernel)["id"]
    listed = server.request("GET", f"{API}/workloads/sessions/{session_id}/queries?limit=100").json()
    return [query["id"] for query in listed["items"]]


def test_completion_runs_nothing_and_is_in_no_list_of_queries(
    server: JupyterServer, kernel: Kernel, tmp_path: Path
) -> None:
    marker = tmp_path / "the function ran"
    kernel.execute(
        "import pathlib\n"
        f"touched = F.udf(lambda n: pathlib.Path({str(marker)!r}).touch() or n, 'long')\n"
        "noisy = spark.range(3).select(touched('id').alias('noise'))\n"
        "noisy.createOrReplaceTempView('noisy_view')\n"
        "class Watched:\n"
        "    asked = []\n"
        "    def __getattribute__(self, name):\n"
        "        Watched.asked.append(name)\n"
        "        return object.__getattribute__(self, name)\n"
        "watched = Watched()"
    )
    before = queries_of(server, kernel)
    kernel.execute("Watched.asked.clear()")
    assert kernel.complete('noisy["') == ["noise"]
    assert kernel.complete(SQL + "select * from noisy_view n where n.") == ["noise"]
    assert kernel.complete(SQL + "select {noi") == ["noisy}"]
    assert kernel.complete(SQL + "select {wat") == []
    assert kernel.complete("flights.select('car") == ["carrier"]
    kernel.execute("%sail catalog")
    kernel.execute("%sail catalog flown")
    assert not marker.exists()
    assert kernel.execute("Watched.asked").value == "[]"
    assert queries_of(server, kernel) == before


def test_what_is_made_is_offered_at_once_and_what_is_dropped_no_more(kernel: Kernel) -> None:
    ask = f"{SQL}select * from fresh"
    assert kernel.complete(ask) == []
    kernel.execute("flights.createOrReplaceTempView('fresh_view')")
    assert kernel.complete(ask) == ["fresh_view"]
    kernel.execute(f"{SQL}create table fresh_table (n int)")
    assert kernel.complete(ask) == ["fresh_view", "fresh_table"]
    kernel.execute("spark.catalog.dropTempView('fresh_view')")
    kernel.execute(f"{SQL}drop table fresh_table")
    assert kernel.complete(ask) == []


def test_after_use_the_tables_of_that_database_are_offered(kernel: Kernel) -> None:
    assert "orders" not in kernel.complete(f"{SQL}select * from ")
    kernel.execute(f"{SQL}use database sales")
    assert "orders" in kernel.complete(f"{SQL}select * from ")
    kernel.execute("spark.catalog.setCurrentDatabase('default')")
    assert "orders" not in kernel.complete(f"{SQL}select * from ")


def test_the_catalog_is_listed_as_a_tree_that_arguments_narrow(kernel: Kernel) -> None:
    whole = [" ".join(line.split()) for line in kernel.execute("%sail catalog").text.splitlines()]
    assert whole[:3] == ["sail catalog, current", "default database, current", "planes table"]
    assert "flown temp view" in whole
    assert kernel.execute("%sail catalog sales").text.splitlines() == ["sales  database", "  orders  table"]
    assert kernel.execute("%sail catalog `odd db`").text.splitlines() == ["odd db  database", "  (empty)"]
    assert kernel.execute("%sail catalog SAIL.sales.orders").text.splitlines() == [
        "orders  table",
        "  id          int",
        "  unit price  decimal(9,2)",
        "  customer    struct<name:string,home:struct<city:string>>",
    ]
    assert "  distance   bigint" in kernel.execute("%sail catalog flown").text.splitlines()
    assert "  session    database" in kernel.execute("%sail catalog system").text.splitlines()
    assert kernel.complete("%sail catalog sales.") == ["orders"]
    with pytest.raises(CellFailed, match="did you mean orders"):
        kernel.execute("%sail catalog sales.order")


def test_an_engine_that_does_not_answer_holds_no_completion_up(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("unknown = spark.range(3).withColumnRenamed('id', 'later')")
    engine = engine_of(server, session_of(server, kernel))
    engine.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert kernel.complete('unknown["') == []
        assert "select" in kernel.complete("unknown.")
        assert "json" not in kernel.complete(f"{SQL}select * from planes, ")
        assert time.monotonic() - began < 45.0, "the engine is stopped for good"
    finally:
        engine.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 60
    while kernel.complete('unknown["') != ["later"]:
        assert time.monotonic() < deadline


def test_another_notebook_has_names_of_its_own_and_hundreds_cost_no_time(server: JupyterServer, kernel: Kernel) -> None:
    other = server.start_kernel("other.ipynb")
    with pytest.raises(CellFailed, match="run %sail connect first"):
        other.execute("%sail catalog")
    assert other.complete(f"{SQL}from ") == []
    assert other.complete("%sail catalog ") == []
    assert other.execute("import sys\n'pyspark' in sys.modules").value == "False"
    other.execute("%sail connect")
    other.execute(
        "for n in range(110): spark.sql(f'create database many{n}'); spark.sql(f'create table many{n} (n int)')"
    )
    began = time.monotonic()
    assert len(other.complete(f"{SQL}select * from many")) == 110
    assert other.complete(f"{SQL}select * from many109.") == []
    assert "flown" not in other.complete(f"{SQL}select * from ")
    assert time.monotonic() - began < 30.0
    assert other.execute("%sail catalog").text.count("... and 10 more") == 1
    other.execute("%sail connect --new")
    assert other.complete(f"{SQL}select * from many") == []
    assert "flown" in kernel.complete(f"{SQL}select * from ")
    other.shutdown()
