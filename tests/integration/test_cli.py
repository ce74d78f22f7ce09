"""``jupyter lakesail``: a control plane of its own, and the commands on it, each as a process of its own."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from headless import jupyter_server

from lakesail_notebook.cli.main import main

PROGRAM = (sys.executable, "-m", "lakesail_notebook.cli")
START_SECONDS = 60
NOT_INHERITED = ("JUPYTER", "JPY_", "LAKESAIL_")


class ControlPlane:
    """A running ``jupyter lakesail serve``, and the setup of the user who runs it."""

    def __init__(self, home: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        self.runtime_directory = home / "runtime"
        self.environment = inherited | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime_directory),
        }
        (home / "config").mkdir()
        config = {"LakesailApp": {"default_config": "house"}}
        (home / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
        self._log = home / "log"
        root = ["--allow-root"] if os.geteuid() == 0 else []
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "serve", "--port=0", *root],
                env=self.environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self) -> str:
        return self._log.read_text()

    def wait_until_it_says_where(self) -> str:
        """The API's URL, which it prints."""
        eventually(lambda: " at http" in self.log() and self.log().endswith("\n"), START_SECONDS, self.log)
        return self.log().splitlines()[-1].rpartition(" ")[2]

    def info(self) -> dict[str, str]:
        (file,) = self.runtime_directory.glob("jpserver-*.json")
        return dict(json.loads(file.read_text()))

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ask(self, *words: str) -> str:
        """What a command that succeeds says."""
        run = self.run(*words)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def return_code(self) -> int:
        """Wait until it has ended."""
        eventually(lambda: self.process.poll() is not None, 60, self.log)
        return int(self.process.returncode)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def eventually(look: Callable[[], bool], seconds: float, log: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, log()
        time.sleep(0.05)


@contextlib.contextmanager
def control_plane(home: Path) -> Iterator[ControlPlane]:
    plane = ControlPlane(home)
    try:
        plane.wait_until_it_says_where()
        yield plane
    finally:
        plane.end()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("home")) as running:
        yield running


def test_the_whole_way_to_a_query_is_right(plane: ControlPlane) -> None:
    run = plane.run("doctor", "--json")
    findings = json.loads(run.stdout)["findings"]
    assert [finding for finding in findings if finding["status"] != "ok"] == []
    assert findings[-1]["text"].startswith("3 rows in ")
    assert run.returncode == 0
    assert plane.ask("sessions") == "There is no live session.\n"


def test_a_session_goes_through_its_life_by_commands(plane: ControlPlane) -> None:
    made = json.loads(plane.ask("sessions", "create", "--name", "etl", "--idle", "30m", "--json"))
    assert made["config"]["idleTimeoutSeconds"] == 1800
    assert f"{made['id']}  etl   pending  house" in plane.ask("sessions")

    token = plane.run("token", made["id"])
    assert token.stdout.count(".") == 2
    assert "endpoint  localhost:" in token.stderr

    assert " closes in " in plane.ask("extend", made["id"], "1h")
    assert plane.ask("logs", made["id"], "-n", "5").count("\n") <= 5
    assert plane.ask("close", made["id"]) == f"Session {made['id']} is closed.\n"
    assert "user_closed" in plane.ask("sessions", "show", made["id"])
    assert "user_closed" in plane.ask("sessions", "--all")

    again = json.loads(plane.ask("relaunch", made["id"], "--json"))
    assert (again["name"], again["status"]) == ("etl", "pending")
    listed = json.loads(plane.ask("sessions", "--json"))
    assert [item["id"] for item in listed["items"]] == [again["id"]]
    plane.ask("close", again["id"])


def test_a_marimo_notebook_is_open_until_the_command_is_told_to_end(plane: ControlPlane, tmp_path: Path) -> None:
    notebook = tmp_path / "small.py"
    notebook.write_text("import marimo\n\napp = marimo.App()\n")
    log = tmp_path / "log"
    words = [*PROGRAM, "marimo", "run", str(notebook), "--no-browser"]
    with (
        log.open("wb") as out,
        subprocess.Popen(words, env=plane.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out) as command,
    ):
        try:
            eventually(lambda: "Ctrl+C" in log.read_text() or command.poll() is not None, 120, log.read_text)
            listed = json.loads(plane.ask("sessions", "--json"))["included"]["sessions"]
            command.terminate()
            assert command.wait(60) == 0, log.read_text()
        finally:
            command.kill()
    (session,) = (one for one in listed if one["endpointType"] == "marimo")
    assert f"small.py is at {plane.info()['url']}lakesail/marimo/{session['id']}/\n" in log.read_text()
    assert log.read_text().endswith(f"Session {session['id']} is closed.\n")
    assert "ticket" not in log.read_text()
    assert "user_closed" in plane.ask("sessions", "show", session["id"])


