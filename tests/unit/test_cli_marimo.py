"""``jupyter lakesail marimo`` against a small API: what it asks, what it shows, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakesail_notebook import models
from lakesail_notebook.cli.arguments import parse
from lakesail_notebook.cli.foreground import Foreground
from lakesail_notebook.cli.main import main
from lakesail_notebook.cli.marimo_page import checked_notebook, open_page, page_address
from lakesail_notebook.errors import FailedPrecondition
from tests.unit.small_api import TOKEN, Answer, SmallApi, me, session

SESSIONS = "/workloads/sessions"
PAGE = "http://127.0.0.1:8888/user/a/lakesail/marimo/S1/"
LINK = f"{PAGE}_auth?ticket=the-secret-of-the-link&more"
PROGRAM = (sys.executable, "-m", "lakesail_notebook.cli", "marimo")
SECONDS = 60.0
SERVING = session(endpoint_type="marimo", connection_info=models.ConnectionInfo(proxy_auth_url=LINK))
PENDING = session(endpoint_type="marimo", status="pending", status_message="Starting the engine.")
IDLE = session(status="closed", termination_reason="idle_timeout", status_message="Session S1 was unused for 30 min.")
CLOSED = session(status="closed", termination_reason="user_closed", status_message="Session S1 was closed by you.")

_BROWSER = """import json, os, pathlib, sys, urllib.parse
path = urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path)
seen = {"argv": sys.argv, "mode": os.stat(path).st_mode & 0o777, "page": pathlib.Path(path).read_text(), "path": path}
pathlib.Path(sys.argv[0] + ".unfinished").write_text(json.dumps(seen))
os.rename(sys.argv[0] + ".unfinished", sys.argv[0] + ".seen")
"""
_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallApi]:
    """The control plane that the environment names. Its session starts, and then serves its page."""
    with SmallApi() as api:
        monkeypatch.setenv("LAKESAIL_API_URL", api.url)
        monkeypatch.setenv("LAKESAIL_API_TOKEN", TOKEN)
        api.on("GET", "/me", Answer(200, me("marimo_sessions", "events")))
        api.on("GET", "/events?wait=0", Answer(200, models.EventPage(events=(), sequence=7)))
        api.on("GET", "/events?after=7&wait=0", Answer(200, models.EventPage(events=(), sequence=7)))
        api.on("POST", SESSIONS, Answer(201, PENDING))
        api.on("GET", f"{SESSIONS}/S1", Answer(200, PENDING), Answer(200, SERVING))
        api.on("DELETE", f"{SESSIONS}/S1", Answer(204))
        yield api


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    file = tmp_path / "delays.py"
    file.write_text("import marimo\napp = marimo.App()\n")
    return file


def test_the_session_is_made_as_the_command_says(api: SmallApi, notebook: Path) -> None:
    api.on("GET", f"{SESSIONS}/S1", Answer(200, CLOSED))
    words = ["marimo", "run", str(notebook), "--config", "big", "--name", "board", "--no-browser"]
    main(words)
    (sent,) = [request.body for request in api.requests if request.verb == "POST"]
    assert (sent["endpointType"], sent["workloadConfigId"], sent["name"]) == ("marimo", "big", "board")
    assert sent["metadata"] == {
        "lakesail/marimo-file": str(notebook),
        "lakesail/marimo-mode": "run",
        "lakesail/cwd": str(notebook.parent),
        "lakesail/python": sys.executable,
    }


def test_a_relative_path_is_sent_as_an_absolute_one(
    api: SmallApi, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("GET", f"{SESSIONS}/S1", Answer(200, CLOSED))
    monkeypatch.chdir(notebook.parent)
    main(["marimo", "edit", "new.py", "--no-browser"])
    (sent,) = [request.body for request in api.requests if request.verb == "POST"]
    assert sent["metadata"]["lakesail/marimo-file"] == str(notebook.parent / "new.py")


@pytest.mark.parametrize(
    ("mode", "name", "message"),
    [
        ("edit", "my flights.ipynb", r"marimo convert '.*/my flights\.ipynb' -o '.*/my flights\.py' .*docs/marimo\.md"),
        ("run", "page.md", r"marimo convert .*/page\.md -o .*/page\.py"),
        ("edit", "missing.ipynb", r"is no marimo notebook: those are \.py files"),
        ("edit", "notes.txt", r"is no marimo notebook: those are \.py files"),
        ("edit", "nowhere/new.py", r"There is no directory .*/nowhere; make it first"),
        ("edit", "folder.py", r"is a directory; name a \.py file"),
        ("run", "", r"is a directory; name a \.py file"),
        ("run", "new.py", r"There is no file .*'jupyter lakesail marimo edit .*new\.py' begins one"),
    ],
)
def test_what_marimo_cannot_open_is_refused_before_anything_is_asked(
    api: SmallApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, name: str, message: str
) -> None:
    (tmp_path / "folder.py").mkdir()
    for name_there in ("my flights.ipynb", "page.md"):
        (tmp_path / name_there).write_text("{}")
    assert main(["marimo", mode, str(tmp_path / name)]) == 1
    said = capsys.readouterr()
    assert re.search(message, said.err)
    assert len(said.err.splitlines()) == 1
    assert api.requests == []


def test_a_name_that_begins_with_a_tilde_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_notebook(Path("~delays.py"), "edit") == tmp_path / "~delays.py"


def test_a_signal_that_the_process_ignores_stays_ignored() -> None:
    """``nohup`` starts a command that ignores SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Foreground() as foreground:
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
            os.kill(os.getpid(), signal.SIGHUP)
            assert (foreground.stopped, foreground.wait(0)) == (False, None)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_mode_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["marimo", "nb.py"])
    assert "edit" in capsys.readouterr().err


