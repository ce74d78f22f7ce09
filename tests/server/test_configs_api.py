"""Compute configs over the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CONFIGS = "workloads/compute-configs"


def _body(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "workloadType": "sail", "clusterId": "LOCAL", "teamId": "LOCAL", **more}


def test_a_config_is_told_as_it_was_made_by_id_and_by_name(api: httpx.Client) -> None:
    compute = {"driver": {"instanceType": "c8g.2xlarge", "ebsConfig": {"volumeType": "gp3", "volumeSize": 100}}}
    body = _body("Nightly ETL", config={"sail": {"compute": compute}}, endpointLimits={"spark_connect": 2})
    answer = api.post(CONFIGS, json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"].endswith(f"/{CONFIGS}/{made['id']}")
    assert set(made) == {
        *("id", "name", "workloadType", "clusterId", "teamId", "config", "endpointLimits"),
        *("createdAt", "createdBy", "updatedAt", "updatedBy"),
        *("size", "pricePerHour", "currency"),
    }
    assert made["config"]["sail"]["compute"]["driver"]["ebsConfig"]["volumeSize"] == 100
    assert made["config"]["sail"]["executionMode"] == "standalone"
    assert made["endpointLimits"] == {"spark_connect": 2}
    assert api.get(f"{CONFIGS}/{made['id']}").json() == made
    assert api.get(f"{CONFIGS}/Nightly%20ETL").json() == made
    assert api.get(f"workloads/configs/{made['id']}").json() == made


def test_configs_are_listed_newest_first_without_anonymous_ones(api: httpx.Client) -> None:
    made = [api.post(CONFIGS, json=_body(f"listed {n}")).json()["id"] for n in range(3)]
    seen: list[str] = []
    page = api.get(f"{CONFIGS}?limit=2").json()
    while True:
        assert set(page) <= {"items", "marker"}
        assert all(config["name"] for config in page["items"])
        seen += [config["id"] for config in page["items"]]
        if "marker" not in page:
            break
        page = api.get(f"{CONFIGS}?limit=2&marker={page['marker']}").json()
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen))
    assert api.get(f"{CONFIGS}?teamId=OTHER").json()["items"] == []


def test_a_name_is_unique_in_its_team(api: httpx.Client) -> None:
    assert api.post(CONFIGS, json=_body("Taken")).status_code == 201
    answer = api.post(CONFIGS, json=_body("Taken"))
    assert (answer.status_code, answer.json()["reason"]) == (409, "name_taken")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/name"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"clusterId": "NOWHERE"}, "/clusterId"),
        ({"workloadType": "spark"}, "/workloadType"),
        ({"name": "two\nlines"}, "/name"),
        ({"config": {"sail": {"executionMode": "both"}}}, "/config/sail/executionMode"),
        ({"config": {"sail": {"compute": {"worker": {"maxNodes": 0}}}}}, "/config/sail/compute/worker/maxNodes"),
        ({"config": {"sail": {"libraries": [{"pypi": {}}]}}}, "/config/sail/libraries/0/pypi"),
        ({"endpointLimits": {"spark_connect": -1}}, "/endpointLimits/spark_connect"),
        ({"endpointLimits": {"sparkConnect": 1}}, "/endpointLimits/sparkConnect"),
        ({"createdAt": "now"}, "/createdAt"),
    ],
)
def test_a_bad_field_of_a_config_is_named(api: httpx.Client, change: dict[str, Any], pointer: str) -> None:
    answer = api.post(CONFIGS, json=_body("Refused") | change)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_session_runs_on_the_config_that_it_names(api: httpx.Client) -> None:
    config = api.post(CONFIGS, json=_body("Named by a session")).json()
    session = api.post("workloads/sessions", json={"workloadConfigId": "Named by a session"}).json()
    page = api.get("workloads/sessions?limit=1").json()
    [workload] = page["included"]["workloads"]
    assert workload["id"] == session["workloadId"]
    assert workload["workloadConfigId"] == config["id"]
    api.delete(f"workloads/sessions/{session['id']}")


def test_a_config_that_the_cluster_cannot_run_is_refused_with_what_it_asks_for(api: httpx.Client) -> None:
    library = {"whl": "s3://bucket/ours-1.0-py3-none-any.whl"}
    api.post(CONFIGS, json=_body("With a library in S3", config={"sail": {"libraries": [library]}}))
    answer = api.post("workloads/sessions", json={"workloadConfigId": "With a library in S3"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/workloadConfigId"
    assert "S3" in answer.json()["message"]


def _made(api: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = api.post(CONFIGS, json=_body(name, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("path", [CONFIGS, "workloads/configs"])
def test_a_change_changes_what_it_names_and_nothing_else(api: httpx.Client, path: str) -> None:
    sail = {"executionMode": "cluster", "extraEnv": {"REGION": "north"}}
    made = _made(api, f"Before {path}", config={"sail": sail}, endpointLimits={"spark_connect": 2})
    renamed = api.patch(f"{path}/{made['id']}", json={"name": f"After {path}"})
    assert renamed.status_code == 200, renamed.text
    assert renamed.json() == made | {"name": f"After {path}", "updatedAt": renamed.json()["updatedAt"]}
    changed = api.patch(f"{path}/After%20{path.replace('/', '%2F')}", json={"config": {"sail": {}}}).json()
    assert changed["config"]["sail"]["extraEnv"] == {}
    assert changed["endpointLimits"] == {"spark_connect": 2}
    unlimited = api.patch(f"{path}/{made['id']}", json={"endpointLimits": None}).json()
    assert unlimited["endpointLimits"] is None
    assert api.get(f"{path}/{made['id']}").json() == unlimited


def test_a_change_of_nothing_changes_nothing(api: httpx.Client) -> None:
    made = _made(api, "Unchanged")
    assert api.patch(f"{CONFIGS}/{made['id']}", json={}).json() == made
    assert api.patch(f"{CONFIGS}/{made['id']}", json={"name": "Unchanged"}).json() == made


@pytest.mark.parametrize("field", ["workloadType", "clusterId", "teamId"])
def test_what_a_config_is_for_cannot_be_changed(api: httpx.Client, field: str) -> None:
    made = _made(api, f"Fixed {field}")
    for value in (made[field], "OTHER", None):
        answer = api.patch(f"{CONFIGS}/{made['id']}", json={field: value, "name": "Changed"})
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"] == [{"pointer": f"/{field}", "message": "cannot be changed"}]
    assert api.get(f"{CONFIGS}/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"config": None}, "/config"),
        ({"config": {"sail": {"extraEnv": {"PATH": "/evil"}}}}, "/config/sail/extraEnv/PATH"),
        ({"config": {"sail": {"libraries": [{"pypi": {"package": "-r x"}}]}}}, "/config/sail/libraries/0/pypi/package"),
        (
            {"config": {"sail": {"compute": {"driver": {"ebsConfig": {"volumeSize": 0}}}}}},
            "/config/sail/compute/driver/ebsConfig/volumeSize",
        ),
        (
            {"config": {"sail": {"compute": {"worker": {"instanceType": "z9.tiny"}}}}},
            "/config/sail/compute/worker/instanceType",
        ),
        ({"version": 3}, "/version"),
    ],
)
def test_a_bad_change_is_named_and_not_made(api: httpx.Client, change: dict[str, Any], pointer: str) -> None:
    made = _made(api, f"Kept {pointer} {change}"[:200])
    answer = api.patch(f"{CONFIGS}/{made['id']}", json=change)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert api.get(f"{CONFIGS}/{made['id']}").json() == made


def test_a_config_cannot_take_anothers_name(api: httpx.Client) -> None:
    _made(api, "Held")
    made = _made(api, "Envious")
    answer = api.patch(f"{CONFIGS}/{made['id']}", json={"name": "Held"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "name_taken")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/name"]


def test_a_deleted_config_is_gone_and_its_name_free(api: httpx.Client) -> None:
    made = _made(api, "Short-lived")
    answer = api.delete(f"{CONFIGS}/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (
        api.get(f"{CONFIGS}/{made['id']}"),
        api.get(f"{CONFIGS}/Short-lived"),
        api.patch(f"{CONFIGS}/{made['id']}", json={"name": "Back"}),
        api.delete(f"{CONFIGS}/{made['id']}"),
        api.post("workloads/sessions", json={"workloadConfigId": made["id"]}),
    ):
        assert (gone.status_code, gone.json()["reason"]) == (404, "config_not_found")
    assert made["id"] not in [config["id"] for config in api.get(CONFIGS).json()["items"]]
    assert _made(api, "Short-lived")["id"] != made["id"]


def test_a_session_keeps_the_config_that_was_deleted_under_it(api: httpx.Client) -> None:
    config = _made(api, "Sawn off")
    session = api.post("workloads/sessions", json={"workloadConfigId": config["id"]}).json()
    assert api.delete(f"{CONFIGS}/{config['id']}").status_code == 204
    assert api.get(f"workloads/sessions/{session['id']}").json()["status"] == "pending"
    assert config["id"] in [one["id"] for one in api.get("workloads/sessions").json()["included"]["workloadConfigs"]]
    assert api.delete(f"workloads/sessions/{session['id']}").status_code == 204


def test_a_session_after_a_change_runs_on_a_workload_of_its_own(api: httpx.Client) -> None:
    config = _made(api, "Versioned")
    first = api.post("workloads/sessions", json={"workloadConfigId": config["id"]}).json()
    api.delete(f"workloads/sessions/{first['id']}")
    api.patch(f"{CONFIGS}/{config['id']}", json={"config": {"sail": {"extraEnv": {"REGION": "south"}}}})
    second = api.post("workloads/sessions", json={"workloadConfigId": config["id"]}).json()
    api.delete(f"workloads/sessions/{second['id']}")
    assert second["workloadId"] != first["workloadId"]


def test_the_servers_default_config_stays_and_keeps_its_name(api: httpx.Client) -> None:
    for answer in (api.delete(f"{CONFIGS}/default"), api.patch(f"{CONFIGS}/default", json={"name": "other"})):
        assert (answer.status_code, answer.json()["reason"]) == (409, "default_config")
    limited = api.patch(f"{CONFIGS}/default", json={"endpointLimits": {"spark_connect": 3}})
    assert limited.json()["endpointLimits"] == {"spark_connect": 3}
    assert api.patch(f"{CONFIGS}/default", json={"endpointLimits": None}).status_code == 200


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_an_unknown_config_can_neither_be_changed_nor_deleted(api: httpx.Client, verb: str) -> None:
    answer = api.request(verb, f"{CONFIGS}/NOSUCHCONFIG", json={} if verb == "PATCH" else None)
    assert (answer.status_code, answer.json()["reason"]) == (404, "config_not_found")
