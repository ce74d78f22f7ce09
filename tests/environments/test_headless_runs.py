"""Notebooks that run without a Jupyter server: by papermill, ``jupyter execute`` and nbconvert. They leave nothing."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from headless import JupyterServer

from tests.integration.notebooks import API, Marker, eventually

from .servers import server_in
from .virtual_environment import INSTALL_SECONDS, ROOT, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

RUN_SECONDS = 120
GONE_SECONDS = 60
_LIVE = {"pending", "active", "idle"}
_WITH_PAPERMILL = ("papermill", "{notebook}", "run.ipynb", "--no-progress-bar")
_WITH_EXECUTE = ("jupyter", "execute", "{notebook}", "--output=run.ipynb")
_WITH_NBCONVERT = ("jupyter", "nbconvert", "--to=notebook", "--execute", "{notebook}", "--output=run.ipynb")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a directory of notebooks, and no Jupyter server."""

    environment: Environment
    directory: Path
    home: Path

    def start(self, command: Sequence[str], notebook: str) -> subprocess.Popen[str]:
        program, *words = (word.format(notebook=notebook) for word in command)
        return subprocess.Popen(
            [str(self.environment.programs / program), *words],
            cwd=self.directory,
            env=self.environment.variables(self.home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: Sequence[str], notebook: str) -> tuple[int, str]:
        """The exit code, and what it said."""
        process = self.start(command, notebook)
        said, _ = process.communicate(timeout=RUN_SECONDS)
        return process.returncode, said

    def processes(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get("HOME") == str(self.home) and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def statuses(self) -> list[str]:
        """Of all sessions that there ever were."""
        (file,) = (self.home / "data" / "lakesail").glob("*.db")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return [status for (status,) in database.execute("SELECT status FROM session")]

    def leaves_nothing(self) -> None:
        eventually(lambda: not self.processes(), GONE_SECONDS, f"{self.processes()} ended")
        assert not _LIVE.intersection(self.statuses())

    def output_of(self, cell_id: str) -> str:
        """The plain text of a cell's outputs in the notebook that was written."""
        notebook = json.loads((self.directory / "run.ipynb").read_text())
        (cell,) = (cell for cell in notebook["cells"] if cell.get("id") == cell_id)
        return "\n".join(_text(output) for output in cell["outputs"])

    def write(self, name: str, *cells: str) -> str:
        made = [_code_cell(f"cell{number}", source) for number, source in enumerate(cells)]
        (self.directory / name).write_text(json.dumps(_quickstart() | {"cells": made}))
        return name


def _quickstart() -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads((ROOT / "examples" / "quickstart.ipynb").read_text())
    return notebook


def _code_cell(cell_id: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": cell_id,
        "source": [source],
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }


def _text(output: dict[str, Any]) -> str:
    return "".join(output.get("text") or output.get("data", {}).get("text/plain") or ())


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the quickstart, whose tables the first run writes."""
    directory = tmp_path_factory.mktemp("notebooks")
    for name in ("quickstart.ipynb", "flights.py"):
        shutil.copy(ROOT / "examples" / name, directory)
    return directory


@pytest.fixture
def user(libraries: Environment, directory: Path) -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="ls-") as home:  # short: a socket's path may have 104 characters
        user = User(libraries, directory, Path(home))
        yield user
        for process in user.processes():  # of a test that failed
            with contextlib.suppress(psutil.Error):
                process.kill()


def test_papermill_runs_the_quickstart_with_parameters_and_leaves_nothing(user: User) -> None:
    code, said = user.run((*_WITH_PAPERMILL, "-p", "fair", "rain"), "quickstart.ipynb")
    assert code == 0, said
    by_sky = user.output_of("by-sky")
    assert "fair" in by_sky
    assert "rain" not in by_sky
    user.leaves_nothing()
    assert user.statuses() == ["closed"]


@pytest.mark.parametrize("command", [_WITH_EXECUTE, _WITH_NBCONVERT], ids=["jupyter execute", "nbconvert"])
def test_other_programs_run_it_with_parameters_too(user: User, command: Sequence[str]) -> None:
    notebook = _quickstart()
    at = next(
        number for number, cell in enumerate(notebook["cells"]) if "parameters" in cell["metadata"].get("tags", ())
    )
    notebook["cells"].insert(at + 1, _code_cell("injected", 'fair = "fog"'))
    (user.directory / "with parameters.ipynb").write_text(json.dumps(notebook))
    code, said = user.run(command, "with parameters.ipynb")
    assert code == 0, said
    by_sky = user.output_of("by-sky")
    assert "fair" in by_sky
    assert "fog" not in by_sky
    user.leaves_nothing()
    assert user.statuses() == ["closed"]


def test_a_run_that_fails_in_the_middle_leaves_nothing(user: User) -> None:
    failing = user.write(
        "failing.ipynb", "%sail connect", "spark.range(3).count()", "raise LookupError('no such flight')"
    )
    code, said = user.run(_WITH_PAPERMILL, failing)
    assert code != 0
    assert "no such flight" in said
    user.leaves_nothing()


@pytest.mark.parametrize(
    ("command", "number"),
    [(_WITH_PAPERMILL, signal.SIGINT), (_WITH_EXECUTE, signal.SIGTERM), (_WITH_NBCONVERT, signal.SIGKILL)],
    ids=["papermill, SIGINT", "jupyter execute, SIGTERM", "nbconvert, SIGKILL"],
)
def test_a_run_that_is_ended_in_a_query_leaves_nothing(
    user: User, command: Sequence[str], number: signal.Signals, tmp_path: Path
) -> None:
    running = Marker(tmp_path, "running")
    # The function sleeps on the engine until the test ends the run: no test waits for it.
    endless = (
        "import pathlib, time\n"
        "from pyspark.sql.functions import udf\n"
        f"waits = udf(lambda n: pathlib.Path({str(running.path)!r}).touch() or time.sleep(600), 'string')\n"
        "spark.range(1).select(waits('id')).collect()"
    )
    process = user.start(command, user.write("endless.ipynb", "%sail connect", endless))
    running.wait(RUN_SECONDS)
    process.send_signal(number)
    process.communicate(timeout=RUN_SECONDS)
    user.leaves_nothing()


def test_a_run_that_a_notebook_starts_leaves_the_notebooks_session_alone(
    libraries: Environment, directory: Path, tmp_path: Path
) -> None:
    nested = "%sail connect\nspark.range(9).createOrReplaceTempView('mine')\n%sail close"
    (directory / "nested.ipynb").write_text(json.dumps(_quickstart() | {"cells": [_code_cell("nested", nested)]}))
    with server_in(libraries, directory, tmp_path / "home") as server:
        kernel = server.start_kernel("starter.ipynb")
        kernel.execute("%sail connect\nspark.range(3).createOrReplaceTempView('mine')")
        own = live_sessions(server)
        run = f"!{libraries.programs / 'jupyter'} execute nested.ipynb --output=run.ipynb; echo ended with $?"
        assert "ended with 0" in kernel.execute(run, timeout_seconds=RUN_SECONDS).text
        assert "stays open" in (directory / "run.ipynb").read_text()
        assert kernel.execute("spark.table('mine').count()").value == "3"
        assert live_sessions(server) == own
        kernel.shutdown()


def live_sessions(server: JupyterServer) -> list[str]:
    page = server.request("GET", f"{API}/workloads/sessions").json()
    return [session["id"] for session in page["included"]["sessions"] if session["status"] in _LIVE]
