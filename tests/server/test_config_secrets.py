"""Values of ``extraEnv`` over the API: for those who may change the config, and masked for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lakesail_notebook.ids import new_id

from .team_server import TeamServer, now, team_server

CONFIGS = "workloads/compute-configs"
SECRET = "the-secret-of-team-red"
MASK = "********"
ROLES = {"member": "ada", "team admin": "ted", "organization admin": "ola"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("secrets")) as running:
        yield running


@pytest.fixture(scope="module")
def clients(server: TeamServer) -> dict[str, httpx.Client]:
    _, key = server.add_service_account("RED")
    return {role: server.client(name) for role, name in ROLES.items()} | {"service account": server.client(bearer=key)}


def made(admin: httpx.Client, **env: str) -> dict[str, Any]:
    answer = admin.post(CONFIGS, json={"name": new_id(now()), "config": {"sail": {"extraEnv": env}}})
    assert answer.status_code == 201, answer.text
    config: dict[str, Any] = answer.json()
    return config


def env_of(config: dict[str, Any]) -> dict[str, str]:
    env: dict[str, str] = config["config"]["sail"]["extraEnv"]
    return env


@pytest.mark.parametrize(
    ("role", "shown"),
    [("member", MASK), ("team admin", SECRET), ("organization admin", SECRET), ("service account", MASK)],
)
@pytest.mark.parametrize("path", [CONFIGS, "workloads/configs"])
def test_a_value_is_shown_to_who_may_change_it(
    clients: dict[str, httpx.Client], role: str, shown: str, path: str
) -> None:
    config = made(clients["team admin"], A=SECRET)
    asker = clients[role]
    by_id = asker.get(f"{path}/{config['id']}")
    listed = next(one for one in asker.get(path).json()["items"] if one["id"] == config["id"])
    assert [env_of(one) for one in (by_id.json(), listed)] == [{"A": shown}] * 2
    if shown == MASK:
        assert SECRET not in asker.get(path).text + by_id.text


def test_a_session_list_shows_its_configs_without_values(server: TeamServer, clients: dict[str, httpx.Client]) -> None:
    config = made(clients["team admin"], A=SECRET)
    session = clients["member"].post("workloads/sessions", json={"workloadConfigId": config["id"], "teamId": "RED"})
    assert session.status_code == 201, session.text
    for role, shown in (("member", MASK), ("team admin", SECRET)):
        included = clients[role].get("workloads/sessions").json()["included"]["workloadConfigs"]
        assert [env_of(one) for one in included if one["id"] == config["id"]] == [{"A": shown}]
    clients["member"].delete(f"workloads/sessions/{session.json()['id']}")
    assert SECRET not in server.jupyter.log()


def test_a_masked_value_in_a_change_keeps_the_stored_one(clients: dict[str, httpx.Client]) -> None:
    admin = clients["team admin"]
    config = made(admin, A=SECRET, B="b", C="c")
    body = {"config": {"sail": {"extraEnv": {"A": MASK, "B": "new"}}}}
    changed = admin.patch(f"{CONFIGS}/{config['id']}", json=body)
    assert env_of(changed.json()) == {"A": SECRET, "B": "new"}
    assert env_of(admin.get(f"{CONFIGS}/{config['id']}").json()) == {"A": SECRET, "B": "new"}


def test_a_change_that_keeps_all_values_changes_nothing(clients: dict[str, httpx.Client]) -> None:
    admin = clients["team admin"]
    config = made(admin, A=SECRET)
    body = {"config": {"sail": {"extraEnv": {"A": MASK}}}}
    assert admin.patch(f"{CONFIGS}/{config['id']}", json=body).json() == config


@pytest.mark.parametrize("env", [{"NEW": MASK}, {"A": "a", "NEW": MASK}])
def test_a_mask_of_no_value_is_refused(clients: dict[str, httpx.Client], env: dict[str, str]) -> None:
    admin = clients["team admin"]
    config = made(admin, A=SECRET)
    sail = {"config": {"sail": {"extraEnv": env}}}
    for answer in (
        admin.patch(f"{CONFIGS}/{config['id']}", json=sail),
        admin.post(CONFIGS, json={"name": new_id(now()), **sail}),
    ):
        assert answer.status_code == 400, answer.text
        assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/config/sail/extraEnv/NEW"]
    assert env_of(admin.get(f"{CONFIGS}/{config['id']}").json()) == {"A": SECRET}


def test_a_config_of_another_key_is_listed_and_says_what_to_do_when_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with team_server(tmp_path / "server") as server:
        admin = server.client("ted")
        config = made(admin, A=SECRET, B="b")
        [key] = server.home.rglob("encryption-key")
        database = tmp_path / "server" / "teams.db"
        assert key.stat().st_mode & 0o777 == 0o600
        assert all(SECRET.encode() not in file.read_bytes() for file in database.parent.glob("teams.db*"))
    (tmp_path / "other").mkdir()
    with team_server(tmp_path / "other", database_url=f"sqlite:///{database}") as server:
        admin = server.client("ted")
        listed = next(one for one in admin.get(CONFIGS).json()["items"] if one["id"] == config["id"])
        assert env_of(listed) == {"A": MASK, "B": MASK}
        refused = admin.post("workloads/sessions", json={"workloadConfigId": config["id"], "teamId": "RED"})
        assert (refused.status_code, refused.json()["reason"]) == (409, "config_unreadable")
        assert "(A, B)" in refused.json()["message"]
        assert "sets the value again" in refused.json()["message"]
        body = {"config": {"sail": {"extraEnv": {"A": "new", "B": MASK}}}}
        assert env_of(admin.patch(f"{CONFIGS}/{config['id']}", json=body).json()) == {"A": "new", "B": MASK}
        still = admin.post("workloads/sessions", json={"workloadConfigId": config["id"], "teamId": "RED"})
        assert "(B)" in still.json()["message"]
        body = {"config": {"sail": {"extraEnv": {"A": MASK}}}}
        assert admin.patch(f"{CONFIGS}/{config['id']}", json=body).status_code == 200
        usable = admin.post("workloads/sessions", json={"workloadConfigId": config["id"], "teamId": "RED"})
        assert usable.status_code == 201, usable.text
        admin.delete(f"workloads/sessions/{usable.json()['id']}")
