"""What a Spark session held is there again after its engine died, by the plans that made it and by nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, BackgroundCell, Marker, describe, engine_of, eventually, session_of
from .test_personal_control_plane import User

MAKE = """
import pathlib, pandas as pd
from pyspark.sql.functions import col, udf
from pyspark.sql.datasource import DataSource, DataSourceReader

@udf("long")
def traced(n):
    with open("ran-udf", "a") as file:
        file.write("x")
    return n + 1

class Numbers(DataSource):
    @classmethod
    def name(cls):
        return "numbers"
    def schema(self):
        return "n int"
    def reader(self, schema):
        class Reader(DataSourceReader):
            def read(self, partition):
                yield (41,)
        return Reader()

spark.range(3).write.parquet("three.parquet")
spark.conf.set("spark.sql.session.timeZone", "Europe/Paris")
spark.sql("create temp view noon as select unix_timestamp(timestamp'2024-01-01 12:00:00') as second")
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.shuffle.partitions", "3")
spark.conf.set("spark.sql.test.unset", "1")
spark.conf.unset("spark.sql.test.unset")
spark.udf.register("plus", lambda n: n + 1, "long")
spark.sql("create temp view by_old_plus as select plus(1) as n")
spark.udf.register("plus", lambda n: n + 100, "long")
spark.dataSource.register(Numbers)

orders = spark.read.parquet("three.parquet")
orders.createOrReplaceTempView("orders")
spark.table("orders").filter("id > 0").createOrReplaceTempView("orders")  # of itself
spark.sql("create temp view doubled as select 2 * id as id from orders")
spark.createDataFrame(pd.DataFrame({"k": [1, 2], "v": ["a", "b"]})).createOrReplaceTempView("local")
orders.select(traced("id").alias("t")).createOrReplaceTempView("traced")
bound = spark.sql("select * from {few} where k = :k", args={"k": 2}, few=spark.table("local"))
bound.createOrReplaceTempView("bound up")
spark.read.format("numbers").load().createOrReplaceTempView("numbers")
spark.range(7).createGlobalTempView("seven")

spark.range(1).createOrReplaceTempView("source")
spark.sql("create temp view kept as select id + 5 as id from source")
spark.range(10, 11).createOrReplaceTempView("source")     # kept is of the one before
spark.range(1).createOrReplaceTempView("dropped")
spark.sql("create temp view of_dropped as select count(*) as n from dropped")
spark.catalog.dropTempView("dropped")

spark.sql("create table in_memory (n int)")
spark.sql("create temp view on_table as select * from in_memory")
spark.range(5).write.mode("append").saveAsTable("appended")
"""

CHECK = """
import pathlib
def rows(sql):
    return [tuple(row) for row in spark.sql(sql).collect()]
assert not pathlib.Path("ran-udf").exists(), "a restore runs no Python function"
assert rows("select second from noon") == [(1704106800,)], "made under the time zone that was set then"
assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
assert spark.conf.get("spark.sql.shuffle.partitions") == "3"
assert spark.conf.get("spark.sql.test.unset", "none") == "none"
assert rows("select plus(1)") == [(101,)]
assert rows("select n from by_old_plus") == [(2,)], "made with the function of that time"
assert sorted(rows("select id from orders")) == [(1,), (2,)]
assert sorted(rows("select id from doubled")) == [(2,), (4,)]
assert rows("select v from local where k = 1") == [("a",)]
assert sorted(rows("select t from traced")) == [(1,), (2,), (3,)]
assert pathlib.Path("ran-udf").exists()
assert rows("select v from `bound up`") == [("b",)]
assert rows("select n from numbers") == [(41,)]
assert spark.table("global_temp.seven").count() == 7
assert rows("select id from source") == [(10,)]
assert rows("select id from kept") == [(5,)], "of the view that was there then"
assert rows("select n from of_dropped") == [(1,)]
assert not spark.catalog.tableExists("dropped")
import glob
assert len(glob.glob("spark-warehouse/appended/*.parquet")) == files, "nothing was written again"
"""

ENDS_THE_ENGINE = """
%sail connect
class Deadly(DataSource):
    @classmethod
    def name(cls):
        return "deadly"
    def schema(self):
        import os
        if os.path.exists("deadly"):
            os._exit(3)
        return "n int"

spark.dataSource.register(Deadly)
spark.read.format("deadly").load().createOrReplaceTempView("deadly")
spark.range(2).createOrReplaceTempView("harmless")
"""

THREADS = """
import threading, warnings
import psutil
from lakesail_notebook import connect

made, killed = threading.Barrier(3), threading.Barrier(3)
said = []

def work(name, rows):
    spark = connect()
    spark.range(rows).createOrReplaceTempView(name)
    old = spark.range(rows)
    made.wait()
    killed.wait()
    try:
        spark.range(1).count()
    except Exception:
        pass
    spark = connect()
    said.append(f"{name}: {spark.table(name).count()}, {old.count()}")

