"""A process that a notebook's kernel starts uses the notebook's session, and can destroy nothing of the notebook's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from .notebooks import API, describe, eventually, session_of
from .spark_clients import bearer, call, config_request

ROWS = 3
"""Of the notebook's view ``mine``."""

ETL = """
import sys
from lakesail_notebook import connect
spark = connect()
spark.range(50).createOrReplaceTempView("mine")
assert spark.table("mine").count() == 50
print(spark.session_id, flush=True)
if "waits" in sys.argv:
    sys.stdin.read()
spark.stop()
"""

IN_A_WORKER = """
def work(number):
    from lakesail_notebook import connect
    spark = connect()
    spark.range(10 + number).createOrReplaceTempView("mine")
    rows = spark.table("mine").count()
    spark.stop()
    return rows == 10 + number

def work_of_old(number):
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.appName("job").getOrCreate()
    spark.range(10 + number).createOrReplaceTempView("mine")
    return spark.table("mine").count() == 10 + number
"""

FORKED_POOLS = """
import multiprocessing
done = []
for _ in range(8):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        done += pool.map(work, range(8))
len(done), all(done)
"""

OTHER_POOLS = """
import concurrent.futures, multiprocessing, pathlib, sys
pathlib.Path("work_module.py").write_text(WORK)
sys.path.insert(0, ".")
from work_module import work, work_of_old
pools = [concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context(way)) for way in ("spawn", "forkserver")]
done = [pool.submit(one, 1) for pool in pools for one in (work_of_old, work)]
done = [one.result() for one in done]
for pool in pools:
    pool.shutdown()
len(done), all(done)
"""

WITH_THE_PARENTS_SPARK = """
def parents(number):
    from pyspark.sql import SparkSession
    said = ""
    try:
        spark.range(2).count()
    except Exception as error:
        said = str(error)
    try:
        conf.get("spark.sql.session.timeZone")
    except Exception as error:
        said += str(error)
    spark.stop()
    own = SparkSession.builder.getOrCreate()
    return said.count("belongs to the process that this one was forked from"), own.range(4).count()

conf = spark.conf
with multiprocessing.get_context("fork").Pool(1) as pool:
    said = pool.map(parents, [1])
said
"""

NESTED = """
import nbformat
cells = ["%load_ext lakesail_notebook", "%sail connect",
         "spark.range(70).createOrReplaceTempView('mine')\\nprint(spark.table('mine').count())", "%sail close"]
nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), "nested.ipynb")
import subprocess, sys
execute = [sys.executable, "-m", "jupyter", "execute", "--inplace", "nested.ipynb"]
ran = subprocess.run(execute, capture_output=True, text=True)
assert ran.returncode == 0, ran.stderr
outputs = [output.get("text", "") for cell in nbformat.read("nested.ipynb", 4).cells for output in cell.outputs]
print(*outputs)
"""

AT_ONCE = """
import asyncio, threading
from lakesail_notebook import connect
sparks = []
threads = [threading.Thread(target=lambda: sparks.append(connect())) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
async def gathered():
    return await asyncio.gather(*(asyncio.to_thread(connect) for _ in range(4)))
sparks += await gathered()
len(sparks), len(set(map(id, sparks)))
"""


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root) as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: JupyterServer, root: Path) -> Kernel:
    """Connected, with a temp view."""
    (root / "etl.py").write_text(ETL)
    kernel = server.start_kernel("parent.ipynb")
    kernel.execute(f"import sys\n%sail connect\nspark.range({ROWS}).createOrReplaceTempView('mine')")
    kernel.execute(IN_A_WORKER)
    return kernel


@pytest.fixture(autouse=True)
def nothing_of_the_notebook_changes(kernel: Kernel) -> Iterator[None]:
    yield
    assert kernel.execute("spark.table('mine').count()").value == str(ROWS)
    assert "connected already" in kernel.execute("%sail connect").text


