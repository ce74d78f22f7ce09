"""SQL on a session in ``marimo edit``, as a page sees it: results, errors, progress, Stop, the data sources."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from .marimo_editor import PATIENCE_SECONDS, Editor, Ran, editor, is_shown, own_control_plane

LONG = "select id % 7 as k, count(*) as n from range(100000000000) group by 1"
"""The engine stops it when it is told to."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    directory = tmp_path_factory.mktemp("marimo")
    with editor(directory, **own_control_plane(directory)) as page:
        done(page.run("import marimo as mo\nimport lakesail_notebook as sail"))
        make = "_ = mo.sql('create table flights (origin string, delay int)', engine=spark)"
        done(page.run(f"spark = sail.connect()\n{make}"))
        done(page.run("_ = mo.sql(\"insert into flights values ('OSL', 5), ('BER', 7)\", engine=spark)"))
        yield page


def done(ran: Ran) -> None:
    assert isinstance(ran.output, str), f"the cell failed: {ran.output!r}; {ran.console}"


def test_a_query_shows_its_rows_and_gives_a_lazy_dataframe(page: Editor) -> None:
    shown = page.run("late = mo.sql(f'select * from flights where delay > 5', engine=spark)").text
    assert "BER" in shown
    assert "OSL" not in shown
    assert "1 row" in shown
    assert "connect.dataframe.DataFrame" in page.run("type(late)").text


def test_a_dataframe_as_a_value_runs_nothing_before_somebody_asks(page: Editor) -> None:
    shown = page.run("spark.table('flights')").text
    assert "data-lazy='true'" in shown
    assert "data-preload='false'" in shown
    assert "OSL" not in shown


def test_a_statement_runs_once_and_all_statements_of_a_cell_run_in_their_order(page: Editor) -> None:
    cell = (
        "_ = mo.sql('create table if not exists counted (n int); insert into counted values (1);"
        " select count(*) as lines from counted', engine=spark)"
    )
    assert "lines" in page.run(cell).text
    assert ">1<" in page.run("spark.table('counted').count()").text


def test_a_query_whose_output_is_hidden_does_not_run(page: Editor) -> None:
    done(page.run(f"hidden = mo.sql('{LONG}', output=False, engine=spark)"))
    assert "connect.dataframe.DataFrame" in page.run("type(hidden)").text


def test_a_limit_for_results_that_marimo_loads_does_not_touch_a_lazy_dataframe(page: Editor) -> None:
    done(page.run("import os\nos.environ['MARIMO_SQL_DEFAULT_LIMIT'] = '1'"))
    shown = page.run("whole = mo.sql('select * from flights', engine=spark)").text
    done(page.run("del os.environ['MARIMO_SQL_DEFAULT_LIMIT']"))
    assert "BER" in shown
    assert "OSL" in shown
    assert ">2<" in page.run("whole.count()").text


def test_a_mistake_in_sql_is_one_sentence_without_a_traceback(page: Editor) -> None:
    failed = page.run("_ = mo.sql('select nothing_like_it from flights', engine=spark)")
    assert failed.error["type"] == "sql-error"
    assert "nothing_like_it" in failed.error["msg"]
    assert "\n" not in failed.error["msg"]
    assert "Traceback" not in failed.console


def test_a_failure_of_the_engine_in_python_ends_in_the_users_line(page: Editor) -> None:
    failed = page.run("spark.table('flights').select('nothing_like_it').toPandas()")
    assert failed.error["exception_type"] == "AnalysisException"
    assert "\n" not in failed.error["msg"]
    assert "site-packages" not in failed.console


def test_a_failure_in_a_function_of_the_user_names_the_error_and_hides_the_rest(page: Editor) -> None:
    page.run(
        "from pyspark.sql.functions import udf\n"
        "@udf('int')\ndef wrong(n):\n    raise ValueError('no such day')\n"
        "spark.udf.register('wrong', wrong)"
    )
    failed = page.run("_ = mo.sql('select wrong(delay) from flights', engine=spark)")
    assert "no such day" in failed.error["msg"]
    assert "\n" not in failed.error["msg"]
    assert "Traceback" not in failed.error["msg"]


