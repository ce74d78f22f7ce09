"""Why an engine could not start is told to its owner; with paths of the server only where the owner runs it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headless import jupyter_server

from tests.server.team_server import team_server

SESSIONS = "workloads/sessions"


def scratch_that_others_may_enter(directory: Path) -> tuple[Path, dict[str, str]]:
    """The directory that engines cannot use, and the setting that chooses it."""
    scratch = directory / "scratch" / f"lakesail-{os.getuid()}"
    scratch.mkdir(parents=True)
    scratch.chmod(0o755)
    return scratch, {"scratch_directory": str(scratch.parent)}


def failed(look: Callable[[], dict[str, Any]]) -> str:
    """Why a session failed, once it did."""
    deadline = time.monotonic() + 30
    while (session := look())["status"] != "failed":
        assert time.monotonic() < deadline, session
        time.sleep(0.05)
    return str(session["statusMessage"])


def test_a_member_of_a_team_reads_no_path(tmp_path: Path) -> None:
    scratch, backend = scratch_that_others_may_enter(tmp_path)
    with team_server(tmp_path, LocalBackend=backend) as server:
        ada = server.client("ada")
        session = ada.post(SESSIONS, json={}).json()
        said = failed(lambda: ada.get(f"{SESSIONS}/{session['id']}").json())
        assert f"{scratch.name} is no directory of yours alone" in said
        assert str(tmp_path) not in said
        assert str(tmp_path) not in ada.get(SESSIONS).text
        assert str(tmp_path) not in ada.get("events", params={"after": 0}).text
        assert str(scratch) in server.jupyter.log()


def test_the_user_of_a_server_of_one_reads_the_path(tmp_path: Path) -> None:
    scratch, backend = scratch_that_others_may_enter(tmp_path)
    with jupyter_server(tmp_path, config={"LocalBackend": backend}) as server:
        session = server.request("POST", f"lakesail/api/v1/{SESSIONS}", {}).json()
        said = failed(lambda: dict(server.request("GET", f"lakesail/api/v1/{SESSIONS}/{session['id']}").json()))
        assert f"{scratch} is no directory of yours alone" in said