threads = [threading.Thread(target=work, args=arguments) for arguments in (("one", 1), ("two", 2))]
for thread in threads:
    thread.start()
made.wait()
user = psutil.Process().environ()["HOME"]
for process in psutil.process_iter():
    try:
        if "lakesail_notebook.engine" in process.cmdline() and process.environ()["HOME"] == user:
            process.kill()
    except psutil.Error:
        pass
killed.wait()
for thread in threads:
    thread.join()
print(sorted(said))
"""

SLOW = """
%sail connect
class Slow(DataSource):
    @classmethod
    def name(cls):
        return "slow"
    def schema(self):
        import os, time
        while os.path.exists("slow"):
            open("slow-begun", "w").close()
            time.sleep(0.05)
        return "n int"

spark.range(1).createOrReplaceTempView("before_slow")
spark.dataSource.register(Slow)
spark.read.format("slow").load().createOrReplaceTempView("slow")
spark.range(3).createOrReplaceTempView("after_slow")
"""


def crashed(server: JupyterServer, kernel: Kernel) -> dict[str, Any]:
    """The session of a kernel, whose engine is killed."""
    session = session_of(server, kernel)
    engine_of(server, session).kill()
    eventually(lambda: describe(server, session["id"])["status"] == "failed", 60, "the crash was seen")
    return session


def failed(kernel: Kernel, code: str) -> str:
    """What a cell shows that fails."""
    with pytest.raises(CellFailed) as failure:
        kernel.execute(code)
    return failure.value.error.traceback


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Kernel:
    kernel = server.start_kernel("restored.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(MAKE)
    kernel.execute('import glob\nfiles = len(glob.glob("spark-warehouse/appended/*.parquet"))')
    return kernel


def test_views_functions_and_settings_are_made_again_twice_and_what_cannot_be_is_named(
    server: JupyterServer, kernel: Kernel
) -> None:
    for _ in range(2):
        crashed(server, kernel)
        said = kernel.execute("%sail connect").text
        assert re.search(r"Made again in \d+\.\d s: temp views .*; function plus; data source numbers; settings ", said)
        kernel.execute(CHECK)
        kernel.execute("pathlib.Path('ran-udf').unlink()")
        session = session_of(server, kernel)
        ours = server.request("GET", f"{API}/workloads/sessions/{session['id']}/queries").json()["items"]
        assert not [one for one in ours if "view" in str(one)], "the user made none of them in this session"
        if "Gone" in said:
            assert "temp view on_table (" in said
            assert "tables in_memory, appended (the engine's catalog ended with it" in said
    assert "Gone" not in said, "what is gone is named once"


def test_dataframes_of_the_session_before_run_on_the_new_one(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail connect\nmine = spark\nbefore = spark.table('orders')")
    kernel.execute("three = spark.read.parquet('three.parquet')")
    crashed(server, kernel)
    assert "run %sail connect" in failed(kernel, "three.count()")
    kernel.execute("%sail connect")
    assert kernel.execute("three.count(), before.count(), mine.sql('select 5').first()[0]").value == "(3, 2, 5)"
    assert kernel.execute("three.join(spark.range(2), 'id').count()").value == "2"


def test_a_stopped_spark_session_and_a_relaunched_session_are_restored(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail connect\nspark.range(4).createOrReplaceTempView('four')")
    kernel.execute("spark.stop()")
    assert "Made again in" in kernel.execute("%sail connect").text
    assert kernel.execute("spark.table('four').count()").value == "4"
    kernel.execute("%sail close")
    assert "Made again in" in kernel.execute("%sail relaunch").text
    assert kernel.execute("spark.table('four').count()").value == "4"


def test_a_bare_connect_restores_nothing_and_old_objects_say_where_they_were_made(
    server: JupyterServer, kernel: Kernel
) -> None:
    kernel.execute("%sail connect\nspark.range(6).createOrReplaceTempView('six')")
    kernel.execute("made_here = spark.range(6)\nmade_here.createOrReplaceTempView('six')\nold_spark = spark")
    cell = int(kernel.execute("len(In) - 2").value)
    old = session_of(server, kernel)
    crashed(server, kernel)
    said = kernel.execute("%sail connect --bare").text
    assert "Not made again: " in said
    assert re.search(r"temp views .*\bsix\b", said)
    assert kernel.execute("spark.catalog.tableExists('six')").value == "False"
    now = session_of(server, kernel)
    told = failed(kernel, "made_here.count()")
    assert f"made_here (made in In[{cell}]) belongs to session {old['id']}, which is over. Run In[{cell}] again" in told
    assert f"spark now runs on session {now['id']}" in told
    told = failed(kernel, "old_spark.sql('select 1')")
    assert f"old_spark (made in In[{cell}]) belongs to session {old['id']}" in told
    assert "different sessions" in failed(kernel, "spark.range(1).join(made_here, 'id')")


def test_a_new_session_says_which_one_it_leaves_alive(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail connect\nspark.range(6).createOrReplaceTempView('stays')")
    before = session_of(server, kernel)
    said = kernel.execute("%sail connect --new --name second").text
    assert (
        f"Session {before['id']}, which this notebook had before, stays active and keeps its engine for 8 h 30 min if"
        in said
    )
    assert f"%sail close {before['id']} ends it" in said
    assert kernel.execute("spark.catalog.tableExists('stays')").value == "False"
    kernel.execute(f"%sail close {before['id']}")
    assert "Made again" not in kernel.execute("%sail connect").text, "this session was never replaced"


def test_what_is_not_as_before_says_so_when_it_is_used(server: JupyterServer, kernel: Kernel) -> None:
    """A view whose file has gone meanwhile, and a table that was in the engine's memory."""
    kernel.execute("%sail connect")
    kernel.execute("spark.range(3).write.parquet('brief.parquet')")
    kernel.execute("spark.read.parquet('brief.parquet').createOrReplaceTempView('größe')")
    kernel.execute("spark.range(3).write.saveAsTable('remembered')\nof_table = spark.table('remembered')")
    kernel.execute("import shutil\nshutil.rmtree('brief.parquet')")
    crashed(server, kernel)
    kernel.execute("%sail connect")
    assert "No file matches brief.parquet" in kernel.execute("spark.table('größe').count()").stderr
    told = failed(kernel, "of_table.count()")
    assert "The table remembered was of a session that is over (the engine's catalog ended with it" in told
    assert "Make it again, as in: spark.range(3).write.saveAsTable('remembered')" in told
    kernel.execute("spark.sql('drop table if exists remembered')\nspark.catalog.dropTempView('größe')")


