"""A `spark` that heals: what the user sees of each mishap, and that no write runs twice."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from .notebooks import API, BackgroundCell, Marker, describe, engine_of, eventually, processes_of, session_of

PROXY = "lakesail_notebook.session_proxy"
WRITTEN_ROWS = 3

_SLOW_WRITE = """
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    open("{marker}", "a").write("x")
    time.sleep({seconds})
    return n
spark.range({rows}).repartition(1).select(slow("id").alias("n")).write.mode("append").parquet("{table}")
"""

_READ_THE_REST_WHEN_TOLD = """
import os, time
rows = spark.range(400_000).selectExpr("id", "repeat('x', 400) as text").toLocalIterator()
next(rows)
open("reading", "w").close()
while not os.path.exists("read-on"):
    time.sleep(0.05)
1 + sum(1 for _ in rows)
"""

_HOLD_ALL_THREADS = """
from pyspark.sql.functions import udf
@udf("long")
def hold(n):
    import os, time
    open("{marker}", "a").write("x")
    while not os.path.exists("let-go"):
        time.sleep(0.1)
    return n
len(spark.range(0, {tasks}, 1, {tasks}).select(hold("id").alias("n")).collect())
"""


def connected(server: JupyterServer, notebook: str) -> Kernel:
    kernel = server.start_kernel(notebook)
    kernel.execute("%sail connect\nassert spark.range(3).count() == 3")
    return kernel


def begin_write(kernel: Kernel, root: Path, name: str, seconds: float) -> BackgroundCell:
    """A write whose Python function sleeps once; returns while it sleeps."""
    marker = Marker(root, f"{name}-begun")
    code = _SLOW_WRITE.format(marker=marker.path.name, seconds=seconds / WRITTEN_ROWS, rows=WRITTEN_ROWS, table=name)
    cell = BackgroundCell(kernel, code)
    marker.wait()
    return cell


def told_while_it_runs(kernel: Kernel, code: str, pattern: str) -> str:
    """What a cell that does not end shows once it shows this. A busy machine is given longer."""
    for seconds in (9, 20, 45):
        with pytest.raises(TimeoutError) as caught:
            kernel.execute(code, timeout_seconds=seconds)
        if re.search(pattern, str(caught.value)):
            return str(caught.value)
        kernel.interrupt()
    raise AssertionError(f"not shown: {pattern}; this is: {caught.value}")


def rows_written(kernel: Kernel, name: str) -> int:
    read = f"import glob, pandas\nsum(len(pandas.read_parquet(f)) for f in glob.glob('{name}/*.parquet'))"
    return int(kernel.execute(read).value)


def test_a_write_over_a_killed_proxy_ends_well_and_ran_once(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "proxy killed in a write.ipynb")
    writing = begin_write(kernel, root, "over_a_proxy", 4)
    [proxy] = processes_of(server, PROXY)
    proxy.kill()
    assert writing.outcome(60).error is None
    assert rows_written(kernel, "over_a_proxy") == WRITTEN_ROWS
    assert (root / "over_a_proxy-begun").read_text() == "x" * WRITTEN_ROWS
    kernel.shutdown()


def test_a_session_that_somebody_else_closes_says_so_and_its_write_is_not_begun_again(
    server: JupyterServer, root: Path
) -> None:
    kernel = connected(server, "closed by another.ipynb")
    kernel.execute("spark.range(3).createOrReplaceTempView('three')\nspark.conf.set('spark.sql.ansi.enabled', 'false')")
    session = session_of(server, kernel)
    writing = begin_write(kernel, root, "closed", 180)
    assert server.request("DELETE", f"{API}/workloads/sessions/{session['id']}").status_code == 204
    failure = writing.failure(60)
    assert "was closed" in failure.error.traceback
    assert "%sail connect" in failure.error.traceback
    assert failure.error.traceback.strip().count("\n") == 0, "one line"
    said = kernel.execute("%sail connect\nassert spark.range(3).count() == 3").text
    assert session_of(server, kernel)["id"] != session["id"]
    assert f"Session {session['id']}" in said or "new" in said
    assert rows_written(kernel, "closed") in {0, WRITTEN_ROWS}
    assert (root / "closed-begun").read_text() == "x"
    kernel.shutdown()


def test_a_killed_engine_is_said_in_a_line_and_what_is_gone_is_named(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "engine killed.ipynb")
    kernel.execute(
        "spark.range(3).createOrReplaceTempView('three')\n"
        "spark.sql('create temp view four as select 4')\n"
        "spark.conf.set('spark.sql.session.timeZone', 'UTC')"
    )
    session = session_of(server, kernel)
    writing = begin_write(kernel, root, "engine_killed", 180)
    engine_of(server, session).kill()
    failure = writing.failure(60)
    assert "signal 9 (SIGKILL)" in failure.error.traceback
    assert failure.error.traceback.strip().count("\n") == 0, "one line"
    said = kernel.execute("%sail connect\nassert spark.range(3).count() == 3").text
    assert re.search(r"Made again in .*temp views three, four; setting spark.sql.session.timeZone", said)
    assert rows_written(kernel, "engine_killed") == 0
    kernel.shutdown()


def test_views_of_the_kernel_before_a_restart_are_named_when_they_are_gone_and_its_settings_set_again(
    server: JupyterServer,
) -> None:
    kernel = connected(server, "views before a restart.ipynb")
    kernel.execute("spark.range(3).createOrReplaceTempView('three')")
    kernel.execute("spark.conf.set('spark.sql.session.timeZone', 'Asia/Tokyo')")
    kernel.restart()
    kernel.execute("%sail connect\nassert spark.table('three').count() == 3")
    session = session_of(server, kernel)
    engine_of(server, session).kill()
    eventually(lambda: describe(server, session["id"])["status"] == "failed", 60, "the crash was seen")
    said = kernel.execute("%sail connect").text
    assert "Gone: temp view three (an earlier process made it)" in said
    assert "setting spark.sql.session.timeZone" in said
    assert kernel.execute("spark.conf.get('spark.sql.session.timeZone')").value == "'Asia/Tokyo'"
    kernel.shutdown()


def test_everything_stopped_for_a_while_goes_on_where_it_was(server: JupyterServer, root: Path) -> None:
    kernel, reader = connected(server, "suspended.ipynb"), connected(server, "reading.ipynb")
    reading = BackgroundCell(reader, _READ_THE_REST_WHEN_TOLD)
    Marker(root, "reading").wait()
    writing = begin_write(kernel, root, "suspended", 3)
    everything = [psutil.Process(server.pid), *server.descendants()]
    for process in everything:
        process.send_signal(signal.SIGSTOP)
    time.sleep(12)  # longer than the session proxy goes without word of the control plane: the time is the test
    for process in reversed(everything):
        process.send_signal(signal.SIGCONT)
    (root / "read-on").touch()
    assert reading.outcome(60).value == "400000"
    reader.shutdown()
    assert writing.outcome(60).error is None
    assert rows_written(kernel, "suspended") == WRITTEN_ROWS
    assert (root / "suspended-begun").read_text() == "x" * WRITTEN_ROWS
    assert kernel.execute("spark.range(5).count()").value == "5"
    kernel.shutdown()


def test_a_restarted_server_is_said_and_a_connect_recovers(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    with jupyter_server(root, home=home) as server:
        kernel = connected(server, "restarted.ipynb")
        first = session_of(server, kernel)
    with jupyter_server(root, home=home) as server:
        again = server.start_kernel("restarted.ipynb")
        said = again.execute("%sail connect\nspark.range(3).count()").text
        assert f"Session {first['id']} ended with the server" in said
        assert "This is a new session" in said
        assert describe(server, first["id"])["terminationReason"] == "server_stopped"


def test_an_interrupt_of_a_cell_without_a_query_is_shown_as_always(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "no query.ipynb")
    begun = Marker(root, "no-query")
    cell = BackgroundCell(kernel, "open('no-query', 'w').close()\nimport time\ntime.sleep(600)")
    begun.wait()
    kernel.interrupt()
    said = cell.failure(60).error.traceback
    assert "time.sleep(600)" in said
    assert "engine" not in said
    kernel.shutdown()


def test_an_engine_that_does_not_obey_an_interrupt_is_told_of_with_the_cure(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "disobedient.ipynb")
    begun = Marker(root, "disobedient")
    code = (
        "open('disobedient', 'w').close()\n"
        "spark.range(10**6).crossJoin(spark.range(10**6)).selectExpr('sum(1)').collect()"
    )
    engine = engine_of(server, session_of(server, kernel))
    before = engine.cpu_times().user
    cell = BackgroundCell(kernel, code)
    begun.wait()
    eventually(
        lambda: engine.cpu_times().user > before + 3, 60, "the engine is deep in the join, where it obeys nobody"
    )
    kernel.interrupt()
    failure = cell.failure(60)
    assert "does not obey" in failure.error.traceback
    assert "%sail close" in failure.error.traceback
    kernel.execute("%sail close\n%sail relaunch\nassert spark.range(3).count() == 3")
    eventually(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE, 60, "the engine is gone")
    kernel.shutdown()


def test_a_long_query_has_a_strip_which_says_in_the_end_what_it_was(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "strip.ipynb")
    shown = kernel.execute(_SLOW_WRITE.format(marker="strip-begun", seconds=0.8, rows=3, table="strip")).text
    assert re.match(r"1 query, \d+\.\d s", shown)
    kernel.shutdown()


def test_a_query_behind_a_busy_engine_says_what_it_waits_for(server: JupyterServer, root: Path) -> None:
    holding, waiting = connected(server, "holding.ipynb"), server.start_kernel("waiting.ipynb")
    session = session_of(server, holding)
    waiting.execute(f"%sail connect --attach {session['id']}\nassert spark.range(3).count() == 3")
    begun = Marker(root, "threads-held")
    cell = BackgroundCell(holding, _HOLD_ALL_THREADS.format(marker=begun.path.name, tasks=4 * (os.cpu_count() or 1)))
    begun.wait()
    told = told_while_it_runs(waiting, "spark.range(5).count()", r"Waiting: .* · the engine is busy with")
    assert re.search(r"is busy with (another query|\d+ other queries)", told)
    (root / "let-go").touch()
    cell.outcome(60)
    for kernel in (holding, waiting):
        kernel.shutdown()
    assert server.request("DELETE", f"{API}/workloads/sessions/{session['id']}").status_code == 204


def test_on_a_cluster_the_strip_counts_the_engines_tasks_and_its_looks_are_no_queries(
    server: JupyterServer, root: Path
) -> None:
    cluster = {"sail": {"executionMode": "cluster"}}
    config = {"name": "cluster", "workloadType": "sail", "clusterId": "LOCAL", "teamId": "LOCAL", "config": cluster}
    assert server.request("POST", f"{API}/workloads/compute-configs", config).status_code == 201
    kernel = server.start_kernel("tasks.ipynb")
    kernel.execute("%sail connect cluster\nassert spark.range(3).count() == 3")
    write = _SLOW_WRITE.format(marker="tasks", seconds=100, rows=3, table="tasks")
    told = told_while_it_runs(kernel, write, r"Running: .* · \d+ of \d+ tasks · ")
    assert re.search(r"Running: .*parquet", told)
    session = session_of(server, kernel)
    queries = server.request("GET", f"{API}/workloads/sessions/{session['id']}/queries").json()["items"]
    assert [query["what"] for query in queries if "parquet" in query["what"]]
    assert not [query for query in queries if "system.execution" in query["what"]]
    assert server.request("DELETE", f"{API}/workloads/sessions/{session['id']}").status_code == 204
    kernel.shutdown()


def test_a_read_that_matches_no_file_is_warned_of_by_its_path(server: JupyterServer, root: Path) -> None:
    kernel = connected(server, "empty.ipynb")
    said = kernel.execute("spark.read.csv('nothing/*.csv').count()").text
    assert "No file matches nothing/*.csv" in said
    assert "No file matches gone.json" in kernel.execute("spark.read.schema('a int').json('gone.json').count()").text
    assert "No file matches no.txt" in kernel.execute("spark.sql('select * from text.`no.txt`').collect()").text
    assert "No file matches no.csv" in kernel.execute("%%sail sql\nselect * from csv.`no.csv`").text
    (root / "something.csv").write_text("a\n1\n")
    with_a_schema = "read.schema('a int').csv('./some*.csv')"
    for read in ("read.csv('something.csv')", with_a_schema, "sql('select * from csv.`something.csv`')"):
        assert "No file" not in kernel.execute(f"spark.{read}.count()").text
    kernel.shutdown()
