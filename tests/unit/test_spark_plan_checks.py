"""What is found in plans before they are sent: writes that lose data, and what changes rows."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.spark.sail_workarounds.plan_checks import (
    cluster_dates,
    dynamic_overwrite,
    failed_overwrites,
    ignored_options,
    nothing_cached,
    null_partitions,
    overwritten_source,
    partition_globs,
    stored_zones,
)
from lakesail_notebook.spark.sail_workarounds.plan_checks.engine import Column
from lakesail_notebook.spark.sail_workarounds.plan_checks.findings import Name, wrong_switch
from lakesail_notebook.spark.sail_workarounds.plan_checks.writes import Write, write_of


@dataclass
class Knowing:
    """An engine that knows these things by path or table; implements :class:`.engine.Engine`."""

    by_place: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schema: Sequence[Column] | None = ()
    partitions: Sequence[str] | None = ()
    rows: bool | None = False
    conf: dict[str, str] = field(default_factory=dict)

    def files(self, relation: Any) -> Sequence[str] | None:
        read = relation.read
        place = read.named_table.unparsed_identifier or (read.data_source.paths or [""])[0]
        return self.by_place.get(place, ())

    def columns(self, relation: Any) -> Sequence[Column] | None:
        return self.schema

    def has_rows(self, relation: Any) -> bool | None:
        return self.rows

    def partition_columns(self, table: str) -> Sequence[str] | None:
        return self.partitions

    def settings(self, names: Sequence[str]) -> Sequence[str | None]:
        return [self.conf.get(name) for name in names]


def reading(path: str) -> Any:
    relation = spark_proto.Relation()
    relation.read.data_source.paths.append(path)
    return relation


def written_by(sql: str) -> Write | None:
    plan = spark_proto.Plan()
    plan.command.sql_command.input.sql.query = sql
    return write_of(plan)


@pytest.mark.parametrize(
    ("sql", "what", "source"),
    [
        ("insert overwrite t select 1", "table t", "select 1"),
        ("INSERT OVERWRITE TABLE `my db`.t (a, b) SELECT 1, 2", "table `my db`.t", "SELECT 1, 2"),
        ("insert overwrite t (select 1)", "table t", "(select 1)"),
        ("insert overwrite t by name select 1", "table t", "select 1"),
        ("insert overwrite t partition (p = 1) table u", "table t", "table u"),
        ("-- first\ninsert /* x */ overwrite t values (1)", "table t", "values (1)"),
        ("insert overwrite directory '/a' using csv options (header 'true') select 1", "/a", "select 1"),
        (
            "create or replace table t using delta as with q as (select 1) select *",
            "table t",
            "with q as (select 1) select *",
        ),
        ("replace table t as select 1", "table t", "select 1"),
    ],
)
def test_what_sql_overwrites_and_from_what_is_read_from_its_text(sql: str, what: str, source: str) -> None:
    write = written_by(sql)
    assert write is not None
    assert write.overwrites
    assert (write.what, write.source.sql.query) == (what, source)


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t select 1",
        "select 'insert overwrite t'",
        "create or replace view v as select 1",
        "",
        "create table t",
    ],
)
def test_other_sql_overwrites_nothing(sql: str) -> None:
    assert written_by(sql) is None


def test_a_table_that_is_made_from_a_query_names_its_partitions() -> None:
    write = written_by("create table if not exists t using parquet partitioned by (a, `b c`, days(d)) as select 1")
    assert write is not None
    assert not write.overwrites
    assert (write.format, write.partitioned_by) == ("parquet", ("a", "b c"))


def test_the_arguments_and_dataframes_of_sql_stay_with_its_query() -> None:
    plan = spark_proto.Plan()
    relation = plan.command.sql_command.input.with_relations
    relation.root.sql.query = "insert overwrite t select * from df where a = :a"
    relation.root.sql.named_arguments["a"].literal.integer = 1
    relation.references.add().subquery_alias.alias = "df"
    write = write_of(plan)
    assert write is not None
    assert write.source.with_relations.root.sql.query == "select * from df where a = :a"
    assert write.source.with_relations.root.sql.named_arguments["a"].literal.integer == 1
    assert write.source.with_relations.references[0].subquery_alias.alias == "df"


def test_the_writers_of_dataframes_are_writes() -> None:
    plan = spark_proto.Plan()
    operation = plan.command.write_operation
    operation.path, operation.source = "/a", "CSV"
    operation.mode = spark_proto.WriteOperation.SAVE_MODE_OVERWRITE
    operation.options["partitionOverwriteMode"] = "dynamic"
    write = write_of(plan)
    assert write is not None
    assert (write.what, write.format, write.overwrites) == ("/a", "csv", True)
    assert write.options == {"partitionoverwritemode": "dynamic"}
    plan = spark_proto.Plan()
    plan.command.write_operation_v2.table_name = "t"
    plan.command.write_operation_v2.mode = spark_proto.WriteOperationV2.MODE_OVERWRITE_PARTITIONS
    write = write_of(plan)
    assert write is not None
    assert write.only_partitions
    plan = spark_proto.Plan()
    plan.root.range.end = 3
    assert write_of(plan) is None


def partitioned(path: str = "/d", **more: Any) -> Write:
    given: dict[str, Any] = {"partitioned_by": ("p",), "format": "parquet"} | more
    return Write(path=path, overwrites=True, takes_partition_mode=True, **given)


DYNAMIC = {"spark.sql.sources.partitionOverwriteMode": "Dynamic"}
THERE = {"/d": ("file:///d/p=x/1.parquet",)}


def test_a_dynamic_overwrite_is_found_by_setting_and_by_option() -> None:
    found = dynamic_overwrite.find(partitioned(), Knowing(THERE, conf=DYNAMIC))
    assert found is not None
    assert '.parquet("/d/p=x")' in found.text
    by_option = partitioned(options={"partitionoverwritemode": "DYNAMIC"})
    assert dynamic_overwrite.find(by_option, Knowing(THERE))
    static = partitioned(options={"partitionoverwritemode": "static"})
    assert dynamic_overwrite.find(static, Knowing(THERE, conf=DYNAMIC)) is None
    assert dynamic_overwrite.find(partitioned(), Knowing(THERE)) is None


def test_a_dynamic_overwrite_that_can_lose_nothing_is_none() -> None:
    assert dynamic_overwrite.find(partitioned("/new"), Knowing(THERE, conf=DYNAMIC)) is None
    assert dynamic_overwrite.find(partitioned(partitioned_by=()), Knowing(THERE, conf=DYNAMIC)) is None
    appended = Write(path="/d", partitioned_by=("p",))
    assert dynamic_overwrite.find(appended, Knowing(THERE, conf=DYNAMIC)) is None


def test_a_dynamic_overwrite_goes_on_when_it_says_which_rows_it_replaces() -> None:
    plan = spark_proto.Plan()
    operation = plan.command.write_operation
    operation.path, operation.source = "/d", "delta"
    operation.mode = spark_proto.WriteOperation.SAVE_MODE_OVERWRITE
    operation.partitioning_columns.append("p")
    engine = Knowing(conf=DYNAMIC, rows=True)
    refused = write_of(plan)
    assert refused is not None
    assert dynamic_overwrite.find(refused, engine)
    operation.options["ReplaceWhere"] = "p = 'x'"
    cured = write_of(plan)
    assert cured is not None
    assert dynamic_overwrite.find(cured, engine) is None
    of_files = partitioned(options={"replacewhere": "p = 'x'"})
    assert dynamic_overwrite.find(of_files, Knowing(THERE, conf=DYNAMIC)), "Parquet ignores the option"


def test_of_delta_and_of_tables_the_rows_are_asked_for() -> None:
    delta = partitioned(format="delta")
    assert dynamic_overwrite.find(delta, Knowing(conf=DYNAMIC, rows=True))
    assert dynamic_overwrite.find(delta, Knowing(conf=DYNAMIC, rows=False)) is None
    table = Write(table="t", overwrites=True, takes_partition_mode=True)
    assert dynamic_overwrite.find(table, Knowing(conf=DYNAMIC, rows=True, partitions=("p",)))
    assert dynamic_overwrite.find(table, Knowing(conf=DYNAMIC, rows=True)) is None


def test_an_overwrite_of_a_file_that_is_read_is_found_under_any_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a file.parquet").touch()
    engine = Knowing(
        {
            "/to": (f"file://{tmp_path}/real/a%20file.parquet", "file:///to/2"),
            "/from": (f"file://{tmp_path}/link/a%20file.parquet",),
        }
    )
    write = Write(path="/to", overwrites=True, source=reading("/from"))
    found = overwritten_source.find(failed_overwrites.before(write, engine), engine)
    assert found is not None
    assert "1 of its 2 files" in found.text
    other = Write(path="/to", overwrites=True, source=reading("/elsewhere"))
    assert overwritten_source.find(failed_overwrites.before(other, engine), engine) is None


@pytest.mark.parametrize(
    ("path", "read", "found"),
    [
        ("table", "./table/", True),
        ("{here}/table", "table", True),
        ("table", "file://{here}/table", True),
        (".", "table", True),
        ("table", "link", True),
        ("table", "table2", False),
        ("table/part", "table", False),
        ("s3://b/table", "s3://b/table", True),
        ("s3://b/table", "table", False),
    ],
)
def test_a_delta_table_that_is_read_is_found_where_it_is_overwritten(
    tmp_path: Path, path: str, read: str, found: bool
) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "link").symlink_to("table")
    source = reading(read.format(here=tmp_path))
    source.read.data_source.format = "delta"
    write = Write(path=path.format(here=tmp_path), format="parquet", overwrites=True, source=source)
    replaced = failed_overwrites.Replaced(write, frozenset({"file:///x"}))
    finding = overwritten_source.find(replaced, Knowing(), [source], str(tmp_path))
    assert (finding is not None) is found
    assert finding is None or "reads the Delta table there" in finding.text


def test_files_that_the_engine_cannot_list_are_listed_here(tmp_path: Path) -> None:
    (tmp_path / "d" / "k=1").mkdir(parents=True)
    files = [tmp_path / "d" / "k=1" / "a b.parquet", tmp_path / "d" / "c.parquet"]
    for file in files:
        file.touch()
    engine = Knowing({"from": (files[0].as_uri(),)})
    write = Write(path="d", overwrites=True, source=reading("from"))
    assert failed_overwrites.before(write, engine) is None, "nothing is known of another machine"
    replaced = failed_overwrites.before(write, engine, str(tmp_path))
    found = overwritten_source.find(replaced, engine, (), str(tmp_path))
    assert found is not None
    assert "1 of its 2 files" in found.text
    assert replaced is not None
    assert failed_overwrites.after(replaced, engine, interrupted=False) is None
    files[0].unlink()
    gone = failed_overwrites.after(replaced, engine, interrupted=False)
    assert gone is not None
    assert "1 file of d is gone" in gone.text


@pytest.mark.parametrize("write", [Write(path="/d"), Write(path="/d", overwrites=True, format="delta")])
def test_appends_and_transactional_formats_can_lose_nothing(write: Write) -> None:
    assert failed_overwrites.before(write, Knowing(THERE)) is None


def test_what_is_gone_is_what_was_there_and_is_not_there_now() -> None:
    write = Write(path="/d", overwrites=True)
    replaced = failed_overwrites.before(write, Knowing({"/d": ("1", "2", "3")}))
    assert replaced is not None
    found = failed_overwrites.after(replaced, Knowing({"/d": ("3", "new")}), interrupted=False)
    assert found is not None
    assert "2 files of /d are gone" in found.text
    assert failed_overwrites.after(replaced, Knowing({"/d": ("3", "2", "1")}), interrupted=False) is None


def test_partition_columns_that_may_hold_nulls_are_named() -> None:
    columns = (Column("p", "string", True), Column("q", "string", False), Column("other", "string", True))
    write = Write(path="/d", format="parquet", partitioned_by=("P", "q"), source=reading("/x"))
    found = null_partitions.find(write, Knowing(schema=columns))
    assert found is not None
    assert "column p of /d" in found.text
    delta = Write(path="/d", format="delta", partitioned_by=("p",), source=reading("/x"))
    assert null_partitions.find(delta, Knowing(schema=columns)) is None
    assert null_partitions.find(write, Knowing(schema=None)) is None


def test_dates_in_csv_files_are_lost_on_a_cluster_alone() -> None:
    engine = Knowing(schema=(Column("d", "date", True), Column("t", "timestamp", True)))
    write = Write(path="/d", format="csv", source=reading("/x"))
    found = cluster_dates.find(write, engine, cluster=True)
    assert found is not None
    assert ": d of /d" in found.text
    assert cluster_dates.find(write, engine, cluster=False) is None
    assert cluster_dates.find(Write(path="/d", format="parquet", source=reading("/x")), engine, cluster=True) is None


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        ("csv", {"NULLVALUE": "NA", "header": "true"}, ["nullValue"]),
        ("csv", {"encoding": "UTF-8", "nullValue": "", "sep": ";"}, []),
        ("CSV", {"encoding": "latin1", "basePath": "/d"}, ["basePath", "encoding"]),
        ("parquet", {"nullValue": "NA", "modifiedAfter": "2024-01-01T00:00:00"}, ["modifiedAfter"]),
        ("json", {"primitivesAsString": "true"}, ["primitivesAsString"]),
    ],
)
def test_ignored_options_are_named_unless_they_ask_for_what_is_done(
    kind: str, options: dict[str, str], named: list[str]
) -> None:
    source = reading("/d").read.data_source
    source.format = kind
    source.options.update(options)
    assert sorted(found.about.split()[-1] for found in ignored_options.in_read(source)) == named


def test_an_ignored_option_of_a_write_is_named() -> None:
    write = Write(path="/d", format="parquet", options={"maxrecordsperfile": "3"})
    [found] = ignored_options.in_write(write)
    assert "maxRecordsPerFile" in found.text


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("d/k=*/x.csv", True),
        ("s3://b/*/k=1/x.csv", True),
        ("d/k=a/*.csv", False),
        ("d/k={a,b}/x.csv", False),
        ("d/k=a", False),
        ("k=v/*", False),
        ("d/*", False),
        ("d/**", False),
        ("d/k=*", True),
    ],
)
def test_globs_over_partitions_are_found_by_their_names(pattern: str, found: bool) -> None:
    assert bool(list(partition_globs.find(reading(pattern).read.data_source, local=False))) is found


def test_globs_over_partitions_are_found_by_what_they_match_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "d" / "k=a").mkdir(parents=True)
    (tmp_path / "plain" / "sub").mkdir(parents=True)
    (tmp_path / "plain" / "a=b.csv").touch()
    over = reading(f"{tmp_path}/d/*/x.csv").read.data_source
    assert list(partition_globs.find(over, local=True))
    assert not list(partition_globs.find(over, local=False))
    assert not list(partition_globs.find(reading(f"{tmp_path}/plain/*/*").read.data_source, local=True))
    assert not list(partition_globs.find(reading(f"{tmp_path}/plain/*").read.data_source, local=True))


def test_only_persisting_asks_to_cache() -> None:
    request = spark_proto.AnalyzePlanRequest()
    request.persist.relation.range.end = 1
    assert nothing_cached.find(request)
    request.schema.plan.root.range.end = 1
    assert nothing_cached.find(request) is None


def test_timestamps_of_another_zone_are_found_in_parquet_files_and_in_delta_tables(tmp_path: Path) -> None:
    noon = pa.array([datetime.datetime(2024, 7, 1, 12)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"t": noon}), tmp_path / "a b.parquet")
    columns = (Column("t", "timestamp", True), Column("n", "timestamp_ntz", True))

    def found(kind: str, zone: str, *, local: bool = True, schema: str = "") -> bool:
        read = reading("/d")
        read.read.data_source.format = kind
        read.read.data_source.schema = schema
        files = {"/d": ((tmp_path / "a b.parquet").as_uri(),)}
        engine = Knowing(files, schema=columns, conf={stored_zones.ZONE_SETTING: zone})
        return stored_zones.find(read, engine, local=local) is not None

    assert found("parquet", "Europe/Paris")
    assert found("delta", "Europe/Paris", local=False)
    assert not found("parquet", "Etc/UTC")
    assert not found("parquet", "Europe/Paris", schema="t timestamp")
    assert not found("parquet", "Europe/Paris", local=False)
    assert not found("csv", "Europe/Paris")
    (tmp_path / "a b.parquet").write_text("not Parquet")
    assert not found("parquet", "Europe/Paris")


def test_a_misspelt_switch_is_refused_with_the_names_that_there_are() -> None:
    assert all(wrong_switch(f"spark.lakesail.checks.{name}", " False") is None for name in get_args(Name))
    assert wrong_switch("spark.sql.ansi.enabled", "maybe") is None
    assert "did you mean spark.lakesail.checks.emptyReads?" in str(
        wrong_switch("spark.lakesail.checks.emptyRead", "false")
    )
    assert "emptyReads" in str(wrong_switch("spark.lakesail.checks.x", "false"))
    assert "true or false" in str(wrong_switch("spark.lakesail.checks.emptyReads", "off"))
