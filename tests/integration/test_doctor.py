"""The doctor where something is really wrong: packages, addresses, a database, an engine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import CellFailed, Kernel

REPOSITORY = Path(__file__).parents[2]
INSTALLED = Path(sysconfig.get_paths()["purelib"])


def python_with(directory: Path, *, without: tuple[str, ...] = (), versions: Mapping[str, str] | None = None) -> Path:
    """A directory for PYTHONPATH with what is installed here, but for some packages, and for some in another version.

    :param without: names of distributions of which the metadata is left out, and of import packages.
    :param versions: distribution -> the version that its metadata tells.
    """
    replaced = {name.replace("-", "_") for name in versions or {}} | set(without)
    for entry in INSTALLED.iterdir():
        distribution = entry.name.partition("-")[0] if entry.suffix == ".dist-info" else None
        if (distribution or entry.name) not in (replaced if distribution else without):
            (directory / entry.name).symlink_to(entry)
    for name, version in (versions or {}).items():
        metadata = directory / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return directory


def first_broken(packages: Path, home: Path) -> dict[str, str]:
    """What the doctor finds with these packages, where no control plane answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LAKESAIL_")}
        variables = {
            "PYTHONPATH": os.pathsep.join([str(packages), str(REPOSITORY)]),
            "LAKESAIL_API_URL": f"http://127.0.0.1:{unused.getsockname()[1]}/lakesail/api/v1",
            "LAKESAIL_API_TOKEN": "t",
            "HOME": str(home),
        }
        # -S: without the packages that are really installed.
        command = [sys.executable, "-S", "-m", "lakesail_notebook.cli", "doctor", "--json"]
        run = subprocess.run(command, cwd=home, env=inherited | variables, capture_output=True, text=True, timeout=60)
    assert run.stdout, run.stderr
    findings: list[dict[str, str]] = json.loads(run.stdout)["findings"]
    return next(finding for finding in findings if finding["status"] == "broken")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    packages = tmp_path / "packages"
    packages.mkdir()
    return packages


@pytest.mark.parametrize(
    ("without", "versions", "said"),
    [
        ((), {"pyspark": "4.1.4"}, "Both pyspark and pyspark-client are installed"),
        ((), {"pyspark-client": "4.3.0"}, "PySpark 4.3.0 is installed; sessions need PySpark 4.0, 4.1 or 4.2"),
        (("pyspark", "pyspark_client"), {}, "PySpark is missing"),
        (("grpc_status",), {}, "PySpark cannot be loaded"),
        ((), {"pysail": "0.6.3"}, "pysail 0.6.3 is installed; engines need 0.7.2"),
    ],
)
def test_a_python_with_the_wrong_packages_is_told_what_to_install(
    packages: Path, tmp_path: Path, without: tuple[str, ...], versions: dict[str, str], said: str
) -> None:
    broken = first_broken(python_with(packages, without=without, versions=versions), tmp_path)
    assert broken["name"] == "packages"
    assert said in broken["text"]
    assert "pip " in broken["text"]


def test_a_python_with_the_right_packages_gets_as_far_as_the_control_plane(packages: Path, tmp_path: Path) -> None:
    broken = first_broken(python_with(packages), tmp_path)
    assert broken["name"] == "control plane"
    assert "cannot be reached" in broken["text"]


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Kernel:
    return server.start_kernel("doctor.ipynb")


def broken_line(kernel: Kernel) -> str:
    """The one line of ``%sail doctor`` that begins with ``broken``."""
    with pytest.raises(CellFailed, match="The first thing that is broken is the") as caught:
        kernel.execute("%sail doctor")
    [line] = [line for line in caught.value.result.stdout.splitlines() if line.startswith("broken")]
    return line.removeprefix("broken").strip()


def test_an_engine_that_cannot_start_is_named_with_why(kernel: Kernel) -> None:
    kernel.execute("import sys\nreal, sys.executable = sys.executable, '/bin/false'")
    said = broken_line(kernel)
    kernel.execute("sys.executable = real")
    assert said.startswith("engine ")
    assert "could not start: it ended at once with exit code 1" in said


def test_a_token_that_is_refused_is_the_login(kernel: Kernel) -> None:
    kernel.execute(
        "import os\nfile = os.environ.pop('LAKESAIL_API_TOKEN_FILE')\nos.environ['LAKESAIL_API_TOKEN'] = 'x'"
    )
    said = broken_line(kernel)
    kernel.execute("os.environ['LAKESAIL_API_TOKEN_FILE'] = file\ndel os.environ['LAKESAIL_API_TOKEN']")
    assert said.startswith("login ")
    assert "LAKESAIL_API_TOKEN names a token that is refused" in said


BROKEN_OFF = """
import builtins
def stop(*words, **named):
    shown(*words, **named)
    if 'was started' in words[0]:
        raise KeyboardInterrupt
shown, builtins.print = builtins.print, stop
try:
    get_ipython().run_line_magic('sail', 'doctor')
finally:
    builtins.print = shown
"""


def test_a_doctor_whose_cell_is_broken_off_leaves_no_session(server: JupyterServer, kernel: Kernel) -> None:
    with pytest.raises(CellFailed) as caught:
        kernel.execute(BROKEN_OFF)
    assert caught.value.error.name == "KeyboardInterrupt"
    sessions = server.request("GET", "lakesail/api/v1/workloads/sessions").json()["included"]["sessions"]
    assert [one["status"] for one in sessions if one["name"] == "doctor" and one["status"] != "failed"] == ["closed"]


def test_a_broken_database_is_named(tmp_path: Path) -> None:
    database = tmp_path / "broken.db"
    database.write_bytes(b"this is no database" * 1000)
    with jupyter_server(tmp_path, config={"LakesailApp": {"database_url": f"sqlite:///{database}"}}) as server:
        said = broken_line(server.start_kernel("broken.ipynb"))
    assert said.startswith("database ")
    assert "broken.db is not an SQLite database; set c.LakesailApp.database_url" in said


def test_settings_that_are_wrong_are_named(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"team": {}, "database_url": "x"}}) as server:
        said = broken_line(server.start_kernel("broken.ipynb"))
    assert said.startswith("control plane ")
    assert "c.LakesailApp has no trait team; did you mean teams?" in said
