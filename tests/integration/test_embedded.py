"""Outside Jupyter: a script, or plain IPython, has a control plane of its user, which ends with its last process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer

from .notebooks import eventually

COUNTS = "from lakesail_notebook import connect\nspark = connect()\nprint(spark.range(5).count(), flush=True)\n"
WAITS = "import sys\nsys.stdin.readline()\n"
COUNTS_AGAIN = "spark = connect()\nprint(spark.range(7).count(), flush=True)\n"
GONE_SECONDS = 15
_NOT_INHERITED = ("JUPYTER", "JPY_", "LAKESAIL_")


class User:
    """One with nothing set, and directories of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        self.environment = kept | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }

    def script(self, code: str, **environment: str) -> subprocess.Popen[str]:
        file = self.home / f"script{len(list(self.home.glob('script*')))}.py"
        file.write_text(code)
        return self.start([sys.executable, str(file)], **environment)

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=self.environment | environment, cwd=self.home, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    def processes(self, module: str) -> list[psutil.Process]:
        return [one for one in psutil.process_iter() if self._is_ours(one, module)]

    def _is_ours(self, process: psutil.Process, module: str) -> bool:
        try:
            return module in process.cmdline() and process.environ().get("HOME") == str(self.home)
        except psutil.Error:
            return False

    def has_left_nothing(self) -> bool:
        return not any(map(self.processes, ("lakesail_notebook.cli.embedded", "lakesail_notebook.engine")))


@pytest.fixture
def user() -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="ls-") as home:  # short: a socket's path may have 104 characters
        user = User(Path(home))
        yield user
        eventually(user.has_left_nothing, GONE_SECONDS, "nothing is left of it")


def said_by(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return out, errors


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_script_with_nothing_set_counts_and_says_what_it_started(user: User) -> None:
    out, errors = said_by(user.script(COUNTS))
    assert out == "5\n"
    assert errors.startswith("Started a control plane for this user")


def test_scripts_that_begin_at_once_share_one_which_outlives_the_first(user: User) -> None:
    scripts = [user.script(COUNTS + WAITS + COUNTS_AGAIN) for _ in range(4)]
    assert [first_line(script) for script in scripts] == ["5"] * 4
    assert len(user.processes("lakesail_notebook.cli.embedded")) == 1
    command = [sys.executable, "-m", "lakesail_notebook.cli", "sessions", "--json"]
    assert said_by(user.start(command))[0].count('"total":4') == 1
    go_on(scripts[0])
    assert said_by(scripts[0])[0] == "7\n"
    for script in scripts[1:]:
        go_on(script)
        assert said_by(script)[0] == "7\n"


def test_a_script_that_is_killed_leaves_nothing(user: User) -> None:
    script = user.script(COUNTS + WAITS)
    assert first_line(script) == "5"
    script.kill()
    script.communicate()


def test_after_its_control_plane_was_killed_the_next_connect_starts_another(user: User) -> None:
    script = user.script(COUNTS + WAITS + COUNTS_AGAIN)
    assert first_line(script) == "5"
    [plane] = user.processes("lakesail_notebook.cli.embedded")
    plane.send_signal(signal.SIGKILL)
    eventually(lambda: not user.processes("lakesail_notebook.engine"), GONE_SECONDS, "its engine is gone")
    go_on(script)
    out, errors = said_by(script)
    assert out == "7\n"
    assert errors.count("Started a control plane") == 2


def test_plain_ipython_has_the_magics(user: User) -> None:
    code = "%load_ext lakesail_notebook\n%sail connect\nprint(spark.range(6).count())\n"
    (user.home / "cells.ipy").write_text(code)
    out, _ = said_by(user.start([sys.executable, "-m", "IPython", "--no-banner", "cells.ipy"]))
    assert "Use it as spark." in out
    assert out.splitlines()[-1] == "6"


def test_a_control_plane_that_is_named_is_used_and_none_is_started(user: User, server: JupyterServer) -> None:
    kernel = server.start_kernel("names.ipynb")
    told = kernel.execute(
        "import os, pathlib\n"
        "print(os.environ['LAKESAIL_API_URL'], pathlib.Path(os.environ['LAKESAIL_API_TOKEN_FILE']).read_text().strip())"
    )
    url, token = told.stdout.split()
    out, errors = said_by(user.script(COUNTS, LAKESAIL_API_URL=url, LAKESAIL_API_TOKEN=token))
    assert out == "5\n"
    assert "control plane" not in errors
    assert user.has_left_nothing()
    kernel.shutdown()


def test_a_control_plane_that_cannot_start_is_said_with_its_last_words(user: User) -> None:
    (user.home / "config").mkdir()
    (user.home / "config" / "jupyter_server_config.json").write_text('{"ServerApp": {"certfile": "/no/such.pem"}}')
    script = user.script(COUNTS)
    _, errors = script.communicate(timeout=60)
    assert script.returncode == 1
    assert "The control plane for this user ended with exit code" in errors
    assert ".log" in errors
