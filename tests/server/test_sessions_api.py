"""The life of a session over the API."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

SESSIONS = "workloads/sessions"

SESSION_FIELDS = {
    *("id", "endpointType", "name", "status", "workloadId", "teamId", "memberId", "serviceAccountId", "notebookId"),
    *("terminationReason", "statusMessage", "connectionInfo", "lastActivityAt", "idleSince", "closedAt", "timeoutAt"),
    *("config", "metadata", "createdAt", "updatedAt"),
    *("workloadConfigId", "workloadConfigName", "notebookPath", "ownerName", "size", "pricePerHour", "currency"),
    *("notebookContentsPath", "costSoFar", "timeoutReason", "extendedUntil", "closedBy", "closeReason", "kernelIds"),
}


@pytest.fixture
def session(api: httpx.Client) -> Iterator[dict[str, Any]]:
    created = api.post(SESSIONS, json={"name": "of a test"}).json()
    yield created
    api.delete(f"{SESSIONS}/{created['id']}")


def test_a_created_session_is_told_whole_and_where_it_is(api: httpx.Client) -> None:
    answer = api.post(SESSIONS, json={"name": "first", "metadata": {"team": "blue"}})
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert set(created) == SESSION_FIELDS
    assert created["status"] == "pending"
    assert created["endpointType"] == "spark_connect"
    assert created["connectionInfo"]["grpcEndpoint"] is None or _listens(created)
    assert created["metadata"] == {"team": "blue"}
    assert answer.headers["Location"].endswith(f"/lakesail/api/v1/{SESSIONS}/{created['id']}")
    assert api.get(f"{SESSIONS}/{created['id']}").json()["name"] == "first"
    api.delete(f"{SESSIONS}/{created['id']}")


def test_an_endpoint_is_told_once_somebody_listens_there(api: httpx.Client) -> None:
    created = api.post(SESSIONS).json()
    path, deadline = f"{SESSIONS}/{created['id']}", time.monotonic() + 30
    told = created
    while told["connectionInfo"]["grpcEndpoint"] is None:
        assert time.monotonic() < deadline
        told = api.get(path).json()
    assert _listens(told)
    listed = api.get(SESSIONS).json()["included"]["sessions"]
    assert {one["connectionInfo"]["grpcEndpoint"] for one in listed if one["status"] == "pending"} <= {
        told["connectionInfo"]["grpcEndpoint"]
    }
    api.delete(path)


def _listens(session: dict[str, Any]) -> bool:
    host, port = session["connectionInfo"]["grpcEndpoint"].split(":")
    with socket.create_connection((host, int(port)), timeout=60):
        return True


def test_an_empty_body_makes_a_session_with_the_defaults(api: httpx.Client) -> None:
    created = api.post(SESSIONS)
    assert created.status_code == 201
    assert created.json()["config"] == {
        "idleTimeoutSeconds": 1800,
        "idleCloseDelaySeconds": 28800,
        "maxDurationSeconds": None,
    }
    api.delete(f"{SESSIONS}/{created.json()['id']}")


def test_times_are_utc_with_milliseconds(session: dict[str, Any]) -> None:
    for field in ("createdAt", "updatedAt", "lastActivityAt", "timeoutAt"):
        datetime.strptime(session[field], "%Y-%m-%dT%H:%M:%S.%fZ")  # raises for any other form
        assert len(session[field]) == len("2026-01-31T12:00:00.000Z")


def test_closing_answers_204_also_when_it_is_closed_already(api: httpx.Client, session: dict[str, Any]) -> None:
    for _ in range(2):
        answer = api.delete(f"{SESSIONS}/{session['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
    closed = api.get(f"{SESSIONS}/{session['id']}").json()
    assert (closed["status"], closed["terminationReason"]) == ("closed", "user_closed")
    assert closed["closedAt"] is not None
    assert closed["timeoutAt"] is None
    assert closed["connectionInfo"] is None
    assert session["id"] in closed["statusMessage"]


def test_a_token_lasts_as_long_as_it_says(api: httpx.Client, session: dict[str, Any]) -> None:
    answer = api.post(f"{SESSIONS}/{session['id']}/token", json={"durationSeconds": 60})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    claims = _claims(answer.json()["token"])
    assert claims["sid"] == session["id"]
    assert claims["sub"] == session["memberId"]
    assert claims["exp"] - claims["iat"] == 60
    assert datetime.fromisoformat(answer.json()["expiresAt"]).timestamp() == claims["exp"]


@pytest.mark.parametrize("seconds", [0, -1, 59, 7_776_001])
def test_a_token_of_a_length_out_of_range_is_refused(api: httpx.Client, session: dict[str, Any], seconds: int) -> None:
    answer = api.post(f"{SESSIONS}/{session['id']}/token", json={"durationSeconds": seconds})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/durationSeconds"


def test_a_closed_session_has_no_tokens_and_says_why(api: httpx.Client, session: dict[str, Any]) -> None:
    api.delete(f"{SESSIONS}/{session['id']}")
    answer = api.post(f"{SESSIONS}/{session['id']}/token")
    assert answer.status_code == 409
    assert answer.json()["code"] == "FAILED_PRECONDITION"
    assert "%sail" not in answer.json()["message"]


@pytest.mark.parametrize("session_id", ["UNKNOWN", "unknown", "..%2F..%2Fetc", "A" * 21, "%00", "A%0A"])
@pytest.mark.parametrize(("verb", "below"), [("GET", ""), ("DELETE", ""), ("POST", "/token")])
def test_an_unknown_session_is_404_for_every_verb(api: httpx.Client, session_id: str, verb: str, below: str) -> None:
    answer = api.request(verb, f"{SESSIONS}/{session_id}{below}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "There is no such session."


def test_a_list_is_newest_first_and_pages_to_its_end(api: httpx.Client) -> None:
    made = [api.post(SESSIONS, json={"name": f"page {n}"}).json()["id"] for n in range(3)]
    seen: list[str] = []
    page = api.get(f"{SESSIONS}?limit=2").json()
    total = page["total"]
    while True:
        assert len(page["items"]) <= 2
        assert {row["id"] for row in page["items"]} == {row["id"] for row in page["included"]["sessions"]}
        seen += [row["id"] for row in page["items"]]
        if "marker" not in page:
            break
        page = api.get(f"{SESSIONS}?limit=2&marker={page['marker']}").json()
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen)) == total
    for session_id in made:
        api.delete(f"{SESSIONS}/{session_id}")


def test_included_holds_each_referenced_object_once(api: httpx.Client, session: dict[str, Any]) -> None:
    page = api.get(f"{SESSIONS}?limit=100").json()
    workloads = [row["id"] for row in page["included"]["workloads"]]
    assert len(workloads) == len(set(workloads))
    assert {row["computeInstanceId"] for row in page["items"]} == set(workloads)
    assert [row["id"] for row in page["included"]["members"]] == [session["memberId"]]
    assert [row["name"] for row in page["included"]["workloadConfigs"]].count("default") == 1


def test_filters_select_and_a_limit_of_zero_only_counts(api: httpx.Client, session: dict[str, Any]) -> None:
    live = api.get(f"{SESSIONS}?status=pending").json()
    assert session["id"] in {row["id"] for row in live["items"]}
    api.delete(f"{SESSIONS}/{session['id']}")
    closed = api.get(f"{SESSIONS}?status=closed").json()
    assert session["id"] in {row["id"] for row in closed["items"]}
    counted = api.get(f"{SESSIONS}?status=closed&limit=0").json()
    assert (counted["total"], counted["items"]) == (closed["total"], [])
    assert api.get(f"{SESSIONS}?teamId=OTHER").json()["total"] == 0


def test_a_marker_is_refused_when_altered_or_used_under_other_filters(api: httpx.Client) -> None:
    made = [api.post(SESSIONS).json()["id"] for _ in range(2)]
    marker = api.get(f"{SESSIONS}?limit=1").json()["marker"]
    altered = marker[:-1] + ("A" if marker[-1] != "A" else "B")
    assert api.get(f"{SESSIONS}?limit=1&marker={altered}").status_code == 400
    assert api.get(f"{SESSIONS}?limit=1&status=pending&marker={marker}").status_code == 400
    assert api.get(f"{SESSIONS}?limit=1&marker={marker}").status_code == 200
    for session_id in made:
        api.delete(f"{SESSIONS}/{session_id}")


def test_a_session_for_nobody_known_is_refused(api: httpx.Client) -> None:
    assert api.post(SESSIONS, json={"memberId": "SOMEBODYELSE"}).status_code == 404
    assert api.post(SESSIONS, json={"memberId": "A", "serviceAccountId": "B"}).status_code == 400
    assert api.post(SESSIONS, json={"teamId": "OTHER"}).status_code == 404
    assert api.post(SESSIONS, json={"workloadConfigId": "no such config"}).status_code == 404


def test_a_retried_create_with_its_key_makes_one_session(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "retry-1"}
    first = api.post(SESSIONS, json={"name": "once"}, headers=headers)
    again = api.post(SESSIONS, json={"name": "once"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    other = api.post(SESSIONS, json={"name": "something else"}, headers=headers)
    assert (other.status_code, other.json()["reason"]) == (409, "idempotency_key_reused")
    assert api.post(SESSIONS, headers={"Idempotency-Key": "k" * 201}).status_code == 400
    api.delete(f"{SESSIONS}/{first.json()['id']}")


def test_a_relaunch_is_a_new_session_like_the_one_that_is_over(api: httpx.Client) -> None:
    asked = {"name": "again", "config": {"idleTimeoutSeconds": 700}, "metadata": {"team": "blue"}}
    old = api.post(SESSIONS, json=asked).json()
    refused = api.post(f"{SESSIONS}/{old['id']}/relaunch")
    assert (refused.status_code, refused.json()["reason"]) == (409, "session_live")
    api.delete(f"{SESSIONS}/{old['id']}")
    over = api.get(f"{SESSIONS}/{old['id']}").json()
    answer = api.post(f"{SESSIONS}/{old['id']}/relaunch")
    assert answer.json()["workloadId"] != old["workloadId"], "what troubled it may be its engine"
    assert answer.status_code == 201
    new = answer.json()
    assert new["id"] != old["id"]
    assert answer.headers["Location"].endswith(new["id"])
    for field in ("name", "config", "metadata", "notebookId", "teamId", "memberId"):
        assert new[field] == old[field]
    assert new["status"] == "pending"
    assert api.get(f"{SESSIONS}/{old['id']}").json() == over
    api.delete(f"{SESSIONS}/{new['id']}")


def test_an_extension_moves_the_end_but_never_nearer(api: httpx.Client) -> None:
    config = {"idleTimeoutSeconds": 60, "idleCloseDelaySeconds": 0}
    session = api.post(SESSIONS, json={"config": config}).json()
    extended = api.post(f"{SESSIONS}/{session['id']}/extend", json={"durationSeconds": 3600})
    assert extended.status_code == 200
    told = datetime.fromisoformat(extended.json()["timeoutAt"]) - datetime.fromisoformat(session["createdAt"])
    assert 3600 <= told.total_seconds() < 3660
    shorter = api.post(f"{SESSIONS}/{session['id']}/extend", json={"durationSeconds": 60}).json()
    assert shorter["timeoutAt"] == extended.json()["timeoutAt"]
    assert api.post(f"{SESSIONS}/{session['id']}/extend", json={"durationSeconds": 59}).status_code == 400
    api.delete(f"{SESSIONS}/{session['id']}")
    assert api.post(f"{SESSIONS}/{session['id']}/extend").status_code == 409


def test_an_engine_tells_what_it_has_used_of_the_processor(api: httpx.Client, session: dict[str, Any]) -> None:
    deadline = time.monotonic() + 60
    while not (used := api.get(f"{SESSIONS}/{session['id']}/engine").json()["cpuSeconds"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert used > 0
    assert api.get(f"{SESSIONS}/NOSUCHSESSION/engine").status_code == 404


def test_the_logs_are_what_the_engine_wrote_last(api: httpx.Client, session: dict[str, Any]) -> None:
    deadline = time.monotonic() + 60
    path = f"{SESSIONS}/{session['id']}/logs"
    while not (lines := api.get(f"{path}?tail=50").json()["lines"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any("Spark Connect server" in line for line in lines)
    assert api.get(f"{path}?tail=0").json()["lines"] == []
    assert api.get(f"{path}?tail=501").status_code == 400


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
