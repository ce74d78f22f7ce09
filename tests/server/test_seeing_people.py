"""``included`` names nobody whose rows the caller may not see; and whom an administrator may make sessions for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from headless import jupyter_server

from lakesail_notebook.ids import new_id
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import a_config, a_session, a_workload

from .team_server import TeamServer, member_id, now, team_server

SESSIONS = "workloads/sessions"


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("people"), quotas={"live_sessions_per_member": 0}) as server:
        yield server


def add_session(teams: TeamServer, *, owner: str, workload_by: str, config_by: str, account: str | None = None) -> str:
    """A session of ``owner`` on what others made, as on a shared workload."""
    config = replace(
        a_config(team_id="RED", name=f"config {new_id(now())}", created_at=now()),
        created_by=member_id(config_by),
        updated_by=member_id(config_by),
    )
    workload = replace(
        a_workload(team_id="RED", config_id=config.id, infra_status="stopped", target="stopped", created_at=now()),
        created_by=member_id(workload_by),
    )
    session = a_session(
        team_id="RED",
        member_id=None if account is not None else teams.know(owner),
        service_account_id=account,
        workload_id=workload.id,
        status="closed",
        created_at=now(),
        closed_at=now(),
    )

    async def add(unit: Writing) -> None:
        await unit.add_config(config)
        await unit.add_workload(workload)
        await unit.add_session(session)

    teams.write(add)
    return session.id


def included(teams: TeamServer, who: str, session: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Workload and config of a session, and all of ``included`` as text."""
    answer = teams.client(who).get(SESSIONS, params={"limit": 100})
    found = answer.json()["included"]
    [row] = [row for row in found["sessions"] if row["id"] == session]
    [workload] = [one for one in found["workloads"] if one["id"] == row["workloadId"]]
    [config] = [one for one in found["workloadConfigs"] if one["id"] == workload["workloadConfigId"]]
    return workload, config, answer.text


def test_a_member_is_told_of_nobody_else_on_a_shared_workload(teams: TeamServer) -> None:
    session = add_session(teams, owner="ada", workload_by="cal", config_by="ted")
    workload, config, text = included(teams, "ada", session)
    assert (workload["createdBy"], config["createdBy"], config["updatedBy"]) == (None, None, None)
    assert not [name for name in ("cal", "ted", "ola", "sue") if member_id(name) in text]


def test_a_member_is_told_what_is_its_own(teams: TeamServer) -> None:
    session = add_session(teams, owner="cal", workload_by="cal", config_by="cal")
    workload, config, _ = included(teams, "cal", session)
    assert workload["createdBy"] == config["createdBy"] == config["updatedBy"] == member_id("cal")


def test_an_administrator_is_told_of_its_team_and_of_nobody_beyond(teams: TeamServer) -> None:
    teams.know("ted")
    session = add_session(teams, owner="ada", workload_by="ola", config_by="ted")
    workload, config, text = included(teams, "ted", session)
    assert (workload["createdBy"], config["createdBy"]) == (None, member_id("ted"))
    assert member_id("ola") not in text
    whole, _, _ = included(teams, "ola", session)
    assert whole["createdBy"] == member_id("ola")


def test_the_makers_of_a_service_account_are_not_told_to_it(teams: TeamServer) -> None:
    made = teams.client("ted").post("service-accounts", json={"username": "nightly", "teamId": "RED"}).json()
    add_session(teams, owner="", workload_by="ted", config_by="ted", account=made["id"])
    text = teams.client(bearer=made["key"]).get(SESSIONS).text
    assert made["id"] in text
    assert member_id("ted") not in text


# Whom sessions may be made for


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("makers")) as server:
        yield server


