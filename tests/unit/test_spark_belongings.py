"""What of a Spark session is lost with it, as its plans tell."""

from __future__ import annotations

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.spark.belongings.observed import Belongings, Gone, in_a_sentence
from lakesail_notebook.spark.belongings.plan_effects import Belonging

COMPLETE = spark_proto.ExecutePlanResponse(result_complete=spark_proto.ExecutePlanResponse.ResultComplete())


def sql(text: str) -> spark_proto.ExecutePlanRequest:
    request = spark_proto.ExecutePlanRequest(operation_id="o")
    request.plan.command.sql_command.input.sql.query = text
    return request


def view(name: str) -> spark_proto.ExecutePlanRequest:
    request = spark_proto.ExecutePlanRequest(operation_id="o")
    request.plan.command.create_dataframe_view.name = name
    return request


def dropped_view(name: str) -> spark_proto.ExecutePlanRequest:
    request = spark_proto.ExecutePlanRequest(operation_id="o")
    request.plan.root.catalog.drop_temp_view.view_name = name
    return request


def setting(name: str) -> spark_proto.ConfigRequest:
    request = spark_proto.ConfigRequest()
    request.operation.set.pairs.add(key=name, value="1")
    return request


def after(*requests: spark_proto.ExecutePlanRequest) -> tuple[Belonging, ...]:
    belongings = Belongings()
    for request in requests:
        belongings.begins(request)
        belongings.answered("o", COMPLETE)
    return belongings.all()


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("create or replace temporary view a as select 1", Belonging("temp view", "a")),
        ("CREATE TEMP VIEW `a b` AS SELECT 1", Belonging("temp view", "a b")),
        ("create global temp view g as select 1", Belonging("temp view", "global_temp.g")),
        ("create table if not exists db.t (n int)", Belonging("table", "db.t")),
        ("set spark.sql.ansi.enabled = false", Belonging("setting", "spark.sql.ansi.enabled")),
    ],
)
def test_sql_is_read_for_what_it_makes(text: str, made: Belonging) -> None:
    assert after(sql(text)) == (made,)


@pytest.mark.parametrize("text", ["select 'create temp view a as'", "insert into t values (1)", "show tables"])
def test_other_sql_makes_nothing(text: str) -> None:
    assert after(sql(text)) == ()


def test_what_is_dropped_is_no_loss() -> None:
    assert after(view("a"), view("b"), sql("drop view if exists a"), dropped_view("b")) == ()


def test_what_failed_was_not_made() -> None:
    belongings = Belongings()
    belongings.begins(view("a"))
    belongings.leaves("o", RuntimeError())
    assert belongings.all() == ()
    belongings.answered("o", COMPLETE)
    assert belongings.all() == (), "nothing is kept of it"


def test_settings_count_until_they_are_unset() -> None:
    belongings = Belongings()
    belongings.configures(setting("spark.sql.a"))
    belongings.configures(setting("spark.sql.b"))
    unset = spark_proto.ConfigRequest()
    unset.operation.unset.keys.append("spark.sql.a")
    belongings.configures(unset)
    assert belongings.all() == (Belonging("setting", "spark.sql.b"),)


def test_belongings_are_named_by_kind() -> None:
    made = after(view("a"), view("b"), sql("create table t (n int)"))
    assert in_a_sentence(made) == "temp views a, b; table t"
    assert in_a_sentence(()) == ""
    many = tuple(Belonging("temp view", f"v{number}") for number in range(12))
    assert in_a_sentence(many).endswith("v9 and 2 more")


def test_what_another_process_made_is_told_after_its_drop_no_more() -> None:
    belongings = Belongings()
    belongings.found([Belonging("temp view", "a"), Belonging("temp view", "b")])
    belongings.begins(sql("drop view a"))
    belongings.answered("o", COMPLETE)
    assert belongings.all() == (Belonging("temp view", "b"),)


def test_what_was_not_made_again_is_known_until_it_is_made_anew() -> None:
    before, now = Belongings(), Belongings()
    for text in ("create table t (n int)", "create temp view v as select 1"):
        before.begins(sql(text))
        before.answered("o", COMPLETE)
    now.take_over(before)
    now.lost(Belonging("table", "t"), "why")
    assert now.gone("t") == Gone(Belonging("table", "t"), "why", "")
    assert now.gone("v") is None
    now.begins(sql("create table t (n int)"))
    now.answered("o", COMPLETE)
    assert now.gone("t") is None


def test_what_a_session_before_had_is_known_where_nothing_is_made_again() -> None:
    before, now = Belongings(), Belongings()
    before.begins(view("a"))
    before.answered("o", COMPLETE)
    now.leave_behind(before, "why")
    assert now.gone("a") == Gone(Belonging("temp view", "a"), "why", "")
    assert now.all() == ()


def test_settings_that_another_process_made_are_known_by_their_values() -> None:
    belongings = Belongings()
    belongings.configures(setting("spark.sql.mine"))
    belongings.found([], {"spark.sql.mine": "old", "spark.sql.theirs": "2"})
    assert belongings.recipes()[1] == {"spark.sql.mine": "1", "spark.sql.theirs": "2"}
