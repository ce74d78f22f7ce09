"""A control plane of its own does not start where it would serve nobody, and says all that is wrong."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lakesail_notebook.jupyter.mistakes import Mistake, Mistakes
from lakesail_notebook.jupyter.standalone import refusal

from .plain_jupyter import environment_of

SECONDS = 120
OPTIONS = ("--ip=127.0.0.1", "--allow-root")


def start(
    home: Path, config: Mapping[str, Any] | str, *, module: str = "lakesail_notebook.cli", options: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run it to its end.

    :param config: what stands in its config file.
    """
    (home / "config").mkdir(parents=True, exist_ok=True)
    text = config if isinstance(config, str) else json.dumps(config)
    (home / "config" / "jupyter_server_config.json").write_text(text)
    arguments = ["serve", *OPTIONS, *options] if module.endswith("cli") else list(options)
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment_of(home),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "lakesail"
    directory.mkdir(parents=True, mode=0o700)
    key = directory / "signing-key.pem"
    key.touch(mode=0o644)
    database = tmp_path / "notes.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE note (text TEXT)")
    with closing(socket.socket()) as taken, closing(socket.socket()) as own:
        for one in (taken, own):
            one.bind(("127.0.0.1", 0))
            one.listen()
        port, own_port = taken.getsockname()[1], own.getsockname()[1]
        config = {
            "LakesailApp": {
                "team": {},
                "teams": {"bad id": {}},
                "database_url": f"sqlite:///{database}",
                "proxy_bind": f"127.0.0.1:{port}",
            },
            "LocalBackend": {"linger_seconds": "long"},
        }
        ended = start(tmp_path, config, options=[f"--port={own_port}"])
    assert ended.returncode == 1
    for said in (
        "c.LakesailApp has no trait team; did you mean teams?",
        "a team's id is 1 to 20 of A-Z and 0-9, not 'bad id'",
        "c.LocalBackend.linger_seconds must be an int of at least 0",
        f"chmod 600 {key}",
        f"The database {database} is another program's database",
        f"port {port} of 127.0.0.1",
        f"port {own_port} of 127.0.0.1",
    ):
        assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize(
    ("config", "options", "said"),
    [
        ('{"LakesailApp": {},}', (), "jupyter_server_config.json could not be loaded"),
        ({"LakesailApp": {"limits": {"idle_timeout": {"default": 5}}}}, (), "outside 60 to 28800 seconds"),
        ({}, ("--LakesailApp.proxy_bind=0.0.0.0",), "does not listen on 0.0.0.0 without TLS"),
    ],
)
def test_one_mistake_is_enough(tmp_path: Path, config: Any, options: Sequence[str], said: str) -> None:
    ended = start(tmp_path, config, options=options)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert not (tmp_path / "data" / "lakesail").exists()


@pytest.mark.parametrize("trouble", ["settings", "key directory"])
def test_the_personal_control_plane_says_all_of_it_in_its_last_line(tmp_path: Path, trouble: str) -> None:
    """Who started it quotes that line."""
    config: dict[str, Any] = {"LakesailApp": {"limits": [], "team": 1}} if trouble == "settings" else {}
    if trouble == "key directory":
        (tmp_path / "data" / "lakesail").mkdir(parents=True)
        (tmp_path / "data" / "lakesail").chmod(0o755)
    ended = start(tmp_path, config, module="lakesail_notebook.jupyter.personal", options=[str(tmp_path / "socket")])
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    if trouble == "settings":
        assert "c.LakesailApp.limits must be a dict" in last
        assert "c.LakesailApp has no trait team" in last
    else:
        assert f"chmod 700 {tmp_path / 'data' / 'lakesail'}" in last


def test_a_refusal_lists_what_is_wrong_and_ends_with_all_of_it() -> None:
    one, two = (Mistake(("x",), "told", f"wrong {number}") for number in (1, 2))
    assert refusal(Mistakes((one,))) == "The control plane does not start: wrong 1.\n"
    assert refusal(Mistakes((one, two))) == (
        "- wrong 1\n- wrong 2\nThe control plane does not start: wrong 1; wrong 2.\n"
    )