@pytest.mark.parametrize(
    ("who", "whose", "team"),
    [("ola", "sue", "BLUE"), ("ted", "cal", "RED"), ("ola", "ted", "RED"), ("ola", "bea", "RED")],
)
def test_an_administrator_makes_a_session_for_a_member_who_never_logged_in(
    makers: TeamServer, who: str, whose: str, team: str
) -> None:
    body = {"memberId": member_id(whose), "teamId": team}
    answer = makers.client(who).post(SESSIONS, json=body)
    assert answer.status_code == 201, answer.text
    session = answer.json()
    assert (session["memberId"], session["teamId"]) == (member_id(whose), team)
    page = makers.client(whose).get(SESSIONS).json()
    assert session["id"] in [item["id"] for item in page["items"]]
    assert member_id(whose) in [row["id"] for row in page["included"]["members"]]
    assert makers.client(whose).delete(f"{SESSIONS}/{session['id']}").status_code == 204
    [event] = [one for one in makers.audited("move") if one["session"] == session["id"] and one["to"] == "pending"]
    assert (event["by_login"], event["owner_login"]) == (who, whose)
    [event] = [one for one in makers.audited("move") if one["session"] == session["id"] and one["to"] == "closed"]
    assert (event["by"], event["by_login"]) == (member_id(whose), whose)


def test_a_member_of_a_group_is_known_once_it_has_been_here(makers: TeamServer) -> None:
    body = {"memberId": member_id("new"), "teamId": "RED"}
    assert makers.client("ola").post(SESSIONS, json=body).json()["reason"] == "owner_not_found"
    own = makers.client("new", groups="reds").post(SESSIONS, json={}).json()
    made = makers.client("ted").post(SESSIONS, json=body)
    assert made.status_code == 201
    for session in (own, made.json()):
        makers.client("ted").delete(f"{SESSIONS}/{session['id']}")


@pytest.mark.parametrize(("who", "whose"), [("ola", "nobody"), ("ted", "sue"), ("bea", "ada")])
def test_who_is_not_known_or_of_another_team_is_no_owner(makers: TeamServer, who: str, whose: str) -> None:
    team = "BLUE" if who == "bea" else "RED"
    answer = makers.client(who).post(SESSIONS, json={"memberId": member_id(whose), "teamId": team})
    assert (answer.status_code, answer.json()["reason"]) == (404, "owner_not_found")


# What the audit says of revoked tokens


@pytest.mark.parametrize("who", ["ada", "ted", "ola"])
def test_a_revocation_names_who_asked_and_whose_session_it_was(makers: TeamServer, who: str) -> None:
    session = makers.client("ada").post(SESSIONS, json={}).json()
    assert makers.client("bea").post(f"{SESSIONS}/{session['id']}/token/revoke").status_code == 404
    assert makers.client(who).post(f"{SESSIONS}/{session['id']}/token/revoke").status_code == 204
    events = [one for one in makers.audited("token_revocation") if one["session"] == session["id"]]
    assert [(one["by_login"], one["owner_login"]) for one in events] == [(who, "ada")]
    makers.client("ada").delete(f"{SESSIONS}/{session['id']}")


# What is told without a login


def test_the_keys_are_told_without_a_database(tmp_path: Path) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"database_url": f"sqlite:///{tmp_path / 'x.db'}"}}) as server:
        for _ in range(2):
            answer = server.request("GET", "lakesail/api/v1/.well-known/jwks.json")
            [key] = answer.json()["keys"]
        assert not list(tmp_path.glob("x.db*"))
        session = server.request("POST", "lakesail/api/v1/workloads/sessions", {}).json()
        token = server.request("POST", f"lakesail/api/v1/workloads/sessions/{session['id']}/token", {}).json()["token"]
        import jwt

        assert jwt.get_unverified_header(token)["kid"] == key["kid"]
        server.request("DELETE", f"lakesail/api/v1/workloads/sessions/{session['id']}")


def test_the_walk_through_all_processes_is_done_off_the_event_loop() -> None:
    """Another task goes on while the walk is under way; where the machine lets both threads run."""
    from lakesail_notebook.backends.local.backend import LocalBackend
    from lakesail_notebook.process import spawn

    async def run() -> None:
        backend = LocalBackend(server_root="/")
        import os
        import sys

        child = await spawn([sys.executable, "-c", "input()"], env=dict(os.environ), cwd="/")
        backend._children["W"] = child
        try:
            steps = tries = 0
            while steps <= 2 and (tries := tries + 1) <= 50:
                steps = 0
                asked = asyncio.create_task(backend.engine_use("W"))
                while not asked.done():
                    steps += 1
                    await asyncio.sleep(0)
                assert asked.result() is not None
            assert steps > 2
        finally:
            await child.stop(1)

    asyncio.run(run())
