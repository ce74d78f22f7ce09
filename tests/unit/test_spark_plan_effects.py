"""What plans make, drop and name."""

from __future__ import annotations

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.spark.belongings.plan_effects import Belonging, effects_of, is_bound_to_its_session, names_in


def sql(text: str) -> spark_proto.Plan:
    plan = spark_proto.Plan()
    plan.command.sql_command.input.sql.query = text
    return plan


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("drop view a", Belonging("temp view", "a")),
        ("DROP VIEW IF EXISTS global_temp.g", Belonging("temp view", "global_temp.g")),
        ("drop table db.t", Belonging("table", "db.t")),
        ("drop temporary function if exists f", Belonging("function", "f")),
        ("drop database d", None),
    ],
)
def test_sql_is_read_for_what_it_drops(text: str, dropped: Belonging | None) -> None:
    assert effects_of(sql(text)).dropped == dropped


@pytest.mark.parametrize("text", ["use database d", "USE SCHEMA d", "use d"])
def test_the_current_database_is_a_setting(text: str) -> None:
    assert effects_of(sql(text)).made == Belonging("setting", "current database")


def test_functions_and_data_sources_belong_to_a_session() -> None:
    plan = spark_proto.Plan()
    plan.command.register_table_function.function_name = "f"
    assert effects_of(plan).made == Belonging("function", "f")
    plan.command.register_data_source.name = "numbers"
    assert effects_of(plan).made == Belonging("data source", "numbers")


@pytest.mark.parametrize("text", ["insert into t select 1", "select 1", "merge into t using s on true", "show tables"])
def test_what_writes_or_reads_has_no_effect_on_the_session(text: str) -> None:
    assert not effects_of(sql(text))


def test_a_view_does_not_use_its_own_name_unless_its_query_does() -> None:
    assert "v" not in names_in(sql("create or replace temp view v as select * from a"))
    assert "v" in names_in(sql("create or replace temp view v as select * from v"))


def test_names_are_found_wherever_a_plan_uses_them() -> None:
    plan = spark_proto.Plan()
    view = plan.command.create_dataframe_view
    view.input.join.left.filter.input.read.named_table.unparsed_identifier = "`left one`"
    view.input.join.left.filter.condition.unresolved_function.function_name = "plus"
    view.input.join.left.filter.condition.unresolved_function.arguments.add().expression_string.expression = "twice(n)"
    view.input.join.right.with_relations.root.sql.query = "select * from global_temp.g, named"
    view.input.join.right.with_relations.references.add().read.data_source.format = "numbers"
    assert names_in(plan) >= {"left one", "plus", "twice", "global_temp.g", "named", "numbers"}


def test_a_plan_on_data_that_the_engine_holds_for_a_session_is_bound_to_it() -> None:
    plan = spark_proto.Plan()
    plan.command.create_dataframe_view.input.filter.input.cached_remote_relation.relation_id = "r"
    assert is_bound_to_its_session(plan)
    plan.command.create_dataframe_view.input.filter.input.range.end = 3
    assert not is_bound_to_its_session(plan)
