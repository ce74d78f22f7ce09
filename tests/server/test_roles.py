"""Every operation, asked by every role about its own and others' things: what each may is a table.

The sessions in question are over, and the server's quota is no live session, so that nothing starts an engine: whoever
may have a token or an extension is told 409, and whoever may launch a session, 429.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakesail_notebook.api.routes import CONFIG_PATHS, OPERATIONS, SERVICE_ACCOUNTS, SESSION, SESSIONS
from lakesail_notebook.ids import new_id

from .header_identity import HubIdentityProvider
from .team_server import TeamServer, member_id, now, team_server

ROLES = ("member", "team admin", "other team's admin", "organization admin", "service account")
USERS = {"member": "ada", "team admin": "ted", "other team's admin": "bea", "organization admin": "ola"}
OWN, RED, BLUE, HERE = "own", "RED", "BLUE", "here"
"""Whose the thing is: the caller's own; a member's of team RED, to which member, team admin and service account belong;
a member's of team BLUE, which the other team's admin administers; or nobody's."""
REFUSED = {403, 404}

Answers = Mapping[str, tuple[int, int, int, int, int]]
"""Whose thing -> the status that each of the roles is answered."""


def seen_by_owner_and_administrators(ok: int) -> Answers:
    return {OWN: (ok,) * 5, RED: (404, ok, 404, ok, 404), BLUE: (404, 404, ok, ok, 404)}


def seen_by_the_team(ok: int) -> Answers:
    return {RED: (ok, ok, 404, ok, ok), BLUE: (404, 404, ok, ok, 404)}


def changed_by_administrators(ok: int) -> Answers:
    return {RED: (403, ok, 404, ok, 403), BLUE: (404, 404, ok, ok, 404)}


@dataclass(frozen=True, slots=True)
class Row:
    """An operation, and what it answers."""

    thing: str
    answers: Answers
    body: Callable[[str], Any] = field(default=lambda team: None)
    """For a thing of this team."""
    listed_in: Callable[[Any], list[str]] | None = None
    """The ids in an answer that lists: a thing that is not among them counts as 404."""


TABLE: dict[tuple[str, str], Row] = {
    ("GET", SESSIONS): Row(
        "session", seen_by_owner_and_administrators(200), listed_in=lambda page: [row["id"] for row in page["items"]]
    ),
    ("POST", SESSIONS): Row(
        "team", {RED: (429, 429, 404, 429, 429), BLUE: (404, 404, 429, 429, 404)}, lambda team: {"teamId": team}
    ),
    ("GET", SESSION): Row("session", seen_by_owner_and_administrators(200)),
    ("DELETE", SESSION): Row("session", seen_by_owner_and_administrators(204)),
    ("POST", f"{SESSION}/close"): Row(
        "session", seen_by_owner_and_administrators(204), lambda team: {"reason": "The machine is needed."}
    ),
    ("GET", f"{SESSION}/engine"): Row("session", seen_by_owner_and_administrators(200)),
    ("POST", f"{SESSION}/environment"): Row(
        "session", {OWN: (200,) * 5, RED: (404, 403, 404, 403, 404), BLUE: (404, 404, 403, 403, 404)}, lambda team: {}
    ),
    ("GET", f"{SESSION}/logs"): Row("session", seen_by_owner_and_administrators(200)),
    ("GET", f"{SESSION}/queries"): Row(
        "session", {OWN: (200,) * 5, RED: (404, 403, 404, 403, 404), BLUE: (404, 404, 403, 403, 404)}
    ),
    ("POST", f"{SESSION}/interrupt"): Row(
        "session", {OWN: (200,) * 5, RED: (404, 403, 404, 403, 404), BLUE: (404, 404, 403, 403, 404)}, lambda team: {}
    ),
    ("POST", f"{SESSION}/extend"): Row("session", seen_by_owner_and_administrators(409), lambda team: {}),
    ("POST", f"{SESSION}/token"): Row(
        "session",
        {OWN: (409,) * 5, RED: (404, 403, 404, 409, 404), BLUE: (404, 404, 403, 409, 404)},
        lambda team: {},
    ),
    ("POST", f"{SESSION}/token/revoke"): Row("session", seen_by_owner_and_administrators(204)),
    ("POST", f"{SESSION}/relaunch"): Row(
        "session", {OWN: (429,) * 5, RED: (404, 403, 404, 403, 404), BLUE: (404, 404, 403, 403, 404)}
    ),
    ("GET", SERVICE_ACCOUNTS): Row(
        "service account", seen_by_the_team(200), listed_in=lambda page: [row["id"] for row in page["items"]]
    ),
    ("POST", SERVICE_ACCOUNTS): Row(
        "team", changed_by_administrators(201), lambda team: {"username": f"bot {new_id(now())}", "teamId": team}
    ),
    ("DELETE", f"{SERVICE_ACCOUNTS}/{{serviceAccount}}"): Row("service account", changed_by_administrators(204)),
    ("GET", "/events"): Row(
        "session",
        seen_by_owner_and_administrators(200),
        listed_in=lambda page: [event["sessionId"] for event in page["events"]],
    ),
    ("GET", "/instance-types"): Row("nothing", {HERE: (200,) * 5}),
    ("GET", "/start-estimates"): Row("nothing", {HERE: (400,) * 5}),
    ("GET", "/me"): Row("nothing", {HERE: (200,) * 5}),
}
for _path in CONFIG_PATHS:
    TABLE |= {
        ("GET", _path): Row(
            "config", seen_by_the_team(200), listed_in=lambda page: [row["id"] for row in page["items"]]
        ),
        ("POST", _path): Row(
            "team", changed_by_administrators(201), lambda team: {"name": new_id(now()), "teamId": team}
        ),
        ("GET", f"{_path}/{{workloadConfig}}"): Row("config", seen_by_the_team(200)),
        ("PATCH", f"{_path}/{{workloadConfig}}"): Row(
            "config", changed_by_administrators(200), lambda team: {"name": new_id(now())}
        ),
        ("DELETE", f"{_path}/{{workloadConfig}}"): Row("config", changed_by_administrators(204)),
    }
