"""Which reads of a plan are looked at for files, and what the engine's answer says of them."""

from __future__ import annotations

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.spark.sail_workarounds.plan_checks.empty_reads import finds_nothing, question_of
from lakesail_notebook.spark.sail_workarounds.plan_checks.reads import reads_of


def paths_of(plan: spark_proto.Plan) -> list[str]:
    return sorted(read.read.data_source.paths[0] for read in reads_of(plan, {}))


def test_reads_of_files_are_found_wherever_they_stand_in_a_plan() -> None:
    plan = spark_proto.Plan()
    join = plan.root.filter.input.join
    join.left.read.data_source.paths.append("left.csv")
    join.right.limit.input.read.data_source.paths.append("right/*.parquet")
    assert paths_of(plan) == ["left.csv", "right/*.parquet"]


def test_tables_and_streams_are_no_reads_of_files() -> None:
    plan = spark_proto.Plan()
    plan.root.join.left.read.named_table.unparsed_identifier = "t"
    plan.root.join.right.read.data_source.paths.append("arriving/")
    plan.root.join.right.read.is_streaming = True
    assert paths_of(plan) == []


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("select * from csv.`a/*.csv`", ["a/*.csv"]),
        ("SELECT * FROM JSON . `a` x\nJOIN parquet.`b` y ON x.n = y.n", ["a", "b"]),
        ("select text.`name`, csv.`x` from t", []),
        ("select * from `csv`.t", []),
        ("-- from csv.`a`\nselect /* from csv.`b` */ 'from csv.`c`' as x from csv.`d`", ["d"]),
        ("select 'it\\'s' from json.`a`", ["a"]),
    ],
)
def test_paths_in_sql_are_reads(query: str, paths: list[str]) -> None:
    plan = spark_proto.Plan()
    plan.command.sql_command.input.sql.query = query
    assert paths_of(plan) == paths
    older = spark_proto.Plan()
    older.command.sql_command.sql = query
    assert paths_of(older) == paths
    relation = spark_proto.Plan()
    relation.root.limit.input.sql.query = query
    assert paths_of(relation) == paths


@pytest.mark.parametrize(
    ("format", "schema", "asked"),
    [("csv", "", "schema"), ("csv", "n int", "input_files"), ("text", "", "input_files")],
)
def test_files_are_asked_for_where_the_columns_say_nothing(format: str, schema: str, asked: str) -> None:
    read = spark_proto.Relation()
    read.read.data_source.format = format
    read.read.data_source.schema = schema
    assert question_of(read).WhichOneof("analyze") == asked


def test_no_file_and_no_column_are_nothing() -> None:
    answer = spark_proto.AnalyzePlanResponse()
    answer.input_files.SetInParent()
    assert finds_nothing(answer)
    answer.input_files.files.append("file:///a.csv")
    assert not finds_nothing(answer)
    answer.schema.schema.struct.SetInParent()
    assert finds_nothing(answer)
    answer.schema.schema.struct.fields.add(name="a")
    assert not finds_nothing(answer)
