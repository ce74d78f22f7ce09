"""What the API tells of compute in numbers: sizes, prices, and what an engine of this machine takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .team_server import TeamServer, team_server

CONFIGS = "workloads/compute-configs"
GIBIBYTE = 1024**3
TYPES = {
    "tiny": {"vcpus": 1, "memory_gib": 0.5, "price_per_hour": 0.05},
    "c8g.large": {"price_per_hour": 0.08},
    "euro": {"vcpus": 1, "memory_gib": 0.5, "price_per_hour": 0.04, "currency": "EUR"},
    "vast": {"vcpus": 4096, "memory_gib": 65536},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("compute"), instance_types=TYPES) as server:
        yield server


@pytest.fixture(scope="module")
def admin(server: TeamServer) -> httpx.Client:
    return server.client("ted")


def made(admin: httpx.Client, name: str, sail: dict[str, Any]) -> dict[str, Any]:
    answer = admin.post(CONFIGS, json={"name": name, "config": {"sail": sail}})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def sized(instance_type: str) -> dict[str, Any]:
    return {"compute": {"driver": {"instanceType": instance_type}}}


def machine_of(client: httpx.Client) -> dict[str, int]:
    [cluster] = client.get("me").json()["clusters"]
    machine: dict[str, int] = cluster["machine"]
    return machine


def test_the_instance_types_are_listed_by_name_with_the_prices_of_the_administrator(server: TeamServer) -> None:
    items = server.client("ada").get("instance-types").json()["items"]
    by_name = {item["name"]: item for item in items}
    assert [item["name"] for item in items] == sorted(by_name)
    assert by_name["tiny"] == {
        "name": "tiny",
        "vcpus": 1,
        "memoryBytes": GIBIBYTE // 2,
        "pricePerHour": 0.05,
        "currency": "USD",
    }
    assert (by_name["euro"]["pricePerHour"], by_name["euro"]["currency"]) == (0.04, "EUR")
    assert (by_name["c8g.large"]["vcpus"], by_name["c8g.large"]["pricePerHour"]) == (2, 0.08)
    assert (by_name["m7g.large"]["pricePerHour"], by_name["m7g.large"]["currency"]) == (None, None)


def test_a_cluster_tells_what_an_engine_without_a_size_takes(admin: httpx.Client) -> None:
    machine = machine_of(admin)
    assert machine["vcpus"] >= 1
    assert machine["memoryBytes"] > 0
    unsized = made(admin, "unsized", {})
    assert (unsized["size"], unsized["pricePerHour"], unsized["currency"]) == (machine, None, None)


def test_a_config_tells_what_its_engines_have_and_cost(admin: httpx.Client) -> None:
    tiny = made(admin, "tiny", sized("tiny"))
    assert tiny["size"] == {"vcpus": 1, "memoryBytes": GIBIBYTE // 2}
    assert (tiny["pricePerHour"], tiny["currency"]) == (0.05, "USD")
    assert admin.get(f"{CONFIGS}/{tiny['id']}").json() == tiny
    listed = {config["id"]: config for config in admin.get(CONFIGS).json()["items"]}
    assert listed[tiny["id"]] == tiny


def test_a_size_is_cut_to_the_machine(admin: httpx.Client) -> None:
    assert made(admin, "vast", sized("vast"))["size"] == machine_of(admin)


def test_a_cluster_costs_its_driver_and_its_workers(admin: httpx.Client) -> None:
    worker = {"instanceType": "tiny", "maxNodes": 2}
    compute = {"driver": {"instanceType": "tiny"}, "worker": worker}
    assert made(admin, "nodes", {"executionMode": "cluster", "compute": compute})["pricePerHour"] == 0.15


def test_a_changed_config_tells_its_new_size_and_price(admin: httpx.Client) -> None:
    config = made(admin, "changing", sized("tiny"))
    answer = admin.patch(f"{CONFIGS}/{config['id']}", json={"config": {"sail": sized("euro")}}).json()
    assert (answer["pricePerHour"], answer["currency"]) == (0.04, "EUR")