CASES = [(verb, path, whose, role) for (verb, path), row in TABLE.items() for whose in row.answers for role in ROLES]


@dataclass(frozen=True, slots=True)
class Stage:
    """The server and who acts on it."""

    server: TeamServer
    clients: Mapping[str, httpx.Client]
    account_id: str
    """Of the service account that asks."""

    def thing(self, kind: str, whose: str, role: str) -> str:
        """A fresh thing of this kind; its id."""
        team_id = RED if whose in {OWN, HERE} else whose
        if kind == "config":
            return self.server.add_config(team_id)
        if kind == "service account":
            return self.server.add_service_account(team_id)[0]
        if kind != "session":
            return ""
        if whose != OWN:
            return self.server.add_closed_session(team_id, name="cal" if whose == RED else "sue")
        if role == "service account":
            return self.server.add_closed_session(RED, service_account_id=self.account_id)
        return self.server.add_closed_session(BLUE if role == "other team's admin" else RED, name=USERS[role])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    quotas = {"live_sessions_per_member": 0, "creates_per_minute": None, "tokens_per_minute": None}
    with team_server(tmp_path_factory.mktemp("roles"), quotas=quotas) as server:
        account_id, key = server.add_service_account(RED)
        clients = {role: server.client(name) for role, name in USERS.items()}
        yield Stage(
            server, clients | {"service account": server.client(bearer=key), "nobody": server.client()}, account_id
        )


def ask(client: httpx.Client, verb: str, path: str, thing_id: str, body: Any) -> httpx.Response:
    url = (
        path.replace("{session}", thing_id).replace("{workloadConfig}", thing_id).replace("{serviceAccount}", thing_id)
    )
    return client.request(verb, url.lstrip("/"), json=body)


def start_of_events(client: httpx.Client) -> int:
    return int(client.get("events", params={"wait": 0}).json()["sequence"])


def test_every_operation_has_a_row() -> None:
    assert {(operation.verb, operation.path) for operation in OPERATIONS} == set(TABLE)


@pytest.mark.parametrize(("verb", "path", "whose", "role"), CASES)
def test_a_role_is_answered_what_the_table_says(stage: Stage, verb: str, path: str, whose: str, role: str) -> None:
    row = TABLE[verb, path]
    client = stage.clients[role]
    before = start_of_events(client) if path == "/events" else None
    thing_id = stage.thing(row.thing, whose, role)
    url = path if before is None else f"{path}?after={before}&wait=0"
    answer = ask(client, verb, url, thing_id, row.body(whose))
    status = answer.status_code
    if row.listed_in is not None and status == 200 and thing_id not in row.listed_in(answer.json()):
        status = 404
    assert status == row.answers[whose][ROLES.index(role)], answer.text
    if status == 404 and "{" in path:
        unknown = new_id(now())
        as_unknown = ask(client, verb, path, unknown, row.body(whose))
        assert told(answer, thing_id) == told(as_unknown, unknown)


def told(answer: httpx.Response, thing_id: str) -> tuple[int, dict[str, str], Any]:
    """An answer without what differs from one request to the next."""
    problem = json.loads(answer.text.replace(thing_id, "ID"))
    del problem["requestId"]
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "etag", "set-cookie"}}
    return answer.status_code, headers, problem


@pytest.mark.parametrize(("verb", "path"), TABLE)
def test_nobody_is_answered_nothing(stage: Stage, verb: str, path: str) -> None:
    row = TABLE[verb, path]
    thing_id = stage.thing(row.thing, RED, "member")
    answer = ask(stage.clients["nobody"], verb, path, thing_id, row.body(RED))
    assert (answer.status_code, answer.json()["code"]) == (403, "UNAUTHENTICATED")


@pytest.mark.parametrize(("role", "status"), list(zip(ROLES, (403, 429, 404, 429, 403), strict=True)))
def test_sessions_for_others_are_made_by_administrators_alone(stage: Stage, role: str, status: int) -> None:
    body = {"teamId": RED, "memberId": stage.server.know("cal")}
    assert stage.clients[role].post("workloads/sessions", json=body).status_code == status


