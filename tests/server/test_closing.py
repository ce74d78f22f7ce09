"""Closing sessions with a reason, and what their owners read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .team_server import TeamServer, team_server

SESSIONS = "workloads/sessions"
REASON = "The machine is needed <b>tonight</b>"
TYPES = {"tiny": {"vcpus": 1, "memory_gib": 0.5, "price_per_hour": 0.05}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("closing"), instance_types=TYPES) as server:
        tiny = {"sail": {"compute": {"driver": {"instanceType": "tiny"}}}}
        answer = server.client("ted").post("workloads/compute-configs", json={"name": "tiny", "config": tiny})
        assert answer.status_code == 201, answer.text
        yield server


@pytest.fixture
def session(server: TeamServer) -> Iterator[dict[str, Any]]:
    """A live one of a member."""
    ada = server.client("ada")
    created = ada.post(SESSIONS, json={"workloadConfigId": "tiny", "metadata": {"lakesail/notebook": "a.ipynb"}})
    assert created.status_code == 201, created.text
    yield created.json()
    ada.delete(f"{SESSIONS}/{created.json()['id']}")


def close(client: httpx.Client, session: dict[str, Any], body: dict[str, Any] | None) -> httpx.Response:
    return client.post(f"{SESSIONS}/{session['id']}/close", json=body)


def told(client: httpx.Client, session: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{SESSIONS}/{session['id']}").json()
    return answer


def test_its_owner_reads_who_closed_a_session_and_why(server: TeamServer, session: dict[str, Any]) -> None:
    assert close(server.client("ted"), session, {"reason": REASON}).status_code == 204
    after = told(server.client("ada"), session)
    assert (after["status"], after["terminationReason"]) == ("closed", "admin_closed")
    assert (after["closedBy"], after["closeReason"]) == ("ted", REASON)
    assert after["statusMessage"].startswith(f'Session {session["id"]} was closed by ted, who said "{REASON}"')
    assert after["timeoutReason"] is None


@pytest.mark.parametrize("body", [None, {}, {"reason": None}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 201}])
def test_whoever_closes_anothers_session_gives_a_reason(
    server: TeamServer, session: dict[str, Any], body: dict[str, Any] | None
) -> None:
    answer = close(server.client("ted"), session, body)
    assert answer.status_code == 400, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/reason"]
    assert told(server.client("ada"), session)["closedAt"] is None


@pytest.mark.parametrize("body", [None, {"reason": "Done for today"}])
def test_its_owner_closes_a_session_with_or_without_a_reason(
    server: TeamServer, session: dict[str, Any], body: dict[str, Any] | None
) -> None:
    ada = server.client("ada")
    assert close(ada, session, body).status_code == 204
    after = told(ada, session)
    assert (after["terminationReason"], after["closedBy"]) == ("user_closed", None)
    assert after["closeReason"] == (body or {}).get("reason")


def test_a_close_of_a_closed_session_changes_nothing(server: TeamServer, session: dict[str, Any]) -> None:
    ada = server.client("ada")
    assert close(ada, session, {"reason": "Done"}).status_code == 204
    before = told(ada, session)
    assert close(server.client("ted"), session, {"reason": "Too late"}).status_code == 204
    assert told(ada, session) == before


def test_the_operation_of_the_reference_takes_no_reason_and_tells_who_it_was(
    server: TeamServer, session: dict[str, Any]
) -> None:
    assert server.client("ted").delete(f"{SESSIONS}/{session['id']}").status_code == 204
    after = told(server.client("ada"), session)
    assert (after["terminationReason"], after["closedBy"], after["closeReason"]) == ("admin_closed", "ted", None)


def test_a_session_tells_of_its_config_its_owner_and_its_costs(server: TeamServer, session: dict[str, Any]) -> None:
    for client in (server.client("ada"), server.client("ted")):
        seen = told(client, session)
        assert (seen["workloadConfigName"], seen["ownerName"]) == ("tiny", "ada")
        assert seen["notebookPath"] == "a.ipynb"
        assert seen["size"] == {"vcpus": 1, "memoryBytes": 1024**3 // 2}
        assert (seen["pricePerHour"], seen["currency"]) == (0.05, "USD")
        assert seen["costSoFar"] >= 0
        assert seen["timeoutReason"] == "idle_timeout"
        listed = client.get(SESSIONS).json()["included"]
        [again] = [one for one in listed["sessions"] if one["id"] == session["id"]]
        assert (again["size"], again["ownerName"]) == (seen["size"], "ada")
        [config] = [one for one in listed["workloadConfigs"] if one["id"] == seen["workloadConfigId"]]
        assert config["pricePerHour"] == 0.05


def test_an_extension_is_told_while_it_lies_ahead(server: TeamServer, session: dict[str, Any]) -> None:
    ada = server.client("ada")
    extended = ada.post(f"{SESSIONS}/{session['id']}/extend", json={"durationSeconds": 600}).json()
    assert extended["extendedUntil"] is not None
    assert told(ada, session)["extendedUntil"] == extended["extendedUntil"]
    close(ada, session, None)
    assert told(ada, session)["extendedUntil"] is None
