"""Outside Jupyter: a script, or plain IPython, has a control plane of its user, which ends with its last process."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer
from jupyter_server.auth.security import passwd

from tests.certificates import self_signed

from .notebooks import eventually

COUNTS = "from lakesail_notebook import connect\nspark = connect()\nprint(spark.range(5).count(), flush=True)\n"
WAITS = "import sys\nsys.stdin.readline()\n"
COUNTS_AGAIN = "spark = connect()\nprint(spark.range(7).count(), flush=True)\n"
JOINS = (
    "from lakesail_notebook.client.personal import PERSONAL\n"
    "api = PERSONAL.api()\n"
    "print(api.url, api.started, flush=True)\n"
)
PLANE = "lakesail_notebook.jupyter.personal"
ENGINE = "lakesail_notebook.engine"
GONE_SECONDS = 60
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
        return not any(map(self.processes, (PLANE, ENGINE)))

    def configure(self, traits: dict[str, dict[str, str]]) -> None:
        (self.home / "config").mkdir()
        (self.home / "config" / "jupyter_server_config.json").write_text(json.dumps(traits))

    @property
    def directory(self) -> Path:
        """Where the control plane listens and writes."""
        return self.home / f"lakesail-{os.getuid()}"


class Terminal:
    """A program in a terminal, and who sits at it."""

    def __init__(self, user: User, command: list[str]) -> None:
        self._ours, theirs = os.openpty()
        self._process = subprocess.Popen(
            command, env=user.environment, cwd=user.home, stdin=theirs, stdout=theirs, stderr=theirs, process_group=0
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ours)
        try:
            self._process.wait(60)
        finally:
            self._process.kill()

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def shows(self, text: str, seconds: float) -> str:
        """What it writes from now on, up to this text."""
        deadline = time.monotonic() + seconds
        seen = ""
        while text not in seen:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{text!r} was not shown within {seconds} s: {seen}"
            seen += os.read(self._ours, 65536).decode(errors="replace")
        return seen


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
    assert len(user.processes(PLANE)) == 1
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
    [plane] = user.processes(PLANE)
    plane.send_signal(signal.SIGKILL)
    eventually(lambda: not user.processes(ENGINE), GONE_SECONDS, "its engine is gone")
    go_on(script)
    out, errors = said_by(script)
    assert out == "7\n"
    assert errors.count("Started a control plane") == 2
    assert "This is a new session: temp views and settings are gone" in errors


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
    # Another HOME: the engine is the server's, has the environment of the script, and stays for the notebook.
    address = {"LAKESAIL_API_URL": url, "LAKESAIL_API_TOKEN": token, "HOME": str(user.home / "named")}
    out, errors = said_by(user.script(COUNTS, **address))
    assert out == "5\n"
    assert "control plane" not in errors
    assert not user.directory.exists(), "no control plane of the user's own was looked for"
    kernel.shutdown()


def test_a_control_plane_that_cannot_start_is_said_with_its_last_words(user: User) -> None:
    user.configure({"ServerApp": {"root_dir": "/no/such"}})
    script = user.script(COUNTS)
    _, errors = script.communicate(timeout=60)
    assert script.returncode == 1
    assert "The control plane for this user ended with exit code" in errors
    assert "No such directory: ''/no/such''. Its log is " in errors


def test_ten_that_begin_at_the_same_moment_start_one(user: User) -> None:
    scripts = [user.script(JOINS + WAITS) for _ in range(10)]
    said = [first_line(script).split() for script in scripts]
    assert len({url for url, _ in said}) == 1
    assert [started for _, started in said].count("True") == 1
    assert len(user.processes(PLANE)) == 1
    for script in scripts:
        go_on(script)
        said_by(script)


def test_a_process_that_has_joined_does_not_join_again(user: User) -> None:
    out, errors = said_by(user.script(JOINS + "print(PERSONAL.api() is api)\n"))
    assert out.splitlines()[1] == "True"
    assert errors == ""


def test_who_found_it_by_its_url_joins_it(user: User) -> None:
    """So that it does not end with the process that started it."""
    joins_at = (
        "from lakesail_notebook.client.personal import PersonalControlPlane\n"
        "other = PersonalControlPlane()\n"
        "print(other.join_at('http://127.0.0.1:9/lakesail/api/v1'), other.joined)\n"
        "print(other.join_at(api.url), other.joined)\n"
        "other.leave()\n"
    )
    out, _ = said_by(user.script(JOINS + joins_at))
    assert out.splitlines()[1:] == ["False False", "True True"]


def test_who_comes_after_a_starter_that_was_killed_uses_what_it_began(user: User) -> None:
    starter = user.script(JOINS)
    [begun] = eventually(lambda: user.processes(PLANE), GONE_SECONDS, "it has begun")
    starter.kill()
    starter.communicate()
    script = user.script(JOINS + WAITS)
    assert first_line(script).endswith("False")
    assert user.processes(PLANE) == [begun]
    go_on(script)
    said_by(script)


def test_who_comes_while_it_ends_gets_another_that_works(user: User) -> None:
    comes_back = (
        "import pathlib, time\n"
        "PERSONAL.leave()\n"
        f"[name] = pathlib.Path({str(user.directory)!r}).glob('*.sock')\n"
        "while name.exists():\n"
        "    pass\n"
        "api = PERSONAL.api()\n"
        "from lakesail_notebook import Client\n"
        "print(api.url, api.started, Client(api.url, api.token).me().member_id is not None, flush=True)\n"
    )
    out, _ = said_by(user.script(JOINS + comes_back + WAITS))
    first, second = (line.split() for line in out.splitlines())
    assert first[0] != second[0]
    assert second[1:] == ["True", "True"]


def test_one_that_still_greets_while_it_ends_is_not_used(user: User) -> None:
    said_by(user.script(JOINS))
    eventually(user.has_left_nothing, GONE_SECONDS, "it has ended")
    [life] = user.directory.glob("*.life")
    name = life.with_suffix(".sock")
    with socket.socket(socket.AF_UNIX) as ending:
        ending.bind(str(name))
        ending.listen()
        ending.settimeout(60)
        script = user.script(JOINS)
        connection, _ = ending.accept()
        name.unlink()
        with connection:
            connection.sendall(b'{"url": "http://127.0.0.1:9/of/the/ending", "token": "t"}\n')
            out, _ = said_by(script)
    assert "ending" not in out
    assert out.endswith("True\n")


def test_a_forked_child_counts_only_once_it_connects(user: User) -> None:
    forks = (
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    sys.stdin.readline()\n"
        "    print(PERSONAL.api().started, flush=True)\n"
        "    os._exit(0)\n"
    )
    parent = user.script(JOINS + forks)
    assert first_line(parent).endswith("True")
    assert parent.wait(60) == 0
    eventually(user.has_left_nothing, GONE_SECONDS, "the child alone does not keep it")
    go_on(parent)
    assert first_line(parent) == "True"
    parent.communicate(timeout=60)


def test_forked_children_use_their_parents_session_and_stop_none_of_it(user: User) -> None:
    forks = (
        "import os\n"
        "spark.range(3).createOrReplaceTempView('mine')\n"
        "children = []\n"
        "for number in range(2):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        own = connect()\n"
        "        own.range(9).createOrReplaceTempView('mine')\n"
        "        good = own.table('mine').count() == 9\n"
        "        own.stop()\n"
        "        os._exit(0 if good else 1)\n"
        "    children.append(child)\n"
        "print([os.waitpid(child, 0)[1] for child in children], spark.table('mine').count())\n"
        "from lakesail_notebook.spark.sessions.connect import default_client\n"
        "print(next(default_client().session_pages()).total)\n"
    )
    out, _ = said_by(user.script(COUNTS + forks))
    assert out.splitlines() == ["5", "[0, 0] 3", "1"]


def test_an_engine_has_the_interpreter_and_the_directory_of_its_script(user: User) -> None:
    holder = user.script(JOINS + WAITS)
    first_line(holder)
    other = user.home / "environment"
    other.symlink_to(sys.prefix)
    python = other / "bin" / "python"
    elsewhere = user.home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "three.csv").write_text("1\n2\n3\n")
    reads = "import os\nos.chdir('elsewhere')\n" + COUNTS.replace("range(5)", "read.csv('three.csv')") + WAITS
    script = user.home / "reads.py"
    script.write_text(reads)
    process = user.start([str(python), str(script)])
    assert first_line(process) == "3"
    [engine] = user.processes(ENGINE)
    assert engine.cmdline()[0] == str(python)
    assert Path(engine.cwd()) == elsewhere
    for one in (process, holder):
        go_on(one)
        said_by(one)


HASHED: str = passwd("of-browsers")  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("login", [{"hashed_password": HASHED}, {"token": ""}])
def test_how_the_user_logs_in_to_jupyter_does_not_matter(user: User, login: dict[str, str]) -> None:
    user.configure({"IdentityProvider": login})
    out, _ = said_by(user.script(COUNTS))
    assert out == "5\n"


def test_a_certificate_for_browsers_does_not_matter(user: User) -> None:
    certificate, key = self_signed(user.home, "notebooks.example")
    user.configure({"ServerApp": {"certfile": str(certificate), "keyfile": str(key), "sock": str(user.home / "s")}})
    out, _ = said_by(user.script(COUNTS))
    assert out == "5\n"


SLOW = (
    "from pyspark.sql.functions import udf\n"
    "slow = udf(lambda n: __import__('time').sleep(1) or n, 'long')\n"
    "spark.range(3).repartition(1).select(slow('id')).collect()[0][0]\n"
)


def test_in_a_terminal_the_strip_is_one_line_that_is_written_over(user: User) -> None:
    with Terminal(user, [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor"]) as at:
        at.types("%load_ext lakesail_notebook\n%sail connect\n")
        at.shows("Use it as spark.", 60)
        at.types(SLOW)
        strip = at.shows("1 query, ", 60)
        assert re.search(r"Running: spark\.range\(3\)[^\r]*\rRunning: spark\.range\(3\)", strip)
        assert "\rOut[" in strip, "the cell's value stands in a line of its own"
        at.types("exit()\n")


def test_only_its_user_reaches_it_and_its_token_is_not_to_be_seen(user: User) -> None:
    script = user.script(JOINS + WAITS + "print(api.token)\n")
    first_line(script)
    [plane] = user.processes(PLANE)
    seen = [*plane.cmdline(), *plane.environ().values()]
    files = [file for file in user.directory.iterdir() if not file.is_socket()]
    assert user.directory.stat().st_mode & 0o777 == 0o700
    [name] = user.directory.glob("*.sock")
    assert name.stat().st_mode & 0o777 == 0o600
    go_on(script)
    token = said_by(script)[0].strip()
    assert len(token) > 20
    assert not any(token in text for text in [*seen, *(file.read_text() for file in files)])


def test_a_directory_that_others_may_enter_is_refused(user: User) -> None:
    user.directory.mkdir()
    user.directory.chmod(0o755)
    _, errors = user.script(JOINS).communicate(timeout=60)
    assert "is no directory of yours alone; remove it, or set TMPDIR." in errors


def test_a_path_too_long_for_a_socket_is_said_at_once(user: User) -> None:
    long = user.home / ("x" * 90)
    long.mkdir()
    _, errors = user.script(JOINS, TMPDIR=str(long)).communicate(timeout=60)
    assert "set TMPDIR to a directory with a shorter path" in errors


def test_a_forked_child_that_connects_has_a_session_of_its_own(user: User) -> None:
    forks = (
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    mine = connect()\n"
        "    print(mine is not spark, mine.range(9).count(), flush=True)\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "print(spark.range(8).count(), flush=True)\n"
    )
    out, _ = said_by(user.script(COUNTS + forks))
    assert out.splitlines() == ["5", "True 9", "8"]


def test_a_forked_child_that_ends_leaves_its_parent_the_session(user: User) -> None:
    forks = "import os, sys\nif os.fork() == 0:\n    sys.exit()\nos.wait()\nprint(spark.range(8).count(), flush=True)\n"
    out, _ = said_by(user.script(COUNTS + forks))
    assert out.splitlines() == ["5", "8"]
