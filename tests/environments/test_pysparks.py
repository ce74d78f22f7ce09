"""The PySparks that sessions take: each answers requests for a session in its own code, which is wrapped here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

from lakesail_notebook.api_location import TOKEN_VARIABLE, URL_VARIABLE
from tests.integration.notebooks import API

from .virtual_environment import INSTALL_SECONDS, Environment, new_environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

TOKEN = "a-token-of-the-tests"

_PYSPARKS = (
    "pyspark-client==4.0.*",
    "pyspark-client==4.1.*",
    "pyspark-client==4.2.*",
    "pyspark==4.0.*",  # these could start a JVM, too
    "pyspark==4.2.*",
)

_ASKS = """
import json, os, threading, warnings
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
import pyspark
from pyspark.sql.connect.session import SparkSession as Connect
from lakesail_notebook import connect
from lakesail_notebook.spark.sessions.session_requests import install

install()
remote_only = pyspark.util.is_remote_only()
spark = SparkSession.builder.config("spark.sql.shuffle.partitions", 7).getOrCreate() if remote_only else connect()
told = {"partitions": spark.conf.get("spark.sql.shuffle.partitions") if remote_only else "7"}

def same(ask):
    found = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    thread.join()
    return ask() is found[0] is spark

told["same"] = [
    same(SparkSession.builder.getOrCreate),
    same(SparkSession.builder.master("local[2]").enableHiveSupport().getOrCreate),
    same(Connect.builder.appName("etl").getOrCreate),
    same(SparkSession.builder.remote("sc://localhost:1").getOrCreate),
    same(SparkSession.active),
    same(connect),
]
spark.range(5).collect()
child = os.fork()
if child == 0:
    own = SparkSession.builder.getOrCreate()
    good = own is not spark and own.range(6).count() == 6 and spark.is_stopped
    own.stop()
    spark.stop()
    os._exit(0 if good else 1)
told["child"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
told["rows"] = spark.range(4).count()
spark.stop()
told["again"] = SparkSession.builder.getOrCreate().range(3).count()
told["version"] = pyspark.__version__
print(json.dumps(told), flush=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("root"), token=TOKEN) as running:
        yield running


def environment_with(pyspark: str, wheel: Path, directory: Path) -> Environment:
    environment = new_environment(directory / "env")
    environment.install("--no-deps", wheel)
    environment.install_newest("--no-deps", pyspark, *([] if "client" in pyspark else ["py4j"]))
    environment.borrow_packages_of_the_tests(without="pyspark")
    return environment


@pytest.mark.parametrize("pyspark", _PYSPARKS)
def test_each_way_of_asking_gives_the_session_of_the_process(
    pyspark: str, wheel: Path, server: JupyterServer, tmp_path: Path
) -> None:
    environment = environment_with(pyspark, wheel, tmp_path)
    script = tmp_path / "asks.py"
    script.write_text(_ASKS)
    address = {URL_VARIABLE: f"{server.url}{API}", TOKEN_VARIABLE: TOKEN}
    told = json.loads(environment.run(script, **address).stdout.splitlines()[-1])
    version = told.pop("version")
    assert pyspark.partition("==")[2].removesuffix("*") in version
    assert told == {"partitions": "7", "same": [True] * 6, "child": 0, "rows": 4, "again": 3}