def sessions_of(server: JupyterServer) -> int:
    """How many it has had."""
    total: int = server.request("GET", f"{API}/workloads/sessions").json()["total"]
    return total


def test_a_script_from_a_cell_replaces_no_view_and_stops_no_session(kernel: Kernel) -> None:
    said = kernel.execute("!{sys.executable} etl.py").stdout.split()
    assert [str(uuid.UUID(one)) for one in said] == said != [kernel.execute("print(spark.session_id)").stdout.strip()]


def test_the_workers_of_pools_all_connect_and_make_no_session(server: JupyterServer, kernel: Kernel) -> None:
    before = sessions_of(server)
    assert kernel.execute(FORKED_POOLS, timeout_seconds=100).value == "(64, True)"
    assert kernel.execute(f"WORK = {IN_A_WORKER!r}\n{OTHER_POOLS}", timeout_seconds=100).value == "(4, True)"
    assert sessions_of(server) == before


def test_a_forked_child_cannot_use_its_parents_spark_and_gets_one_of_its_own(kernel: Kernel) -> None:
    assert kernel.execute(f"import multiprocessing\n{WITH_THE_PARENTS_SPARK}").value == "[(2, 4)]"


def test_a_notebook_that_is_run_inside_a_notebook_leaves_the_session_open(
    server: JupyterServer, kernel: Kernel
) -> None:
    said = kernel.execute(NESTED, timeout_seconds=100).stdout
    assert "70" in said
    assert "which stays open" in said
    assert describe(server, session_of(server, kernel)["id"])["status"] in {"active", "idle"}


def test_the_spark_session_of_a_child_that_is_killed_is_released(server: JupyterServer, kernel: Kernel) -> None:
    started = kernel.execute(
        "import subprocess\n"
        "pipe = subprocess.PIPE\n"
        "child = subprocess.Popen([sys.executable, 'etl.py', 'waits'], stdin=pipe, stdout=pipe, text=True)\n"
        "print(child.stdout.readline())"
    )
    spark_session_id = started.stdout.strip()
    session = session_of(server, kernel)
    token = server.request("POST", f"{API}/workloads/sessions/{session['id']}/token", {}).json()["token"]
    endpoint = describe(server, session["id"])["connectionInfo"]["grpcEndpoint"]

    def answer() -> str:
        return call(endpoint, "Config", config_request(spark_session_id), bearer(token)).message

    assert answer() == ""
    kernel.execute("child.kill()\nchild.wait()")
    eventually(lambda: "was stopped" in answer(), 60, "the Spark session was released")


def test_a_new_session_of_a_child_is_not_its_notebooks_and_ends_with_it(server: JupyterServer, kernel: Kernel) -> None:
    code = "from lakesail_notebook import connect; print(connect(new=True).range(3).count())"
    said = kernel.execute(f'!{{sys.executable}} -c "{code}"').stdout
    assert said.split()[-1] == "3", said  # gRPC may write lines of its own before it
    newest = server.request("GET", f"{API}/workloads/sessions").json()["items"][0]["id"]
    eventually(lambda: describe(server, newest)["status"] == "closed", 60, "the child's session was closed")


def test_threads_tasks_and_children_that_connect_at_once_get_one_session(server: JupyterServer) -> None:
    fresh = server.start_kernel("fresh.ipynb")
    before = sessions_of(server)
    assert fresh.execute(AT_ONCE).value == "(8, 1)"
    assert sessions_of(server) == before + 1
    fresh.execute("%sail close")
    fresh.execute(
        "import subprocess, sys\n"
        "children = [subprocess.Popen([sys.executable, 'etl.py']) for _ in range(2)]\n"
        "%sail connect\n"
        "assert [child.wait(60) for child in children] == [0] * 2"
    )
    assert sessions_of(server) == before + 2
    fresh.execute("%sail close")
    fresh.shutdown()
