"""What a fresh interpreter has loaded after an import: an unused server stays light, and no side loads the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KERNEL_LIBRARIES = {
    "IPython",
    "anywidget",
    "ipykernel",
    "ipywidgets",
    "marimo",
    "pandas",
    "pyarrow",
    "pyspark",
    "pysail",
}
WIDGET_LIBRARIES = {"anywidget", "ipywidgets", "psygnal"}
DATABASE_LIBRARIES = {"aiosqlite", "alembic", "sqlalchemy"}
RPC_LIBRARIES = {"grpc", "grpc_status"}
SERVER_LIBRARIES = {"jupyter_server", "tornado", "psutil"}


def loaded_by(*modules: str) -> set[str]:
    """The names of the packages, and of our own modules, that are loaded once these are imported."""
    program = f"import {', '.join(modules)}, sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    names = json.loads(run.stdout)
    return {name.partition(".")[0] for name in names} | {name for name in names if name.startswith("lakesail_notebook")}


OPEN_A_DATABASE = """
import asyncio, sys
from lakesail_notebook.store.sql import open_store

async def main():
    await (await open_store(sys.argv[1])).close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN_A_DATABASE, f"sqlite:///{tmp_path / 'lakesail.db'}"]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout.strip() for run in runs] == ["True", "False"]


def found(modules: Iterable[str], unwanted: set[str]) -> set[str]:
    return loaded_by(*modules) & unwanted


def test_the_server_extension_loads_nothing_that_an_unused_server_does_not_need() -> None:
    unwanted = KERNEL_LIBRARIES | DATABASE_LIBRARIES | RPC_LIBRARIES
    assert found(["lakesail_notebook.jupyter.extension"], unwanted) == set()


def test_the_control_plane_never_loads_the_kernels_libraries() -> None:
    modules = [
        "lakesail_notebook.store.sql",
        "lakesail_notebook.control_plane.supervisor",
        "lakesail_notebook.workloads.services.sessions",
    ]
    assert found(modules, KERNEL_LIBRARIES | RPC_LIBRARIES | {"alembic"}) == set()


def test_the_session_proxy_runs_where_no_pyspark_is() -> None:
    modules = ["lakesail_notebook.session_proxy.server"]
    assert found(modules, KERNEL_LIBRARIES | DATABASE_LIBRARIES | SERVER_LIBRARIES | {"httpx", "traitlets"}) == set()


def test_the_package_itself_loads_nothing() -> None:
    ours = {name for name in loaded_by("lakesail_notebook") if name.startswith("lakesail_notebook")}
    assert ours == {"lakesail_notebook", "lakesail_notebook.version"}


@pytest.mark.parametrize(
    "module",
    ["lakesail_notebook.client.client", "lakesail_notebook.spark.doctor", "lakesail_notebook.spark.sessions.connect"],
)
def test_a_script_loads_no_server_and_no_ipython(module: str) -> None:
    unwanted = DATABASE_LIBRARIES | SERVER_LIBRARIES | {"IPython", "ipykernel", "jwt", "cryptography", "pyspark"}
    assert found([module], unwanted) == set()


def test_the_magics_load_no_server() -> None:
    unwanted = DATABASE_LIBRARIES | {"jupyter_server", "pyspark", "pandas"} | WIDGET_LIBRARIES
    assert found(["lakesail_notebook.notebook.magic"], unwanted) == set()


def test_a_panel_loads_no_server_and_no_pyspark() -> None:
    unwanted = DATABASE_LIBRARIES | {"jupyter_server", "pyspark", "pandas"}
    assert found(["lakesail_notebook.widgets.panel"], unwanted) == set()


@pytest.mark.parametrize("module", ["lakesail_notebook.engine.__main__", "lakesail_notebook.engine.installer"])
def test_the_engines_processes_load_the_lifeline_and_nothing_else_of_ours(module: str) -> None:
    ours = {name for name in loaded_by(module) if name.startswith("lakesail_notebook")}
    names = ("", ".engine", ".lifeline", ".version")
    assert ours == {module, *(f"lakesail_notebook{name}" for name in names)}