def test_a_config_is_made_changed_and_deleted_by_commands(plane: ControlPlane, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"name": "cli", "config": {"sail": {"extraEnv": {"A": "1"}}}}')
    made = json.loads(plane.ask("configs", "create", str(file), "--json"))
    assert "config.sail.extraEnv.A" in plane.ask("configs", "show", "cli")
    file.write_text('{"name": "cli-2"}')
    plane.ask("configs", "change", "cli", str(file))
    assert f"{made['id']}  cli-2" in plane.ask("configs")
    plane.ask("configs", "delete", "cli-2")
    gone = plane.run("configs", "show", "cli-2")
    assert gone.returncode == 1
    assert len(gone.stderr.splitlines()) == 1


def test_a_service_account_uses_its_key_until_it_is_deleted(plane: ControlPlane) -> None:
    made = plane.run("service-accounts", "create", "bot", "--json")
    assert made.returncode == 0, made.stderr
    account = json.loads(made.stdout)
    assert f"{account['id']}  bot" in plane.ask("service-accounts")
    credentials = {
        "LAKESAIL_API_URL": f"{plane.info()['url']}lakesail/api/v1",
        "LAKESAIL_API_TOKEN": account["key"],
    }
    as_itself = plane.run("me", "--json", **credentials)
    assert as_itself.returncode == 0, as_itself.stderr
    assert json.loads(as_itself.stdout)["serviceAccountId"] == account["id"]
    plane.ask("service-accounts", "delete", account["id"])
    dead = plane.run("me", **credentials)
    assert (dead.returncode, dead.stdout) == (1, "")
    assert account["key"] not in dead.stderr


def test_events_are_followed_as_they_happen(plane: ControlPlane) -> None:
    made = json.loads(plane.ask("sessions", "create", "--json"))
    plane.ask("close", made["id"])
    command = [*PROGRAM, "events", "--after", "0", "--json"]
    with subprocess.Popen(command, env=plane.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        for line in follower.stdout:
            event = json.loads(line)
            if event["sessionId"] == made["id"] and event["newStatus"] == "closed":
                break
        follower.send_signal(signal.SIGINT)
        assert follower.wait(60) == 130


def test_the_api_is_served_and_notebooks_are_not(plane: ControlPlane) -> None:
    info = plane.info()
    with httpx.Client(headers={"Authorization": f"token {info['token']}"}, trust_env=False, timeout=60) as http:
        assert http.get(f"{info['url']}lakesail/api/v1/me").status_code == 200
        assert http.get(f"{info['url']}api/status").status_code == 200
        for path in ("api/kernels", "api/contents", "api/sessions", "api/terminals", "files/log"):
            assert http.get(f"{info['url']}{path}").status_code == 404, path


def test_the_servers_token_is_printed_nowhere(plane: ControlPlane) -> None:
    token = plane.info()["token"]
    said = plane.run("me")
    assert token
    assert token not in plane.log() + said.stdout + said.stderr
    assert plane.log().startswith("The control plane is at http://localhost:")


def test_of_two_control_planes_the_user_is_asked_which(plane: ControlPlane, tmp_path: Path) -> None:
    with jupyter_server(tmp_path, home=tmp_path) as second:
        (word,) = (tmp_path / "runtime").glob("jpserver-*.json")
        shared = plane.runtime_directory / word.name
        shared.write_bytes(word.read_bytes())
        asked = plane.run("me")
        assert (asked.returncode, asked.stdout) == (1, "")
        assert second.url.rstrip("/") in asked.stderr
        assert "--url" in asked.stderr
        assert plane.run("me", "--url", second.url).returncode == 0
        in_a_terminal_of_it = plane.run("me", JUPYTER_SERVER_URL=second.url)
        assert in_a_terminal_of_it.returncode == 0
        shared.unlink()


@pytest.mark.parametrize("end_it", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_told_to_and_leaves_nothing(tmp_path: Path, end_it: signal.Signals) -> None:
    with control_plane(tmp_path) as plane:
        plane.ask("sessions", "create")
        session_proxy_and_engine = psutil.Process(plane.process.pid).children(recursive=True)
        assert session_proxy_and_engine
        plane.process.send_signal(end_it)
        assert plane.return_code() == 0
        assert list(plane.runtime_directory.glob("jpserver-*")) == []
        eventually(lambda: not any(one.is_running() for one in session_proxy_and_engine), 60, plane.log)
        gone = plane.run("sessions")
        assert (gone.returncode, gone.stdout) == (1, "")
        assert "No control plane is running" in gone.stderr


def test_a_database_that_others_hold_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with control_plane(tmp_path) as plane:
        plane.ask("sessions", "create")
        (database,) = (tmp_path / "data" / "lakesail").glob("*.db")
        started = psutil.Process(plane.process.pid).children(recursive=True)
        with contextlib.closing(sqlite3.connect(database)) as other:
            other.execute("BEGIN IMMEDIATE")
            plane.process.send_signal(signal.SIGTERM)
            assert plane.return_code() == 0
        assert "in order" in plane.log(), "which part did not close is told"
        eventually(lambda: not any(one.is_running() for one in started), 60, plane.log)


def test_jupyter_finds_the_command() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="jupyter-lakesail")
    assert script.load() is main
