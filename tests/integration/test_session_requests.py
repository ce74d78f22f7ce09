"""Code that asks PySpark for a session, as libraries and older notebooks do, gets the one of its notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, Kernel

from lakesail_notebook.api_location import TOKEN_VARIABLE, URL_VARIABLE

from .notebooks import API, session_of

TOKEN = "a-token-of-the-tests"

THREADS = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    sparks = set(pool.map(lambda _: SparkSession.builder.getOrCreate(), range(8)))
sparks == {spark}
"""

NAMES_A_SERVER = """
import json, os
from lakesail_notebook.spark.sessions.session_requests import install
install()
from pyspark.sql import SparkSession
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.session import SparkSession as Connect

class Own(DefaultChannelBuilder):
    pass

one = Connect.builder.channelBuilder(Own("sc://localhost:1/")).getOrCreate()
other = SparkSession.builder.remote("sc://localhost:2").create()
builders = [spark.client._builder for spark in (one, other)]
ports = [int(builder.endpoint.rpartition(":")[2]) for builder in builders]
print(json.dumps([type(builders[0]).__name__, *ports, SparkSession.builder.getOrCreate() is one]), flush=True)
os._exit(0)  # PySpark would release what it has there
"""

TWO_OWNERS = """
import contextvars, json, threading
from concurrent.futures import ThreadPoolExecutor
from pyspark.sql import SparkSession
from lakesail_notebook import FailedPrecondition, connect
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.spark.sessions.connect import default_client
from lakesail_notebook.spark.sessions.leaving import leave
from lakesail_notebook.spark.sessions.open_sessions import OPEN_SESSIONS
from lakesail_notebook.spark.sessions.owners import key_of
from lakesail_notebook.spark.sessions.session_requests import share_among

OWNER = contextvars.ContextVar("owner", default=None)

class Viewers:
    def current(self):
        return OWNER.get()

share_among(Viewers())
pool = ThreadPoolExecutor(1)  # one thread that works for both, as a web server's threads do

def as_viewer(name, work):
    context = contextvars.copy_context()
    context.run(OWNER.set, name)
    return pool.submit(context.run, work).result()

def active():
    return SparkSession.getActiveSession()

first = as_viewer("ann", lambda: SparkSession.builder.appName("ann").getOrCreate())
told = {"before connecting": as_viewer("bob", active) is None}
second = as_viewer("bob", connect)
told["apart"] = first is not second and first.session_id != second.session_id
session_id = OPEN_SESSIONS.session_id_of_spark(first)
told["on one session"] = session_id is not None and session_id == OPEN_SESSIONS.session_id_of_spark(second)
told["second session"] = []
for words in ({"config": "another"}, {"new": True}):
    try:
        as_viewer("bob", lambda: connect(**words))
    except FailedPrecondition as error:
        told["second session"].append(error.reason)
first.range(3).createOrReplaceTempView("mine")
second.range(5).createOrReplaceTempView("mine")
for name, own, rows in (("ann", first, 3), ("bob", second, 5)):
    told[name] = [
        as_viewer(name, SparkSession.builder.getOrCreate) is own,
        as_viewer(name, SparkSession.active) is own,
        as_viewer(name, active) is own,
        as_viewer(name, connect) is own,
        as_viewer(name, lambda: SparkSession.builder.getOrCreate().table("mine").count()) == rows,
    ]
as_viewer("ann", first.stop)
told["after stop"] = [as_viewer("ann", active) is None, as_viewer("bob", active) is second]
for what, ask in (("builder", SparkSession.builder.getOrCreate), ("connect", connect)):
    try:
        told["nobody's " + what] = ask() is None
    except FailedPrecondition as error:
        told["nobody's " + what] = "runs for none of them" in str(error)
third = as_viewer("ann", connect)
leave(key_of("ann"), SystemClock())
told["after leaving"] = [
    third.is_stopped,
    OPEN_SESSIONS.session_ids(key_of("ann")) == [],
    as_viewer("ann", active) is None,
    as_viewer("bob", lambda: connect().table("mine").count()) == 5,
]
default_client().close_session(session_id)
told["replaced"] = []
new_id = OPEN_SESSIONS.session_id_of_spark(as_viewer("cid", connect))
for told_id in (new_id, None):  # as a panel that shows the session asks, and as code does
    rows = as_viewer("bob", lambda: connect(attach=told_id).table("mine").count())
    told["replaced"].append([new_id != session_id, rows])
default_client().close_session(new_id)
print(json.dumps(told))
"""

