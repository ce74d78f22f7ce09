"""Kernels and scripts with the base alone, on the control plane of another environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

from lakesail_notebook.api_location import TOKEN_VARIABLE, URL_VARIABLE
from tests.integration.notebooks import API, describe, session_of

from .servers import add_kernel
from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

TOKEN = "a-token-of-the-tests"
NOT_INSTALLED = ("aiosqlite", "alembic", "jupyter_server", "pysail", "sqlalchemy")

_IN_PLAIN_IPYTHON = """
import importlib.util, json
import lakesail_notebook
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
def run(cell):
    ran = shell.run_cell(cell)
    ran.raise_error()
    return ran.result

run("%load_ext lakesail_notebook")
run("%sail connect")
counted = run("spark.range(1000).where('id % 2 = 0').count()")
run("%sail close")
there = [name for name in {names} if importlib.util.find_spec(name) is not None]
print("\\n" + json.dumps([counted, lakesail_notebook.__file__, there]))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(root: Path, kernel_side: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Of the tests' own environment; it offers the kernel of the other one."""
    home = tmp_path_factory.mktemp("home")
    add_kernel(home, "base", kernel_side.python)
    with jupyter_server(root, home=home, token=TOKEN) as running:
        yield running


def test_the_magics_in_plain_ipython_connect_to_a_server_of_another_environment(
    server: JupyterServer, kernel_side: Environment
) -> None:
    address = {URL_VARIABLE: f"{server.url}{API}", TOKEN_VARIABLE: TOKEN}
    run = kernel_side.run("-c", _IN_PLAIN_IPYTHON.format(names=NOT_INSTALLED), **address)
    counted, file, installed = json.loads(run.stdout.splitlines()[-1])
    assert counted == 500
    assert file.startswith(str(kernel_side.packages))
    assert installed == []
    newest = server.request("GET", f"{API}/workloads/sessions").json()["items"][0]
    assert describe(server, newest["id"])["status"] == "closed"


def test_a_kernel_with_the_base_alone_has_the_engine_of_its_servers_environment(
    server: JupyterServer, kernel_side: Environment
) -> None:
    kernel = server.start_kernel("base.ipynb", "base")
    kernel.execute("%load_ext lakesail_notebook")
    kernel.execute("%sail connect")
    assert str(kernel_side.packages) in kernel.execute("import lakesail_notebook; lakesail_notebook.__file__").value
    assert kernel.execute("spark.sql('select 6 * 7').collect()[0][0]").value == "42"
    assert "42" in kernel.execute("%%sail sql\nselect 6 * 7 as answer").text
    kernel.execute("%sail close")
    assert session_of(server, kernel)["status"] == "closed"
    kernel.shutdown()
