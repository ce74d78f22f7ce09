"""Marimo sessions on a real server: their marimo starts and ends with them, and has their session alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from headless import JupyterServer, jupyter_server

from .app_pages import TWO_OF_ONE_NAME
from .notebooks import API, describe, eventually

TOKEN = "token-of-the-test-server"
SESSIONS = f"{API}/workloads/sessions"
EMPTY = "import marimo\n\napp = marimo.App()\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    config: dict[str, dict[str, Any]] = {"ServerApp": {"base_url": "/a%40b/"}}
    with jupyter_server(root, config=config, token=TOKEN) as running:
        yield running


def create(server: JupyterServer, file: str, mode: str = "edit", **fields: Any) -> dict[str, Any]:
    metadata = {"lakesail/marimo-file": file, "lakesail/marimo-mode": mode}
    body = {"endpointType": "marimo", "metadata": metadata, **fields}
    answer = server.request("POST", SESSIONS, body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def serving(server: JupyterServer, session: dict[str, Any]) -> dict[str, Any]:
    """The session, once its page can be opened."""

    def look() -> dict[str, Any] | None:
        now = describe(server, session["id"])
        assert now["status"] in {"pending", "active", "idle"}, now["statusMessage"]
        return now if now["connectionInfo"]["proxyAuthUrl"] else None

    return eventually(look, 90, "marimo serves the session")


def ended(server: JupyterServer, session: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        now = describe(server, session["id"])
        return now if now["status"] in {"closed", "failed"} else None

    return eventually(look, 90, "the session is over")


def marimo_of(server: JupyterServer, session: dict[str, Any]) -> list[psutil.Process]:
    """The marimo server of a session, and what it has started."""
    for process in server.descendants():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if session["id"] in " ".join(process.cmdline()):
                return [process, *process.children(recursive=True)]
    return []


def api_of(marimo: psutil.Process) -> httpx.Client:
    """What marimo's own processes ask the API with."""
    told = marimo.environ()
    token = Path(told["LAKESAIL_API_TOKEN_FILE"]).read_text()
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=told["LAKESAIL_API_URL"], headers=headers, timeout=60, trust_env=False)


def test_marimo_has_its_session_and_no_other_until_it_is_closed(server: JupyterServer, root: Path) -> None:
    (root / "first.py").write_text(EMPTY)
    mine, other = create(server, "first.py"), create(server, str(root / "first.py"), mode="run")
    serving(server, other)
    assert serving(server, mine)["connectionInfo"]["grpcEndpoint"]
    own, others = f"workloads/sessions/{mine['id']}", f"workloads/sessions/{other['id']}"
    [marimo, *_] = processes = marimo_of(server, mine)
    with api_of(marimo) as api:
        assert api.get(own).json()["connectionInfo"]["proxyAuthUrl"] is None
        assert [one["id"] for one in api.get("workloads/sessions").json()["items"]] == [mine["id"]]
        told = api.get("events", params={"after": 0, "limit": 100}).json()["events"]
        assert {one["sessionId"] for one in told if one["kind"] != "config"} == {mine["id"]}
        assert api.post(f"{own}/token", json={}).status_code == 201
        assert api.get(f"{own}/queries").status_code == 200
        assert api.get(f"{own}/logs").status_code == 200
        assert api.post(f"{own}/interrupt", json={}).status_code == 200
        assert api.post(f"{own}/extend", json={}).status_code == 200
        assert api.get("workloads/compute-configs").json()["items"]
        assert api.get("me").json()["marimo"] == {"available": True, "reason": None}
        assert api.get(others).status_code == 404
        assert api.delete(others).status_code == 404
        assert api.post(f"{others}/token", json={}).status_code == 404
        refused = api.post("workloads/sessions", json={})
        assert refused.status_code == 403
        assert f"session {mine['id']}" in refused.json()["detail"]
        assert api.post(f"{own}/relaunch", json={}).status_code == 403
        assert api.post(f"{own}/token/revoke").status_code == 403
        assert api.get("service-accounts").json()["items"] == []
        config = {"name": "x", "clusterId": "LOCAL", "workloadType": "sail", "config": {"sail": {}}}
        assert api.post("workloads/compute-configs", json=config).status_code == 403
        assert httpx.get(f"{server.url}api/contents", headers=api.headers, timeout=60).status_code == 403
        _no_secret_is_told(server, mine, processes, str(api.headers["Authorization"]).partition(" ")[2])
        assert api.delete(own).status_code == 204
        assert api.get(own).status_code == 401
    eventually(lambda: not marimo_of(server, mine), 60, "marimo of the closed session is gone")
    _, left = psutil.wait_procs(processes, timeout=60)
    assert left == []
    assert marimo_of(server, other)
    server.request("DELETE", f"{SESSIONS}/{other['id']}")


def _no_secret_is_told(
    server: JupyterServer, session: dict[str, Any], processes: list[psutil.Process], token: str
) -> None:
    told: list[str] = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            environment = process.environ()
            assert not [name for name in environment if name.startswith(("JUPYTER", "JPY_"))]
            told += [*process.cmdline(), *environment.values()]
    assert told
    assert not [text for text in told if TOKEN in text or token in text]
    lines = server.request("GET", f"{SESSIONS}/{session['id']}/logs").json()["lines"]
    assert token not in server.log() + "".join(lines)


def test_a_failed_start_says_why_and_can_be_relaunched_as_it_was(server: JupyterServer, root: Path) -> None:
    file = root / "broken.py"
    file.write_text(TWO_OF_ONE_NAME)
    failed = ended(server, create(server, "broken.py", mode="run"))
    assert (failed["status"], failed["terminationReason"]) == ("failed", "start_failed")
    assert "marimo ended with exit code 1; its last words: " in failed["statusMessage"]
    lines = server.request("GET", f"{SESSIONS}/{failed['id']}/logs").json()["lines"]
    assert any(line.startswith("marimo: ") for line in lines)
    file.write_text(EMPTY)
    again = server.request("POST", f"{SESSIONS}/{failed['id']}/relaunch", {}).json()
    assert again["metadata"] == failed["metadata"]
    serving(server, again)
    [marimo, *_] = marimo_of(server, again)
    assert {"run", str(file)} <= set(marimo.cmdline())
    marimo.kill()
    over = ended(server, again)
    assert over["status"] == "failed"
    assert over["statusMessage"].startswith(f"Session {again['id']} failed: marimo ended with signal 9 (SIGKILL)")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "names the notebook"),
        ({"lakesail/marimo-file": "x.py", "lakesail/marimo-mode": "view"}, "is edit or run"),
        ({"lakesail/marimo-file": "gone.py", "lakesail/marimo-mode": "run"}, "does not exist"),
        ({"lakesail/marimo-file": "x.py", "lakesail/python": os.devnull}, "no interpreter"),
    ],
)
def test_a_marimo_session_that_cannot_be_is_refused(server: JupyterServer, metadata: dict[str, str], said: str) -> None:
    answer = server.request("POST", SESSIONS, {"endpointType": "marimo", "metadata": metadata})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