LAUNCHED = """
import json, os, sys
from lakesail_notebook import FailedPrecondition, connect
from lakesail_notebook.spark.sessions.connect import default_client
from lakesail_notebook.spark.sessions.open_sessions import OPEN_SESSIONS

client = default_client()
spark = connect()
session_id = OPEN_SESSIONS.session_id_of_spark(spark)
before = next(client.session_pages()).total
os.environ["LAKESAIL_SESSION_ID"] = session_id
import subprocess
child = "from lakesail_notebook import connect; spark = connect(); print(spark.session_id, spark.range(3).count())"
ran = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True)
childs, rows = ran.stdout.split()
told = {"its Spark session": childs != spark.session_id, "kept": connect() is spark, "rows": rows}
told["config"] = connect(config=client.session(session_id).workload_config_name).range(2).count()
for name, words in {"new": {"new": True}, "other": {"config": "another"}, "attach": {"attach": "another"}}.items():
    try:
        connect(**words)
    except FailedPrecondition as error:
        told[name] = error.reason
client.close_session(session_id)
try:
    connect()
except FailedPrecondition as error:
    told["over"] = session_id in str(error)
told["makes none"] = next(client.session_pages()).total == before
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root, token=TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Kernel:
    """A kernel in which nobody has connected, and PySpark is not imported."""
    return server.start_kernel("requests.ipynb")


def run_script(server: JupyterServer, directory: Path, code: str) -> Any:
    """What a script tells that is no child of a kernel."""
    script = directory / "script.py"
    script.write_text(code)
    environment = os.environ | {URL_VARIABLE: f"{server.url}{API}", TOKEN_VARIABLE: TOKEN}
    run = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_first_request_connects_and_applies_its_settings(server: JupyterServer, kernel: Kernel) -> None:
    asked = kernel.execute(
        "import sys\n"
        "assert 'pyspark' not in sys.modules\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.appName('etl').config('spark.sql.shuffle.partitions', 7).getOrCreate()\n"
        "spark.range(1000).count(), spark.conf.get('spark.sql.shuffle.partitions')"
    )
    assert asked.value == "(1000, '7')"
    session = session_of(server, kernel)
    assert session["id"] in kernel.execute("%sail connect\nassert SparkSession.active() is spark").text


def test_in_a_connected_notebook_each_way_gives_its_session(kernel: Kernel) -> None:
    kernel.execute("%sail connect\nfrom pyspark.sql import SparkSession")
    same = (
        "SparkSession.builder.getOrCreate() is spark",
        "SparkSession.builder.master('local[2]').enableHiveSupport().getOrCreate() is spark",
        "SparkSession.Builder().config(map={'spark.sql.session.timeZone': 'Asia/Tokyo'}).getOrCreate() is spark",
        "SparkSession.active() is SparkSession.getActiveSession() is spark",
        "__import__('pyspark.sql.connect.session').sql.connect.session.SparkSession.builder.getOrCreate() is spark",
        "SparkSession.builder.remote('sc://localhost:1').getOrCreate() is spark",  # PySpark's own rule
        THREADS,
    )
    for ask in same:
        assert kernel.execute(ask).value == "True", ask
    for builder in (
        "SparkSession.builder",
        "__import__('pyspark.sql.connect.session').sql.connect.session.SparkSession.builder",
    ):
        with pytest.raises(CellFailed, match=r"FailedPrecondition: .*create\(\) makes a second Spark session"):
            kernel.execute(f"{builder}.create()")
    assert kernel.execute("spark.conf.get('spark.sql.session.timeZone')").value == "'Asia/Tokyo'"
    assert kernel.execute("import os\nos.environ.get('SPARK_REMOTE'), 'SPARK_REMOTE' in os.environ").value == (
        "(None, False)"
    )


def test_after_stop_and_after_close_a_request_gives_a_new_session_of_ours(
    server: JupyterServer, kernel: Kernel
) -> None:
    kernel.execute("%sail connect\nfrom pyspark.sql import SparkSession\nspark.stop()")
    first = session_of(server, kernel)["id"]
    again = "spark = SparkSession.builder.getOrCreate()\nspark.range(4).count()"
    assert kernel.execute(again).value == "4"
    assert session_of(server, kernel)["id"] == first
    kernel.execute("%sail close")
    assert kernel.execute(again).value == "4"
    assert session_of(server, kernel)["id"] != first


def test_a_builder_that_names_a_server_goes_there(server: JupyterServer, tmp_path: Path) -> None:
    assert run_script(server, tmp_path, NAMES_A_SERVER) == ["Own", 1, 2, True]


def test_of_several_owners_in_one_process_each_gets_its_own(server: JupyterServer, tmp_path: Path) -> None:
    assert run_script(server, tmp_path, TWO_OWNERS) == {
        "before connecting": True,
        "apart": True,
        "on one session": True,
        "second session": ["session_on_another_config", "session_is_shared"],
        "ann": [True] * 5,
        "bob": [True] * 5,
        "after stop": [True, True],
        "nobody's builder": True,
        "nobody's connect": True,
        "after leaving": [True] * 4,
        "replaced": [[True, 5], [True, 5]],
    }


def test_a_process_that_was_launched_on_a_session_uses_that_one_alone(server: JupyterServer, tmp_path: Path) -> None:
    assert run_script(server, tmp_path, LAUNCHED) == {
        "its Spark session": True,
        "kept": True,
        "rows": "3",
        "config": 2,
        "new": "launched_on_another",
        "other": "session_on_another_config",
        "attach": "launched_on_another",
        "over": True,
        "makes none": True,
    }
