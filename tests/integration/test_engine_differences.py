"""What the engine would do in silence, on a real engine: it is refused where data would be lost, else warned of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, BackgroundCell, eventually

_DYNAMIC = "spark.sql.sources.partitionOverwriteMode"
_TWO_PARTITIONS = "select 1 a, 'x' p union all select 2, 'y'"


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("differences.ipynb")
    kernel.execute("%sail connect")
    yield kernel
    kernel.shutdown()


def refused(kernel: Kernel, code: str) -> str:
    """The one line of the refusal of a cell."""
    with pytest.raises(CellFailed) as failed:
        kernel.execute(code)
    assert failed.value.error.name in {"FailedPrecondition", "InvalidArgument"}, failed.value.error
    [line] = failed.value.error.traceback.splitlines()
    return line


def rows_of(kernel: Kernel, path: str) -> list[object]:
    """The first column of Parquet files, in its order."""
    text = kernel.execute(f"sorted(row[0] for row in spark.read.parquet({path!r}).collect())").value
    return [int(one) for one in text.strip("[]").split(",") if one]


def test_a_read_of_nothing_is_warned_of_each_time_at_the_users_line(kernel: Kernel) -> None:
    read = "n = 0\nspark.read.csv('none/*.csv').count()"
    for _ in range(2):
        said = kernel.execute(read).stderr
        assert said.count("No file matches none/*.csv") == 1
        assert "spark.read.csv('none/*.csv').count()" in said, "the line that Python shows is the user's"
        assert "site-packages" not in said
    twice = kernel.execute("for _ in range(2):\n    spark.read.csv('none/*.csv').count()").stderr
    assert twice.count("No file matches") == 2


def test_a_file_that_vanishes_after_it_was_read_is_missed(kernel: Kernel, root: Path) -> None:
    (root / "brief.csv").write_text("a\n")
    assert "No file" not in kernel.execute("brief = spark.read.csv('brief.csv')\nbrief.count()").stderr
    (root / "brief.csv").unlink()
    assert "No file matches brief.csv" in kernel.execute("import time\ntime.sleep(0.5)\nbrief.count()").stderr


def test_a_view_of_nothing_is_a_read_of_nothing(kernel: Kernel) -> None:
    kernel.execute("spark.read.json('none.json').createOrReplaceTempView('empty_view')")
    for query in ("spark.table('empty_view').count()", "spark.sql('select count(*) from empty_view').collect()"):
        assert kernel.execute(query).stderr.count("No file matches none.json") == 1


def test_a_view_that_reads_files_no_more_is_no_read_of_nothing(kernel: Kernel) -> None:
    kernel.execute("spark.read.json('none.json').createOrReplaceTempView('replaced_view')")
    kernel.execute("spark.range(3).createOrReplaceTempView('replaced_view')")
    assert "No file" not in kernel.execute("spark.table('replaced_view').count()").stderr


def test_sql_that_reads_nothing_says_so_and_shows_a_table(kernel: Kernel) -> None:
    said = kernel.execute("%%sail sql\nselect * from parquet.`none`")
    assert said.stderr.count("No file matches none") == 1
    [shown] = said.displays
    assert "0 rows, no columns" in shown["text/plain"]
    assert "Done" not in said.text


def test_a_caption_counts_the_rows_of_a_result_without_columns(kernel: Kernel) -> None:
    assert "3 rows, no columns" in kernel.execute("spark.range(3).select()").value
    assert "The first 20 rows; there are more, no columns" in kernel.execute("spark.range(30).select()").value
    kernel.execute("bare = spark.range(7).select()")
    assert "The first 5 rows; there are more" in kernel.execute("%%sail sql --limit 5\nselect * from {bare}").text
    assert kernel.execute("%%sail sql\nuse database default").text == "Done; it has no result."


@pytest.mark.parametrize(
    "overwrite",
    [
        "spark.read.parquet('self').where('id > 1').write.mode('overwrite').parquet('self')",
        "spark.read.parquet('./self').write.mode('overwrite').parquet(os.path.abspath('self'))",
        "spark.read.parquet(os.path.abspath('sel*')).write.mode('overwrite').format('csv').save('self')",
        "spark.table('of_self').write.mode('overwrite').parquet('self')",
        "spark.sql(\"insert overwrite directory 'self' using parquet select * from of_self\")",
        "spark.sql('insert overwrite self_table select id + 1 from self_table')",
        "spark.table('self_table').join(spark.range(9), 'id').write.insertInto('self_table', overwrite=True)",
        "spark.table('self_table').writeTo('self_table').createOrReplace()",
        "spark.read.parquet('linked').write.mode('overwrite').parquet('self')",
    ],
)
def test_an_overwrite_of_what_the_query_reads_is_refused_before_it_is_sent(kernel: Kernel, overwrite: str) -> None:
    kernel.execute(
        "import os\nif not os.path.exists('self'):\n"
        "    spark.range(5).write.parquet('self')\n"
        "    spark.range(5).write.saveAsTable('self_table')\n"
        "    spark.read.parquet('self').createOrReplaceTempView('of_self')\n"
        "    os.symlink('self', 'linked')"
    )
    line = refused(kernel, overwrite)
    assert "was not sent" in line
    assert "Write to a new place" in line
    assert "spark.lakesail.checks.overwrittenSource" in line
    assert rows_of(kernel, "self") == [0, 1, 2, 3, 4]
    assert kernel.execute("spark.table('self_table').count()").value == "5"


@pytest.mark.parametrize(
    "overwrite",
    [
        "spark.read.format('delta').load('lake/delta').write.mode('overwrite').parquet('lake/delta')",
        "spark.sql('select * from delta.`lake/delta`').write.mode('overwrite').json('lake')",
        "spark.read.parquet('lake/plain').write.mode('overwrite').parquet('./lake')",
    ],
)
def test_an_overwrite_whose_files_sail_does_not_tell_is_refused_too(kernel: Kernel, overwrite: str) -> None:
    kernel.execute(
        "import os\nif not os.path.exists('lake'):\n"
        "    spark.range(3).write.parquet('lake/plain')\n"
        "    spark.range(1).write.parquet('lake/k=1')\n"
        "    spark.range(3).write.format('delta').save('lake/delta')"
    )
    assert "was not sent" in refused(kernel, overwrite)
    assert rows_of(kernel, "lake/plain") == [0, 1, 2]
    assert kernel.execute("spark.read.format('delta').load('lake/delta').count()").value == "3"


def test_other_overwrites_go_on(kernel: Kernel) -> None:
    kernel.execute("spark.range(5).write.mode('overwrite').parquet('one')")
    said = kernel.execute("spark.read.parquet('one').write.mode('overwrite').parquet('other')").stderr
    assert said == ""
    kernel.execute("spark.read.parquet('other').where('id > 2').write.mode('overwrite').parquet('one')")
    assert rows_of(kernel, "one") == [3, 4]
    kernel.execute("spark.range(3).write.format('delta').save('safe')")
    kernel.execute("safe = spark.read.format('delta').load('safe')")
    kernel.execute("safe.where('id > 0').write.format('delta').mode('overwrite').save('safe')")
    assert kernel.execute("safe.count()").value == "2"


@pytest.mark.parametrize(
    ("write", "place"),
    [
        ("bad.write.mode('overwrite').parquet('precious')", "precious"),
        ("bad.write.insertInto('precious_table', overwrite=True)", "table precious_table"),
        ("spark.sql('insert overwrite precious_table select * from {bad}', bad=bad)", "table precious_table"),
    ],
)
def test_a_failed_overwrite_says_what_is_gone_and_how_to_write(kernel: Kernel, write: str, place: str) -> None:
    kernel.execute("bad = spark.range(3).selectExpr('cast(1 / (id - 1) as bigint) id')")
    kernel.execute("spark.range(3).write.mode('overwrite').parquet('precious')")
    kernel.execute("spark.range(3).write.mode('overwrite').saveAsTable('precious_table')")
    with pytest.raises(CellFailed, match="Division by zero") as failed:
        kernel.execute(write)
    said = failed.value.result.stderr
    assert f"The overwrite of {place} did not succeed" in said
    assert "write to a new directory" in said
    with pytest.raises(CellFailed, match="nope") as failed:
        kernel.execute("spark.range(3).select('nope').write.mode('overwrite').parquet('other')")
    assert failed.value.result.stderr == "", "what fails before it begins has lost nothing"


@pytest.mark.parametrize(
    "write",
    [
        "{y}.write.mode('overwrite').partitionBy('p').parquet('dynamic')",
        "{y}.write.mode('overwrite').partitionBy('p').format('delta').save('dynamic_delta')",
        "spark.sql(\"insert overwrite dynamic_table select 3, 'y'\")",
        "{y}.write.insertInto('dynamic_table', overwrite=True)",
    ],
)
def test_a_dynamic_partition_overwrite_is_refused(kernel: Kernel, write: str) -> None:
    kernel.execute(
        f'two = spark.sql("{_TWO_PARTITIONS}")\n'
        "two.write.mode('overwrite').partitionBy('p').parquet('dynamic')\n"
        "two.write.mode('overwrite').partitionBy('p').format('delta').save('dynamic_delta')\n"
        "two.write.mode('overwrite').partitionBy('p').saveAsTable('dynamic_table')\n"
    )
    y = "two.where(\"p = 'y'\")"
    if ".write.mode" in write:
        with_option = write.format(y=y).replace(".write", ".write.option('partitionOverwriteMode', 'dynamic')")
        assert "would delete every partition" in refused(kernel, with_option)
    kernel.execute(f"spark.conf.set({_DYNAMIC!r}, 'DYNAMIC')")
    line = refused(kernel, write.format(y=y))
    kernel.execute(f"spark.conf.unset({_DYNAMIC!r})")
    assert "would delete every partition" in line
    assert "replaceWhere" in line
    assert rows_of(kernel, "dynamic") == [1, 2]
    assert kernel.execute("spark.read.format('delta').load('dynamic_delta').count()").value == "2"
    assert kernel.execute("spark.table('dynamic_table').count()").value == "2"


def test_the_cures_of_a_dynamic_partition_overwrite_keep_the_other_partitions(kernel: Kernel) -> None:
    kernel.execute(f'two = spark.sql("{_TWO_PARTITIONS}")\ntwo.write.partitionBy("p").parquet("cured")')
    kernel.execute("new = spark.sql(\"select 7 a, 'y' p\")")
    kernel.execute('new.where("p = \'y\'").drop("p").write.mode("overwrite").parquet("cured/p=y")')
    assert rows_of(kernel, "cured") == [1, 7]
    kernel.execute('two.write.partitionBy("p").format("delta").save("cured_delta")')
    kernel.execute(
        "new.write.mode('overwrite').format('delta').option('replaceWhere', \"p = 'y'\").save('cured_delta')"
    )
    cured = kernel.execute("sorted(row.a for row in spark.read.format('delta').load('cured_delta').collect())")
    assert cured.value == "[1, 7]"


def test_a_dynamic_overwrite_of_what_is_not_there_or_has_no_partitions_goes_on(kernel: Kernel) -> None:
    kernel.execute(f"spark.conf.set({_DYNAMIC!r}, 'dynamic')")
    kernel.execute(f'two = spark.sql("{_TWO_PARTITIONS}")')
    kernel.execute("two.write.mode('overwrite').partitionBy('p').parquet('first_time')")
    kernel.execute("two.write.mode('overwrite').partitionBy('p').saveAsTable('first_table')")
    kernel.execute("for _ in range(2):\n    two.write.mode('overwrite').parquet('plain')")
    kernel.execute(f"spark.conf.unset({_DYNAMIC!r})")
    assert rows_of(kernel, "first_time") == rows_of(kernel, "plain") == [1, 2]


def test_overwrite_partitions_of_an_iceberg_table_is_refused(kernel: Kernel) -> None:
    kernel.execute(
        "spark.conf.set('spark.sql.warehouse.dir', os.path.abspath('warehouse'))\n"
        "spark.sql('create table ice (a int, d int) using iceberg partitioned by (d)')\n"
        "spark.sql('insert into ice values (1, 1), (2, 2)')"
    )
    line = refused(kernel, "spark.sql('select 7 a, 2 d').writeTo('ice').overwritePartitions()")
    assert "replaces the whole of an Iceberg table" in line
    assert kernel.execute("spark.table('ice').count()").value == "2"


def test_a_check_is_turned_off_by_its_name(kernel: Kernel) -> None:
    kernel.execute(f'two = spark.sql("{_TWO_PARTITIONS}")\ntwo.write.partitionBy("p").parquet("known")')
    off = "spark.conf.set('spark.lakesail.checks.{}', '{}')"
    kernel.execute(off.format("dynamicPartitionOverwrite", "false"))
    write = (
        "two.where(\"p = 'y'\").write.mode('overwrite').option('partitionOverwriteMode', 'dynamic').partitionBy('p')"
    )
    kernel.execute(f"{write}.parquet('known')")
    assert rows_of(kernel, "known") == [2]
    kernel.execute(off.format("emptyReads", "false"))
    assert kernel.execute("spark.read.csv('nothing').count()").stderr == ""
    kernel.execute(off.format("emptyReads", "true") + "\n" + off.format("dynamicPartitionOverwrite", "true"))
    assert "No file matches" in kernel.execute("spark.read.csv('nothing').count()").stderr
    assert "did you mean spark.lakesail.checks.emptyReads" in refused(kernel, off.format("emptyRead", "false"))
    quiet = "import warnings\nwith warnings.catch_warnings(action='ignore'):\n    spark.read.csv('nothing').count()"
    assert kernel.execute(quiet).stderr == ""


def test_what_changes_rows_is_warned_of_once(kernel: Kernel, root: Path) -> None:
    (root / "na.csv").write_text("NA\n1\n")
    (root / "kv" / "k=a").mkdir(parents=True)
    (root / "kv" / "k=a" / "x.csv").write_text("1\n")
    (root / "kv" / "plain").mkdir()
    (root / "kv" / "plain" / "x.csv").write_text("1\n")
    for code, words in (
        ("spark.read.csv('na.csv', nullValue='NA').count()", "ignores the option nullValue"),
        ("spark.read.option('ENCODING', 'latin1').csv('na.csv').count()", "ignores the option encoding"),
        ("spark.read.csv('kv/*/x.csv').count()", "leave out directories that are named like k=v"),
        ("spark.sql('select * from csv.`kv/k=*`').collect()", "leave out directories that are named like k=v"),
        ("spark.range(3).cache().count()", "Sail caches nothing"),
        (
            "spark.sql('select 1 a, cast(null as int) p').write.mode('overwrite').partitionBy('p').parquet('nulls')",
            "The partition column p of nulls may hold nulls",
        ),
    ):
        first, second = kernel.execute(code).stderr, kernel.execute(code).stderr
        assert first.count(words) == 1, first
        assert code in first, "it points to the user's line"
        assert words not in second
    not_null = "spark.sql('select 1 a, 2 p').write.partitionBy('p').parquet('no_nulls')"
    assert kernel.execute(not_null).stderr == ""
    assert kernel.execute("spark.read.csv('na.csv', encoding='UTF-8', sep=';').count()").stderr == ""


def test_timestamps_that_are_stored_in_another_zone_are_warned_of_and_a_cast_cures_them(kernel: Kernel) -> None:
    kernel.execute(
        "spark.conf.set('spark.sql.session.timeZone', 'UTC')\n"
        "spark.sql(\"select timestamp '2024-07-01 12:00:00' t\").write.parquet('noon')"
    )
    read = "noon = spark.read.parquet('noon')\nnoon.show()"
    assert kernel.execute(read).stderr == ""
    kernel.execute("spark.conf.set('spark.sql.session.timeZone', 'Europe/Paris')")
    said = kernel.execute(read)
    assert said.stderr.count("are stored in the time zone UTC, and the Spark session is in Europe/Paris") == 1
    assert "noon.show()" in said.stderr
    assert kernel.execute(read).stderr == ""
    cured = 'noon.withColumn("t", noon["t"].cast("timestamp"))'
    assert cured.replace("noon", "df") in said.stderr
    shown = kernel.execute(f"{cured}.show()\n{cured}.selectExpr('hour(t)').show()").stdout
    kernel.execute("spark.conf.unset('spark.sql.session.timeZone')")
    assert "14:00:00" in shown
    assert " 14|" in shown


def test_dates_in_csv_files_of_a_cluster_are_warned_of(server: JupyterServer) -> None:
    cluster = {"sail": {"executionMode": "cluster"}}
    config = {"name": "workers", "workloadType": "sail", "clusterId": "LOCAL", "teamId": "LOCAL", "config": cluster}
    assert server.request("POST", f"{API}/workloads/compute-configs", config).status_code == 201
    kernel = server.start_kernel("dates.ipynb")
    kernel.execute("%sail connect workers")
    said = kernel.execute("spark.sql(\"select 1 a, date'2024-01-01' d\").write.csv('dates')").stderr
    assert "d of dates will be empty" in said
    assert kernel.execute("spark.sql(\"select 1 a, 'x' d\").write.csv('texts')").stderr == ""
    kernel.execute("%sail close")
    kernel.shutdown()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spark.sql.ansi.enabled", "maybe"),
        ("spark.sql.pivotMaxValues", "many"),
        ("spark.sql.mapKeyDedupPolicy", "NOPE"),
        ("spark.sql.session.timeZone", "Mars/Olympus"),
    ],
)
def test_a_setting_that_would_break_the_session_is_refused(kernel: Kernel, name: str, value: str) -> None:
    before = kernel.execute(f"spark.conf.get({name!r})").value
    line = refused(kernel, f"spark.conf.set({name!r}, {value!r})")
    assert f"{name}='{value}' was not set" in line
    assert kernel.execute(f"spark.conf.get({name!r})").value == before
    assert kernel.execute("spark.range(3).count()").value == "3"


def test_good_settings_are_set_and_a_broken_session_names_its_cure(kernel: Kernel) -> None:
    kernel.execute("spark.conf.set('spark.sql.ansi.enabled', 'false')\nspark.conf.set('spark.anything', 'maybe')")
    assert kernel.execute("spark.sql('select 1 / 0').first()[0]").value == ""
    kernel.execute("spark.conf.unset('spark.sql.ansi.enabled')")
    by_another_client = (
        "import pyspark.sql.connect.proto as proto\n"
        "builder = spark.client._builder\n"
        "request = proto.ConfigRequest(session_id=spark.session_id)\n"
        "request.operation.set.pairs.add(key='spark.sql.ansi.enabled', value='maybe')\n"
        "proto.SparkConnectServiceStub(builder.bare_channel).Config(request)"
    )
    kernel.execute(by_another_client)
    with pytest.raises(CellFailed, match=r"spark\.conf\.unset") as failed:
        kernel.execute("spark.range(3).count()")
    assert len(failed.value.error.traceback.splitlines()) == 1
    kernel.execute("spark.conf.set('spark.anything', 'else')")
    kernel.execute("spark.conf.unset('spark.sql.ansi.enabled')")
    assert kernel.execute("spark.range(3).count()").value == "3"


def test_an_interrupted_overwrite_says_what_is_gone(kernel: Kernel, root: Path) -> None:
    kernel.execute("spark.range(3).write.mode('overwrite').parquet('held')")
    endless = "spark.range(10**12).selectExpr('sha2(string(id), 256) x').write.mode('overwrite').parquet('held')"
    cell = BackgroundCell(kernel, endless)
    eventually(lambda: not list((root / "held").glob("*.parquet")), 30, "the old files were deleted")
    kernel.interrupt()
    said = cell.failure(30).result.stderr
    assert "The overwrite of held" in said
    assert "1 file of held is gone" in said