def test_a_control_plane_without_marimo_sessions_is_said(
    api: SmallApi, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", "/me", Answer(200, me("events")))
    assert main(["marimo", "edit", str(notebook)]) == 1
    assert "has no marimo sessions" in capsys.readouterr().err
    assert api.count("POST", SESSIONS) == 0


def test_a_refused_session_is_said_in_the_words_of_the_control_plane(
    api: SmallApi, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = "marimo is not installed in /env. Run pip install 'lakesail-notebook[marimo]'."
    api.on("POST", SESSIONS, Answer(412, {"code": "FAILED_PRECONDITION", "message": message}))
    assert main(["marimo", "edit", str(notebook)]) == 1
    assert capsys.readouterr().err == f"jupyter lakesail: {message}\n"


def test_it_says_what_the_start_does_and_where_the_page_is_without_the_secret(
    api: SmallApi, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = models.Event(sequence=8, at=PENDING.created_at, kind="move", session_id="S1", new_status="closed")
    api.on("GET", "/events?after=7&wait=0", Answer(200, models.EventPage(events=(moved,), sequence=8)))
    api.on("GET", f"{SESSIONS}/S1", Answer(200, SERVING), Answer(200, CLOSED))
    assert main(["marimo", "edit", str(notebook), "--no-browser"]) == 0
    said = capsys.readouterr()
    assert said.out == f"delays.py is at {PAGE}\nSession S1 was closed by you.\n"
    assert said.err.startswith("Starting session S1: Starting the engine.\n")
    assert "secret" not in said.out + said.err
    assert api.count("DELETE", f"{SESSIONS}/S1") == 0


def test_a_session_that_ends_by_itself_is_an_error_with_its_reason(
    api: SmallApi, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = models.Event(
        sequence=8, at=PENDING.created_at, kind="warning", session_id="S1", message="closes in 5 min if unused"
    )
    moved = models.Event(sequence=9, at=PENDING.created_at, kind="move", session_id="S1", new_status="closed")
    others = models.Event(sequence=10, at=PENDING.created_at, kind="warning", session_id="S2", message="of another")
    api.on("GET", "/events?after=7&wait=0", Answer(200, models.EventPage(events=(warned, moved, others), sequence=10)))
    api.on("GET", f"{SESSIONS}/S1", Answer(200, SERVING), Answer(200, IDLE))
    assert main(["marimo", "run", str(notebook), "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert "closes in 5 min if unused\n" in said
    assert "of another" not in said
    expected = "jupyter lakesail: Session S1 was unused for 30 min; run the command again to start a new one."
    assert said.splitlines()[-1] == expected


def test_a_session_that_cannot_start_is_an_error(
    api: SmallApi, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = session(status="failed", termination_reason="start_failed", status_message="marimo ended: SyntaxError.")
    api.on("GET", f"{SESSIONS}/S1", Answer(200, failed))
    assert main(["marimo", "edit", str(notebook)]) == 1
    assert "marimo ended: SyntaxError" in capsys.readouterr().err


def test_a_session_whose_page_has_no_address_is_closed_and_said(api: SmallApi, notebook: Path) -> None:
    api.on("GET", f"{SESSIONS}/S1", Answer(200, session(endpoint_type="marimo")))
    arguments = parse(["marimo", "edit", str(notebook)])
    with pytest.raises(FailedPrecondition, match="proxyAuthUrl"):
        list(open_page(arguments, address_seconds=0))
    assert api.count("DELETE", f"{SESSIONS}/S1") == 1


def test_the_address_of_a_page_is_its_link_without_the_secret() -> None:
    assert page_address(LINK) == PAGE


def test_the_link_reaches_the_browser_by_a_file_of_its_owner_and_sigterm_closes_the_session(
    api: SmallApi, notebook: Path, tmp_path: Path
) -> None:
    browser = tmp_path / "browser.py"
    browser.write_text(_BROWSER)
    seen = tmp_path / "browser.py.seen"
    runtime = {"JUPYTER_RUNTIME_DIR": str(tmp_path / "run"), "BROWSER": f"{sys.executable} {browser} %s"}
    with command("edit", str(notebook), environment=runtime) as process:
        until(seen.exists)
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)
    said = json.loads(seen.read_text())
    assert said["mode"] == 0o600
    assert LINK.replace("&", "&amp;") in said["page"]
    assert "secret" not in " ".join(said["argv"]) + out + err
    assert list((tmp_path / "run").iterdir()) == []
    assert (process.returncode, out) == (0, f"delays.py is at {PAGE}\nSession S1 is closed.\n")
    assert api.count("DELETE", f"{SESSIONS}/S1") == 1


def test_enter_prints_a_link_and_ctrl_c_closes_the_session(api: SmallApi, notebook: Path) -> None:
    with command("edit", str(notebook), "--no-browser", terminal=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("Enter prints a link" in line for line in lines)
        process.stdin.write("\n")
        process.stdin.flush()
        assert any(line.strip() == LINK for line in lines)
        process.stdin.write("\x03")
        process.stdin.flush()
        assert any("Session S1 is closed." in line for line in lines)
        process.wait(SECONDS)
    assert process.returncode == 0
    assert api.count("DELETE", f"{SESSIONS}/S1") == 1


@contextlib.contextmanager
def command(
    *words: str, environment: dict[str, str] | None = None, terminal: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, in a terminal of its own or without one."""
    whole = [sys.executable, "-c", _TERMINAL, *PROGRAM, *words] if terminal else [*PROGRAM, *words]
    with subprocess.Popen(
        whole,
        env=os.environ | (environment or {}),
        stdin=subprocess.PIPE if terminal else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)