def test_values_are_bound_and_a_change_of_them_runs_the_cell_again(page: Editor) -> None:
    typed = page.begin("typed = 'OSL'")
    page.finish(typed)
    reading = page.begin("_ = sail.sql('select * from flights where origin = {who}', engine=spark, who=typed)")
    assert "OSL" in page.finish(reading).text
    page.cells[reading].ended = None
    page.run("typed = \"x' or '1'='1\"", cell=typed)
    assert "0 rows" in page.finish(reading).text


def test_a_long_query_says_what_it_does_and_stop_ends_it(page: Editor) -> None:
    cell = page.begin(f"_ = mo.sql('{LONG}', engine=spark)")
    page.until(lambda: is_shown(page.cells[cell], "select id % 7"), "the query is shown")
    page.interrupt()
    stopped = page.finish(cell)
    assert stopped.error["type"] == "interruption"
    assert "Interrupted after" in stopped.console
    assert "%sail" not in stopped.console
    assert "1 query, " in stopped.console
    assert "site-packages" not in stopped.console
    assert "2" in page.run("1 + 1").text


def test_stop_reaches_a_query_of_plain_pyspark(page: Editor) -> None:
    cell = page.begin(f"spark.sql('{LONG}').toPandas()")
    page.until(lambda: is_shown(page.cells[cell], "select id % 7"), "the query is shown")
    page.interrupt()
    stopped = page.finish(cell)
    assert stopped.error["type"] == "interruption"
    assert "Interrupted after" in stopped.console


def test_the_panel_of_data_sources_shows_the_session_level_by_level(page: Editor) -> None:
    connection = page.data_source("spark")
    assert connection["dialect"] == "spark"
    assert [one["name"] for one in connection["databases"]] == ["sail", "system"]
    page.run("spark.table('flights').createOrReplaceTempView('seen')")
    of = {"engine": "spark", "database": "sail", "schema": "default"}
    told = page.answer_to("datasources/preview_sql_table_list", of)
    assert {"flights", "seen"} <= {table["name"] for table in told["tables"]}
    told = page.answer_to("datasources/preview_sql_table", {**of, "tableName": "flights"})
    columns = [(one["name"], one["type"]) for one in told["table"]["columns"]]
    assert columns == [("origin", "string"), ("delay", "integer")]


def test_every_table_of_the_engine_itself_can_be_opened_in_the_panel(page: Editor) -> None:
    told = page.answer_to("datasources/preview_sql_schema_list", {"engine": "spark", "database": "system"})
    assert told["error"] is None
    for schema in [one["name"] for one in told["schemas"]]:
        of = {"engine": "spark", "database": "system", "schema": schema}
        for table in page.answer_to("datasources/preview_sql_table_list", of)["tables"]:
            opened = page.answer_to("datasources/preview_sql_table", {**of, "tableName": table["name"]})
            assert opened.get("error") is None, opened
            assert opened["table"]["columns"]


def complaint(page: Editor, question: dict[str, Any]) -> str:
    """What is told against SQL; a busy engine may not say it in the time that one question has."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        told = page.answer_to("sql/validate", question)["validate_result"]
        if told is not None and told["error_message"]:
            return str(told["error_message"])
    raise AssertionError("nothing is told against it")


def test_sql_that_is_being_written_is_judged_and_not_run(page: Editor) -> None:
    wrong = {"engine": "spark", "query": "select nothing_like_it from flights", "onlyParse": False}
    assert "nothing_like_it" in complaint(page, wrong)
    insert = {"engine": "spark", "query": "insert into flights values ('CDG', 1)", "onlyParse": False}
    assert page.answer_to("sql/validate", insert)["validate_result"]["success"]
    assert ">2<" in page.run("spark.table('flights').count()").text


def test_the_connection_in_the_shape_of_adbc_runs_sql_cells_too(page: Editor) -> None:
    done(page.run("engine = sail.sql_engine(spark)"))
    shown = page.run("rows = mo.sql('select origin from flights order by delay', engine=engine)").text
    assert "OSL" in shown
    of = {"engine": "engine", "database": "sail", "schema": "default"}
    told = page.answer_to("datasources/preview_sql_table_list", of)
    assert "flights" in {table["name"] for table in told["tables"]}
    told = page.answer_to("datasources/preview_sql_table", {**of, "tableName": "flights"})
    assert [one["name"] for one in told["table"]["columns"]] == ["origin", "delay"]
    failed = page.run("_ = mo.sql('select nothing_like_it from flights', engine=engine)")
    assert "nothing_like_it" in failed.error["msg"]
    assert "\n" not in failed.error["msg"]
