"""What each operation of the client sends, and what it makes of the answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from lakesail_notebook import errors, models
from lakesail_notebook.client.client import Client
from tests.unit.small_api import NOW, Answer, SmallApi, session

SESSION = "/workloads/sessions/S1"
CONFIGS = "/workloads/compute-configs"
ACCOUNTS = "/service-accounts"


@pytest.fixture
def api() -> Iterator[SmallApi]:
    with SmallApi() as api:
        yield api


@pytest.fixture
def client(api: SmallApi) -> Iterator[Client]:
    with api.client() as client:
        yield client


def config(config_id: str) -> models.WorkloadConfig:
    return models.WorkloadConfig(
        id=config_id,
        name="big",
        workload_type="sail",
        cluster_id="LOCAL",
        config=models.WorkloadConfigBody(),
        created_at=NOW,
        updated_at=NOW,
    )


def event(sequence: int) -> models.Event:
    return models.Event(sequence=sequence, at=NOW, kind="move", session_id="S1", new_status="active")


def test_a_session_is_relaunched_extended_and_its_log_read(api: SmallApi, client: Client) -> None:
    api.on("POST", f"{SESSION}/relaunch", Answer(201, session("S2")))
    api.on("POST", f"{SESSION}/extend", Answer(200, session()))
    api.on("GET", f"{SESSION}/logs?tail=2", Answer(200, models.SessionLogs(lines=("a", "b"))))
    api.on("GET", f"{SESSION}/logs", Answer(200, models.SessionLogs(lines=("c",))))

    assert client.relaunch_session("S1").id == "S2"
    assert client.extend_session("S1", 1800) == session()
    assert client.session_logs("S1", 2) == ("a", "b")
    assert client.session_logs("S1") == ("c",)
    assert [request.body for request in api.requests[:2]] == [None, {"durationSeconds": 1800}]


def test_the_tokens_of_a_session_are_revoked(api: SmallApi, client: Client) -> None:
    api.on("POST", f"{SESSION}/token/revoke", Answer(204))
    client.revoke_tokens("S1")
    assert [(request.verb, request.body) for request in api.requests if "revoke" in request.path] == [("POST", None)]


def test_the_use_of_an_engine_is_read(api: SmallApi, client: Client) -> None:
    api.on("GET", f"{SESSION}/engine", Answer(200, models.EngineUse(cpu_seconds=1.5)))
    assert client.engine_use("S1").cpu_seconds == 1.5


def test_the_queries_of_a_session_are_read(api: SmallApi, client: Client) -> None:
    query = models.Query(id="o", what="select 1", started_at=NOW, seconds=0.25, rows=1, bytes=8, outcome="succeeded")
    api.on("GET", f"{SESSION}/queries?limit=2", Answer(200, models.SessionQueries(items=(query,))))
    api.on("GET", f"{SESSION}/queries", Answer(200, models.SessionQueries(items=())))
    assert client.queries("S1", limit=2) == (query,)
    assert client.queries("S1") == ()


def test_start_estimates_are_asked_for_a_kernel(api: SmallApi, client: Client) -> None:
    estimate = models.StartEstimate(workload_config_id=None, warm=True, median_seconds=1.5)
    api.on("GET", "/start-estimates?kernelId=K1", Answer(200, models.StartEstimates(items=(estimate,))))
    assert client.start_estimates("K1") == (estimate,)


def test_queries_are_interrupted(api: SmallApi, client: Client) -> None:
    api.on("POST", f"{SESSION}/interrupt", Answer(200, models.InterruptedQueries(interrupted=("o",))))
    assert client.interrupt("S1") == ("o",)
    assert client.interrupt("S1", "o") == ("o",)
    assert [request.body for request in api.requests] == [{"queryId": None}, {"queryId": "o"}]


def test_configs_are_listed_to_the_last_page(api: SmallApi, client: Client) -> None:
    pages = [
        models.WorkloadConfigPage(items=(config("C2"),), marker="m"),
        models.WorkloadConfigPage(items=(config("C1"),)),
    ]
    api.on("GET", f"{CONFIGS}?teamId=T1", Answer(body=pages[0]))
    api.on("GET", f"{CONFIGS}?teamId=T1&marker=m", Answer(body=pages[1]))
    assert [one.id for one in client.compute_configs(team_id="T1")] == ["C2", "C1"]


def test_a_config_is_created_changed_and_deleted(api: SmallApi, client: Client) -> None:
    api.on("POST", CONFIGS, Answer(201, config("C1")))
    api.on("PATCH", f"{CONFIGS}/big", Answer(200, config("C1")))
    api.on("DELETE", f"{CONFIGS}/big", Answer(204))

    assert client.create_compute_config(models.WorkloadConfigCreate(name="big")) == config("C1")
    assert client.change_compute_config("big", models.WorkloadConfigChange(endpoint_limits=None)) == config("C1")
    client.delete_compute_config("big")
    assert api.requests[0].body["name"] == "big"
    assert api.requests[1].body == {"endpointLimits": None}  # what is not named stays as it is


def test_service_accounts_are_created_listed_and_deleted(api: SmallApi, client: Client) -> None:
    account = models.TeamServiceAccount(id="A1", username="bot", team_id="T1")
    made = models.NewServiceAccount(id="A1", username="bot", team_id="T1", key="the-key")
    api.on("POST", ACCOUNTS, Answer(201, made))
    api.on("GET", f"{ACCOUNTS}?teamId=T1", Answer(200, models.ServiceAccountPage(items=(account,))))
    api.on("DELETE", f"{ACCOUNTS}/A1", Answer(204))

    assert client.create_service_account(models.ServiceAccountCreate(username="bot")) == made
    assert client.service_accounts(team_id="T1") == (account,)
    client.delete_service_account("A1")


def test_events_go_on_from_where_the_last_answer_ended(api: SmallApi, client: Client) -> None:
    pages = [
        models.EventPage(events=(), sequence=7),  # what the caller may not see is passed
        models.EventPage(events=(event(8), event(9)), sequence=12),
        models.EventPage(events=(event(13),), sequence=13),
    ]
    for after, page in zip(["", "after=7&", "after=12&"], pages, strict=True):
        api.on("GET", f"/events?{after}wait=30", Answer(200, page))
    assert [one.sequence for one in itertools.islice(client.events(), 3)] == [8, 9, 13]


def test_health_is_asked_without_a_login(api: SmallApi) -> None:
    api.on("GET", "/health", Answer(200, {"status": "ok"}))
    with Client(api.url, "") as anonymous:
        anonymous.check_health()
    assert api.requests[0].authorization is None


def test_an_answer_that_is_not_the_apis_names_what_was_asked(api: SmallApi, client: Client) -> None:
    api.on("GET", f"{SESSION}/logs", Answer(200, {"rows": []}))
    with pytest.raises(errors.FailedPrecondition, match=r"/workloads/sessions/S1/logs is not the workloads API's"):
        client.session_logs("S1")