def test_the_session_that_ended_last_is_named_not_the_one_that_began_last(
    server: JupyterServer, kernel: Kernel
) -> None:
    kernel.execute("%sail connect")
    first = session_of(server, kernel)
    kernel.execute("%sail connect --new")
    kernel.execute("%sail close")
    kernel.execute("%sail connect")
    engine_of(server, first).kill()
    eventually(lambda: describe(server, first["id"])["status"] == "failed", 60, "the crash was seen")
    assert f"Session {first['id']} failed: its engine ended" in kernel.execute("%sail connect").text


def test_restoring_can_be_turned_off_for_all_connects(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail connect\nspark.range(6).createOrReplaceTempView('off')")
    kernel.execute("%config SailMagics.restore = False")
    try:
        crashed(server, kernel)
        assert "Not made again: " in kernel.execute("%sail connect").text
        assert kernel.execute("spark.catalog.tableExists('off')").value == "False"
    finally:
        kernel.execute("%config SailMagics.restore = True")


def test_a_plan_that_ends_the_engine_is_not_tried_again(server: JupyterServer, kernel: Kernel, root: Path) -> None:
    """Its columns come from a Python data source, which kills the engine when it is asked for them once more."""
    kernel.execute(ENDS_THE_ENGINE)
    crashed(server, kernel)
    (root / "deadly").touch()
    assert "at temp view deadly, which is not tried again" in failed(kernel, "%sail connect")
    said = kernel.execute("%sail connect").text
    assert "temp view deadly (the engine ended while it was made again)" in said
    assert kernel.execute("spark.table('harmless').count()").value == "2"


def test_a_restore_that_was_interrupted_goes_on_with_the_next_connect(
    server: JupyterServer, kernel: Kernel, root: Path
) -> None:
    kernel.execute(SLOW)
    crashed(server, kernel)
    (root / "slow").touch()
    connecting = BackgroundCell(kernel, "%sail connect")
    Marker(root, "slow-begun").wait()
    kernel.interrupt()
    connecting.failure(60)
    (root / "slow").unlink()
    said = kernel.execute("%sail connect").text
    assert "Made again in" in said
    assert "temp view slow (" not in said
    assert kernel.execute("[spark.table(f'{n}_slow').count() for n in ('before', 'after')]").value == "[1, 3]"
    assert kernel.execute("spark.catalog.tableExists('slow')").value == "True"


def test_what_is_beyond_the_kept_megabytes_is_named(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute(
        "%sail connect\nimport numpy as np\n"
        "rows = spark.createDataFrame(pd.DataFrame({'n': np.random.rand(2_500_000)}))\n"
        "rows.createOrReplaceTempView('first')\nrows.createOrReplaceTempView('second')"
    )
    crashed(server, kernel)
    said = kernel.execute("%sail connect").text
    assert "temp view second (its plan is beyond the 32 MB that are kept)" in said
    assert kernel.execute("spark.table('first').count()").value == "2500000"


def test_threads_of_a_script_restore_what_each_of_them_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    script = User(tmp_path_factory.mktemp("user")).script(THREADS)  # the path of a socket has to be short
    said, complaints = script.communicate(timeout=120)
    assert said == "['one: 1, 1', 'two: 2, 2']\n", complaints
    assert "Made again in" in complaints
