"""Package indexes of compute configs: on a server with teams, those that its administrator allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from headless import jupyter_server

from lakesail_notebook.models import Library, PypiLibrary, SailConfig
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import a_config

from .team_server import now, team_server

CONFIGS = "workloads/compute-configs"


def created(admin: httpx.Client, name: str, repo: str | None) -> httpx.Response:
    pypi: dict[str, Any] = {"package": "polars", "repo": repo}
    return admin.post(CONFIGS, json={"name": name, "config": {"sail": {"libraries": [{"pypi": pypi}]}}})


def test_a_team_names_allowed_indexes_alone(tmp_path: Path) -> None:
    with team_server(tmp_path, allowed_index_hosts=["pypi.example.com", "intranet:8443"]) as server:
        admin = server.client("ted")
        allowed = ("https://pypi.example.com/simple", "https://intranet:8443/simple", None)
        refused = ("https://pypi.org/simple", "https://intranet/simple", "https://10.0.0.8/simple")
        assert [created(admin, f"a{n}", repo).status_code for n, repo in enumerate(allowed)] == [201] * 3
        for number, repo in enumerate(refused):
            answer = created(admin, f"r{number}", repo)
            assert answer.status_code == 400, answer.text
            assert answer.json()["errors"][0]["pointer"] == "/config/sail/libraries/0/pypi/repo"
            assert "allowed_index_hosts" in answer.json()["message"]


def test_a_config_that_is_older_than_the_list_is_refused_when_it_is_used(tmp_path: Path) -> None:
    with team_server(tmp_path) as server:
        library = Library(pypi=PypiLibrary(package="polars", repo="https://pypi.example.com/simple"))
        config = a_config(team_id="RED", name="old", sail=SailConfig(libraries=(library,)), created_at=now())

        async def add(unit: Writing) -> None:
            await unit.add_config(config)

        server.write(add)
        answer = server.client("ada").post("workloads/sessions", json={"workloadConfigId": config.id, "teamId": "RED"})
        assert (answer.status_code, answer.json()["reason"]) == (409, "index_not_allowed")
        assert "allowed_index_hosts" in answer.json()["message"]


@pytest.mark.parametrize("hosts", [[], ["pypi.example.com"]])
def test_one_person_may_use_any_index(tmp_path: Path, hosts: list[str]) -> None:
    with jupyter_server(tmp_path, config={"LakesailApp": {"allowed_index_hosts": hosts}}) as server:
        pypi = {"package": "polars", "repo": "https://127.0.0.1:8443/simple"}
        body = {"name": "any", "config": {"sail": {"libraries": [{"pypi": pypi}]}}}
        assert server.request("POST", f"lakesail/api/v1/{CONFIGS}", body).status_code == 201
