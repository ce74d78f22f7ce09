"""Service accounts over the API: their keys, their sessions, and their end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lakesail_notebook.ids import new_id
from lakesail_notebook.workloads.rules import service_account_keys

from .header_identity import SAW_HEADER
from .team_server import TOKEN, TeamServer, member_id, now, team_server

ACCOUNTS = "service-accounts"
SESSIONS = "workloads/sessions"
REFERENCE_FIELDS = {"id", "username", "description", "createdAt", "createdBy", "updatedAt", "updatedBy"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    quotas = {"live_sessions_per_member": 2, "tokens_per_minute": 3}
    with team_server(tmp_path_factory.mktemp("accounts"), quotas=quotas) as running:
        yield running


@pytest.fixture
def admin(server: TeamServer) -> httpx.Client:
    return server.client("ted")


def create(admin: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = admin.post(ACCOUNTS, json={"username": f"bot {new_id(now())}"} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_new_account_is_told_with_its_key_and_listed_without(server: TeamServer, admin: httpx.Client) -> None:
    made = create(admin, description="deploys at night")
    assert set(made) == REFERENCE_FIELDS | {"teamId", "key"}
    assert made["key"].startswith(f"lakesail_sa_{made['id']}_")
    assert (made["teamId"], made["createdBy"]) == ("RED", member_id("ted"))
    [listed] = [row for row in admin.get(ACCOUNTS).json()["items"] if row["id"] == made["id"]]
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_a_key_is_kept_nowhere(server: TeamServer, admin: httpx.Client) -> None:
    key = create(admin)["key"]
    assert server.client(bearer=key).get("me").status_code == 200
    files = [path for path in server.home.parent.rglob("*") if path.is_file()]
    assert any(hashlib.sha256(key.encode()).hexdigest().encode() in path.read_bytes() for path in files)
    assert not any(key.encode() in path.read_bytes() for path in files)


def test_a_key_asks_as_its_account_in_its_team_and_administers_nothing(server: TeamServer, admin: httpx.Client) -> None:
    made = create(admin)
    me = server.client(bearer=made["key"]).get("me").json()
    assert (me["memberId"], me["serviceAccountId"], me["login"]) == (None, made["id"], made["username"])
    assert (me["teamIds"], me["adminOf"], me["organizationAdmin"]) == (["RED"], [], False)


def test_a_key_counts_alone_whoever_else_the_request_names(server: TeamServer, admin: httpx.Client) -> None:
    made = create(admin)
    both = server.client("ola", bearer=made["key"])
    assert both.get("me").json()["serviceAccountId"] == made["id"]


def test_a_key_is_not_shown_to_the_identity_provider(server: TeamServer, admin: httpx.Client) -> None:
    made = create(admin)
    assert server.client(bearer=made["key"]).get("me").headers[SAW_HEADER] == "False"
    assert server.client("ada", bearer=TOKEN).get("me").headers[SAW_HEADER] == "True"


def test_a_session_of_an_account_is_its_own_and_its_team_admins_to_close(
    server: TeamServer, admin: httpx.Client
) -> None:
    made = create(admin)
    bot = server.client(bearer=made["key"])
    session = bot.post(SESSIONS, json={}).json()
    assert (session["memberId"], session["serviceAccountId"], session["teamId"]) == (None, made["id"], "RED")
    assert session["connectionInfo"] is not None
    assert bot.post(f"{SESSIONS}/{session['id']}/token", json={}).status_code == 201
    assert [row["id"] for row in bot.get(SESSIONS).json()["items"]] == [session["id"]]
    page = admin.get(SESSIONS).json()
    assert [row["id"] for row in page["included"]["serviceAccounts"]] == [made["id"]]
    assert set(page["included"]["serviceAccounts"][0]) == REFERENCE_FIELDS
    assert admin.delete(f"{SESSIONS}/{session['id']}").status_code == 204
    assert bot.get(f"{SESSIONS}/{session['id']}").json()["terminationReason"] == "admin_closed"


def test_a_deleted_account_is_gone_at_once_and_its_sessions_are_closed(server: TeamServer, admin: httpx.Client) -> None:
    made, other = create(admin), create(admin)
    bot, bystander = server.client(bearer=made["key"]), server.client(bearer=other["key"])
    mine = [bot.post(SESSIONS, json={}).json()["id"] for _ in range(2)]
    theirs = bystander.post(SESSIONS, json={}).json()["id"]
    assert admin.delete(f"{ACCOUNTS}/{made['id']}").status_code == 204
    refused = bot.get("me")
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")
    for session_id in mine:
        session = admin.get(f"{SESSIONS}/{session_id}").json()
        assert (session["status"], session["terminationReason"]) == ("closed", "admin_closed")
        assert made["username"] in session["statusMessage"]
    assert bystander.get(f"{SESSIONS}/{theirs}").json()["status"] != "closed"
    assert admin.delete(f"{ACCOUNTS}/{made['id']}").status_code == 404
    bystander.delete(f"{SESSIONS}/{theirs}")


def test_a_name_is_unique_in_its_team_alone(server: TeamServer, admin: httpx.Client) -> None:
    made = create(admin, username="nightly")
    taken = admin.post(ACCOUNTS, json={"username": "nightly"})
    assert (taken.status_code, taken.json()["reason"]) == (409, "name_taken")
    create(server.client("bea"), username="nightly")
    admin.delete(f"{ACCOUNTS}/{made['id']}")
    create(admin, username="nightly")


def test_the_list_can_be_cut_to_a_team(server: TeamServer) -> None:
    red, blue = create(server.client("ted")), create(server.client("bea"))
    owner = server.client("ola")
    assert {red["id"], blue["id"]} <= {row["id"] for row in owner.get(ACCOUNTS).json()["items"]}
    only_blue = {row["id"] for row in owner.get(ACCOUNTS, params={"teamId": "BLUE"}).json()["items"]}
    assert blue["id"] in only_blue
    assert red["id"] not in only_blue
    assert server.client("ada").get(ACCOUNTS, params={"teamId": "BLUE"}).json()["items"] == []


def wrong_keys(right: str) -> dict[str, str]:
    last = "A" if right[-1] != "A" else "B"
    return {
        "wrong secret": right[:-1] + last,
        "unknown account": service_account_keys.new_key(new_id(now())),
        "no secret": right.rpartition("_")[0],
        "too long": right + "A",
        "another case": right.replace("lakesail_sa_", "LAKESAIL_SA_"),
        "prefix alone": "lakesail_sa_",
        "a dot": right + ".x",
    }


@pytest.mark.parametrize("wrong", wrong_keys("x_y"))
def test_a_wrong_key_is_refused_in_the_same_words(server: TeamServer, admin: httpx.Client, wrong: str) -> None:
    right = create(admin)["key"]
    assert server.client(bearer=right).get("me").status_code == 200
    answer = server.client(bearer=wrong_keys(right)[wrong]).get("me")
    if wrong == "another case":  # no key of ours, so Jupyter's to judge
        assert answer.status_code == 403
        return
    assert answer.status_code == 401
    reference = server.client(bearer=service_account_keys.new_key("ABC")).get("me").json()
    assert {**answer.json(), "requestId": ""} == {**reference, "requestId": ""}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"username": ""}, "/username"),
        ({"username": "a\nb"}, "/username"),
        ({"username": "x" * 256}, "/username"),
        ({"username": "x", "description": "y" * 1001}, "/description"),
        ({"username": "x", "description": "\u202etxt"}, "/description"),
        ({"username": "x", "teamId": "red"}, "/teamId"),
        ({"username": "x", "key": "mine"}, "/key"),
        ({"username": "x", "id": "MINE"}, "/id"),
    ],
)
def test_a_bad_field_of_an_account_is_named(admin: httpx.Client, body: dict[str, Any], pointer: str) -> None:
    answer = admin.post(ACCOUNTS, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_an_account_at_its_quota_is_told_which_sessions_fill_it(server: TeamServer, admin: httpx.Client) -> None:
    bot = server.client(bearer=create(admin)["key"])
    ids = [bot.post(SESSIONS, json={}).json()["id"] for _ in range(2)]
    full = bot.post(SESSIONS, json={})
    problem = full.json()
    assert (full.status_code, problem["code"]) == (429, "RESOURCE_EXHAUSTED")
    assert problem["reason"] == "live_sessions_per_member"
    assert int(full.headers["Retry-After"]) > 0
    assert all(session_id in problem["message"] for session_id in ids)
    bot.delete(f"{SESSIONS}/{ids[0]}")
    assert bot.post(SESSIONS, json={}).status_code == 201
    for row in bot.get(SESSIONS, params={"limit": 10}).json()["items"]:
        bot.delete(f"{SESSIONS}/{row['id']}")


def test_tokens_have_a_rate(server: TeamServer, admin: httpx.Client) -> None:
    bot = server.client(bearer=create(admin)["key"])
    session_id = bot.post(SESSIONS, json={}).json()["id"]
    statuses = [bot.post(f"{SESSIONS}/{session_id}/token", json={}) for _ in range(4)]
    assert [answer.status_code for answer in statuses] == [201, 201, 201, 429]
    assert statuses[-1].json()["reason"] == "tokens_per_minute"
    assert 0 < int(statuses[-1].headers["Retry-After"]) <= 60
    bot.delete(f"{SESSIONS}/{session_id}")


def test_me_says_what_the_server_allows(server: TeamServer) -> None:
    me = server.client("ada").get("me").json()
    assert me["singleUser"] is False
    assert me["quotas"]["liveSessionsPerMember"] == 2
    assert me["quotas"]["createsPerMinute"] == 30
    assert me["quotas"]["liveSessionsPerTeam"] is None
    assert me["limits"]["idleCloseDelaySeconds"] == {"default": 300, "floor": 0, "ceiling": 28800}
    assert me["limits"]["maxDurationSeconds"]["default"] == 43200
    [cluster] = me["clusters"]
    assert (cluster["id"], cluster["endpointTypes"], me["marimo"]["available"]) == ("LOCAL", ["spark_connect"], False)
    assert "standalone" in cluster["executionModes"]
    assert "/config/sail/lakesailImageUri" in cluster["unusedFields"]
    assert me["defaultConfig"] == "default"
