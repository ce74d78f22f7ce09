"""Kernel side and control plane of different versions: each pair works, from the first query to the last."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

import lakesail_notebook
from tests.integration.notebooks import describe, engine_of, processes_of, session_of

from .servers import add_kernel, server_in
from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

TOKEN_SECONDS = 4
WORK_SECONDS = 3 * TOKEN_SECONDS
CONFIG = {"LakesailApp": {"limits": {"token_duration": {"default": TOKEN_SECONDS, "floor": 1, "ceiling": 3600}}}}

_QUERIES_FOR_A_WHILE = f"""
import time
end, asked = time.monotonic() + {WORK_SECONDS}, 0
while time.monotonic() < end:
    assert spark.sql("select 41 + 1").collect()[0][0] == 42
    asked += 1
    time.sleep(0.2)  # a reader between two queries, so that tokens end while nothing runs
asked
"""
_ONE_LONG_QUERY = f"""
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    time.sleep({2 * TOKEN_SECONDS})  # the query itself takes so long, past the end of its token
    return n + 1
spark.range(1).select(slow("id")).collect()[0][0]
"""
_PYTHON_OF_UDFS = """
from pyspark.sql.functions import udf
import subprocess
import sys
there = spark.range(1).select(udf(lambda _: __import__("sys").prefix, "string")("id")).collect()[0][0]
there == sys.prefix
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A server of one version, and a kernel of another."""

    root: Path
    """The directory that the server serves."""
    server: JupyterServer
    kernel: Kernel
    server_package: Path
    """Where the server's version of the package lies."""
    kernel_package: Path


@pytest.fixture(scope="module", params=["the kernel is older", "the server is older"])
def pair(
    request: pytest.FixtureRequest, older: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    root, home = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")
    newer_package, older_package = Path(lakesail_notebook.__file__).parent, older.packages / "lakesail_notebook"
    config = CONFIG | {"LocalBackend": {"library_directory": str(home / "libraries")}}
    with ExitStack() as stack:
        if request.param == "the kernel is older":
            add_kernel(home, "other", older.python)
            server = stack.enter_context(jupyter_server(root, home=home, config=config))
            packages = newer_package, older_package
        else:
            add_kernel(home, "other", Path(sys.executable))
            server = stack.enter_context(server_in(older, root, home, config))
            packages = older_package, newer_package
        kernel = server.start_kernel("other.ipynb", "other")
        kernel.execute("%load_ext lakesail_notebook")
        kernel.execute("%sail connect")
        yield Pair(root, server, kernel, *packages)


def test_the_kernels_version_is_the_one_in_its_environment_and_its_engine_too(pair: Pair) -> None:
    file = pair.kernel.execute("import lakesail_notebook; lakesail_notebook.__file__").value
    assert file == repr(str(pair.kernel_package / "__init__.py"))
    engine = engine_of(pair.server, session_of(pair.server, pair.kernel))
    assert repr(engine.cmdline()[0]) == pair.kernel.execute("import sys; sys.executable").value
    assert pair.kernel.execute(_PYTHON_OF_UDFS).value == "True"


def test_the_servers_version_is_the_one_in_its_environment(pair: Pair) -> None:
    proxy = processes_of(pair.server, "lakesail_notebook.session_proxy")
    proxy += processes_of(pair.server, "lakesail_notebook.proxy")
    loaded = proxy[0].cmdline()[0]
    where = "import lakesail_notebook; print(lakesail_notebook.__file__)"
    asked = subprocess.run([loaded, "-P", "-c", where], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == str(pair.server_package / "__init__.py")


@pytest.mark.parametrize("command", ["status", "sessions", "configs", "queries", "logs", "token", "doctor"])
def test_a_command_of_one_version_reads_what_the_other_answers(pair: Pair, command: str) -> None:
    assert pair.kernel.execute(f"%sail {command}").text


def test_an_sql_cell_shows_its_rows(pair: Pair) -> None:
    assert "42" in pair.kernel.execute("%%sail sql\nselect 6 * 7 as answer").text


def test_queries_run_on_while_tokens_end_and_are_renewed(pair: Pair) -> None:
    asked = pair.kernel.execute(_QUERIES_FOR_A_WHILE, timeout_seconds=WORK_SECONDS + 60)
    assert int(asked.value) > 3
    assert asked.stderr == ""


def test_a_query_that_outlives_its_token_comes_to_its_end(pair: Pair) -> None:
    assert pair.kernel.execute(_ONE_LONG_QUERY, timeout_seconds=2 * TOKEN_SECONDS + 60).value == "1"


def test_a_session_is_closed_and_another_one_is_had(pair: Pair) -> None:
    session = session_of(pair.server, pair.kernel)
    pair.kernel.execute("%sail close")
    assert describe(pair.server, session["id"])["status"] == "closed"
    pair.kernel.execute("%sail connect")
    assert session_of(pair.server, pair.kernel)["id"] != session["id"]
    assert pair.kernel.execute("spark.range(5).count()").value == "5"
