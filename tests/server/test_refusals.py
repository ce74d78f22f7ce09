"""Each refusal can be found: in the log under its request id, and in the audit with who asked and whose it was."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from headless import JupyterServer

from lakesail_notebook.api.routes import OPERATIONS, PUBLIC_OPERATIONS
from lakesail_notebook.ids import new_id

from .team_server import TeamServer, member_id, now, team_server
from .test_login import FORGED

SESSIONS = "workloads/sessions"
SECRET = "a-token-nobody-may-read"


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("refusals"), quotas={"live_sessions_per_member": 0}) as server:
        yield server


def logged(server: JupyterServer, answer: httpx.Response) -> str:
    """The one line of the log that names a refused request."""
    [line] = [line for line in server.log().splitlines() if answer.json()["requestId"] in line]
    return line


@pytest.mark.parametrize(
    ("status", "verb", "path", "options"),
    [
        (400, "GET", f"{SESSIONS}?limit=101", {}),
        (400, "POST", SESSIONS, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        (404, "GET", f"{SESSIONS}/{'X' * 20}", {}),
        (404, "GET", "nothing/here", {}),
        (405, "PUT", SESSIONS, {}),
        (413, "POST", SESSIONS, {"json": {"name": "x" * 70000}}),
        (415, "POST", SESSIONS, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
        (429, "POST", SESSIONS, {"json": {}}),
    ],
)
def test_a_refusal_stands_in_the_log_under_its_request_id(
    teams: TeamServer, status: int, verb: str, path: str, options: dict[str, Any]
) -> None:
    answer = teams.client("ada").request(verb, path, **options)
    assert answer.status_code == status
    line = logged(teams.jupyter, answer)
    assert f"{verb} /lakesail/api/v1/{path.partition('?')[0]}: {status}" in line
    assert f"asked by ada ({member_id('ada')})" in line


DEEP = base64.urlsafe_b64encode(b"[" * 20_000).decode().rstrip("=")
"""As the header of a token: Python does not read what is nested so deep."""


@pytest.mark.parametrize(
    "credential",
    [f"Bearer {FORGED}", "Bearer sail-not-a-key", f"token {SECRET}", f"Bearer {DEEP}.e30.e30"],
    ids=["forged", "no key", "another's", "nested too deep"],
)
def test_a_refused_credential_is_logged_and_is_in_no_log(teams: TeamServer, credential: str) -> None:
    answer = httpx.get(
        f"{teams.jupyter.url}lakesail/api/v1/me?token={SECRET}", headers={"Authorization": credential}, timeout=60
    )
    assert answer.status_code in {401, 403}
    assert "asked by nobody known" in logged(teams.jupyter, answer)
    event = teams.audited("refusal")[-1]
    assert (event["request"], event["by"], event["by_login"]) == (answer.json()["requestId"], None, None)
    for kept in (teams.jupyter.log(), str(teams.audited("refusal"))):
        assert SECRET not in kept
        assert FORGED not in kept


def test_no_caller_writes_a_line_of_the_log(teams: TeamServer) -> None:
    answer = teams.client("ada").get(f"{SESSIONS}/x%0Ay?team=%0AFAKE")
    assert "FAKE" not in logged(teams.jupyter, answer)


@pytest.mark.parametrize(
    ("who", "whose", "verb", "path", "status"),
    [
        ("ada", "cal", "DELETE", "", 404),
        ("ted", "cal", "POST", "/token", 403),
        ("bea", "cal", "DELETE", "", 404),
        ("ada", "ada", "POST", "/token", 409),
    ],
)
def test_a_refused_close_or_token_is_audited_with_who_asked_and_whose_it_was(
    teams: TeamServer, who: str, whose: str, verb: str, path: str, status: int
) -> None:
    session = teams.add_closed_session("RED", name=whose)
    teams.client(whose).get("me")
    answer = teams.client(who).request(verb, f"{SESSIONS}/{session}{path}")
    assert answer.status_code == status
    event = teams.audited("refusal")[-1]
    assert (event["request"], event["status"], event["method"]) == (answer.json()["requestId"], status, verb)
    assert (event["by"], event["by_login"], event["credential"]) == (member_id(who), who, "login")
    assert (event["session"], event["owner"], event["owner_login"]) == (session, member_id(whose), whose)


def test_a_refused_login_is_audited(teams: TeamServer) -> None:
    answer = teams.client().post(SESSIONS, json={})
    event = teams.audited("refusal")[-1]
    assert (event["request"], event["status"], event["credential"]) == (answer.json()["requestId"], 403, "none")
    assert event["path"] == "/lakesail/api/v1/workloads/sessions"
    _, key = teams.add_service_account("RED")
    answer = teams.client(bearer=key[:-1] + ("a" if key[-1] != "a" else "b")).get("me")
    event = teams.audited("refusal")[-1]
    assert (event["request"], event["status"]) == (answer.json()["requestId"], 401)
    assert event["credential"] == "service_account_key"


def test_a_program_is_named_too(teams: TeamServer) -> None:
    account, key = teams.add_service_account("RED")
    teams.client(bearer=key).delete(f"{SESSIONS}/{new_id(now())}")
    event = teams.audited("refusal")[-1]
    assert (event["by"], event["by_login"]) == (account, f"bot {account}")


def test_what_is_only_read_and_not_there_fills_no_audit(teams: TeamServer) -> None:
    before = len(teams.audited("refusal"))
    teams.client("ada").get(f"{SESSIONS}/{new_id(now())}")
    teams.client("ada").get(f"{SESSIONS}?limit=x")
    assert len(teams.audited("refusal")) == before


def test_a_websocket_that_is_refused_is_logged(teams: TeamServer) -> None:
    answer = teams.client("ada").get("events/ws")  # without an upgrade
    assert answer.status_code == 400
    request = answer.headers["X-Request-Id"]
    assert [line for line in teams.jupyter.log().splitlines() if request in line]


# What every answer carries


@pytest.mark.parametrize(
    ("verb", "path"),
    sorted(
        {(operation.verb, operation.path) for operation in (*OPERATIONS, *PUBLIC_OPERATIONS)}
        | {("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/events/ws"), ("GET", "/nothing"), ("TRACE", "/me")}
    ),
)
@pytest.mark.parametrize("who", ["ola", None])
def test_every_answer_has_the_headers_that_browsers_obey(
    teams: TeamServer, verb: str, path: str, who: str | None
) -> None:
    url = re.sub(r"\{\w+\}", "ABC", path).lstrip("/")
    answer = teams.client(who).request(verb, url, params={"wait": 0} if path == "/events" else None)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors" in policy


# Paths of the server


@pytest.mark.parametrize(("who", "told"), [("ada", False), ("ted", False), ("ola", True)])
def test_a_path_of_the_server_is_told_to_who_administers_it(teams: TeamServer, who: str, told: bool) -> None:
    client = teams.client(who)
    assert client.get("me").is_success
    database = teams.home.parent / "teams.db"
    saved = database.read_bytes()
    aside = [database.with_name(f"teams.db{end}") for end in ("-wal", "-shm")]
    kept = {file: file.read_bytes() for file in aside if file.exists()}
    try:
        database.write_bytes(b"x" * len(saved))
        for file in kept:
            file.write_bytes(b"x" * len(kept[file]))
        answer = client.get(SESSIONS)
        if answer.is_success:
            pytest.skip("SQLite answered from what it had read before")
        assert answer.status_code in {500, 503}
        assert (str(database) in answer.text) is told
        assert str(database) in logged(teams.jupyter, answer)
    finally:
        database.write_bytes(saved)
        for file, content in kept.items():
            file.write_bytes(content)