def test_an_administrator_makes_no_session_for_a_member_of_another_team(stage: Stage) -> None:
    body = {"teamId": "BLUE", "memberId": stage.server.know("cal")}
    answer = stage.server.client("bea").post("workloads/sessions", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (404, "owner_not_found")


def test_groups_of_the_identity_provider_give_teams_and_roles(stage: Stage) -> None:
    red = stage.server.client("new", groups="reds").get("me").json()
    assert (red["teamIds"], red["adminOf"], red["organizationAdmin"]) == (["RED"], [], False)
    blue = stage.server.client("new", groups="blue-leads").get("me").json()
    assert (blue["teamIds"], blue["adminOf"]) == (["BLUE"], ["BLUE"])
    owner = stage.server.client("new", groups="owners").get("me").json()
    assert (owner["teamIds"], owner["organizationAdmin"]) == ([], True)
    assert red["memberId"] == blue["memberId"] == owner["memberId"] == member_id("new")


def test_who_is_in_no_team_sees_nothing(stage: Stage) -> None:
    outsider = stage.server.client("new")
    assert outsider.get("me").json()["teamIds"] == []
    assert outsider.get("workloads/sessions").json()["total"] == 0
    assert outsider.get("workloads/compute-configs").json()["items"] == []
    assert outsider.get("workloads/compute-configs/small").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("workloads/sessions", {"name": "x"}),
        ("workloads/compute-configs", {"name": "x"}),
        ("service-accounts", {"username": "x"}),
    ],
)
def test_who_is_in_no_team_makes_nothing(stage: Stage, path: str, body: dict[str, str]) -> None:
    answer = stage.server.client("new").post(path, json=body)
    assert answer.status_code == 403, answer.text
    assert "in no team" in answer.json()["message"]


def test_a_token_login_without_a_name_is_refused_with_what_to_do(stage: Stage) -> None:
    answer = stage.server.jupyter.request("GET", "lakesail/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    assert "shared token" in answer.json()["message"]


def test_a_kernel_asks_as_its_owner_without_admin_rights(stage: Stage) -> None:
    team_admin = stage.clients["team admin"]
    kernels = stage.server.jupyter.url + "api/kernels"
    kernel_id = team_admin.post(kernels, json={}).json()["id"]
    [token_file] = (stage.server.home / "runtime").glob(f"lakesail-*/{kernel_id}")
    kernel = stage.server.client(bearer=token_file.read_text())
    me = kernel.get("me").json()
    assert (me["memberId"], me["login"], me["kernelId"]) == (member_id("ted"), "ted", kernel_id)
    assert (me["teamIds"], me["adminOf"], me["organizationAdmin"]) == (["RED"], [], False)
    others = stage.server.add_closed_session(RED, name="cal")
    assert team_admin.get(f"workloads/sessions/{others}").status_code == 200
    assert kernel.get(f"workloads/sessions/{others}").status_code == 404
    team_admin.delete(f"{kernels}/{kernel_id}")


def test_a_kernel_that_nobody_known_started_is_nobody(stage: Stage) -> None:
    kernel_id = stage.server.jupyter.request("POST", "api/kernels", {}).json()["id"]
    [token_file] = (stage.server.home / "runtime").glob(f"lakesail-*/{kernel_id}")
    answer = stage.server.client(bearer=token_file.read_text()).get("me")
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    stage.server.jupyter.request("DELETE", f"api/kernels/{kernel_id}")


def test_behind_a_hub_people_are_apart_without_any_setting(tmp_path: Path) -> None:
    with team_server(tmp_path, HubIdentityProvider, teams={}, org_admins=["@owners"]) as server:
        ada, sue, owner = server.client("ada"), server.client("sue"), server.client("new", groups="owners")
        me = ada.get("me").json()
        assert (me["memberId"], me["login"], me["name"]) == (member_id("ada"), "ada", "ada")
        assert (me["teamIds"], me["organizationAdmin"], me["singleUser"]) == (["LOCAL"], False, False)
        session_id = server.add_closed_session("LOCAL", name="ada")
        statuses = [client.get(f"workloads/sessions/{session_id}").status_code for client in (ada, sue, owner)]
        assert statuses == [200, 404, 200]


def test_behind_a_hub_alone_nobody_administers(tmp_path: Path) -> None:
    with team_server(tmp_path, HubIdentityProvider, teams={}, org_admins=[]) as server:
        me = server.client("ada").get("me").json()
        assert (me["singleUser"], me["teamIds"], me["adminOf"], me["organizationAdmin"]) == (
            False,
            ["LOCAL"],
            [],
            False,
        )


@pytest.mark.parametrize("role", ROLES)
def test_a_server_that_keeps_its_users_apart_starts_no_marimo_and_says_why(stage: Stage, role: str) -> None:
    client = stage.clients[role]
    told = client.get("me").json()["marimo"]
    assert not told["available"]
    assert "keeps its users apart" in told["reason"]
    body = {"endpointType": "marimo", "metadata": {"lakesail/marimo-file": "nb.py"}}
    refused = client.post("workloads/sessions", json=body)
    assert refused.status_code == 403
    if role != "organization admin":
        assert refused.json()["detail"] == told["reason"]
