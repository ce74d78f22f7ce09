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
    libraries = [{"pypi": {"package": "polars"}}]
    api.post(CONFIGS, json=_body("With libraries", config={"sail": {"libraries": libraries}}))
    answer = api.post("workloads/sessions", json={"workloadConfigId": "With libraries"})
    assert answer.status_code == 400
    assert "libraries" in answer.json()["message"]
