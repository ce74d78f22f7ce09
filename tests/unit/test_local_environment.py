"""A local engine's size and environment."""

from __future__ import annotations

from typing import Any

import msgspec

from lakesail_notebook.backends.local.environment import (
    EngineSettings,
    engine_environment,
    shared_environment,
    user_environment,
)
from lakesail_notebook.backends.local.size import EngineSize, Machine, Workers, engine_size
from lakesail_notebook.models import SailConfig
from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE, shipped_instance_types
from lakesail_notebook.workloads.rules.prices import NodeCount

MACHINE = Machine(vcpus=4, memory_bytes=10 * GIBIBYTE)


def size_of(sail: dict[str, Any], machine: Machine = MACHINE) -> EngineSize:
    return engine_size(msgspec.convert(sail, SailConfig), shipped_instance_types(), machine)


def environment(
    user: dict[str, str], extra: dict[str, str], size: EngineSize | None = None, libraries: str | None = None
) -> dict[str, str]:
    settings = EngineSettings(
        batch_size=1000,
        stack_bytes=2000,
        size=size or EngineSize(memory_bytes=3000),
        scratch_directory='/tmp/a"b',
        libraries_directory=libraries,
    )
    return engine_environment(user_environment(user), extra, settings)


def nodes(*counts: tuple[str, int]) -> tuple[NodeCount, ...]:
    return tuple(NodeCount(instance_type=name, count=count) for name, count in counts)


def driver(instance_type: str) -> dict[str, Any]:
    return {"compute": {"driver": {"instanceType": instance_type}}}


def test_a_config_without_a_size_has_the_machine() -> None:
    assert size_of({}) == EngineSize(memory_bytes=10 * GIBIBYTE)


def test_a_smaller_size_than_the_machine_is_given_and_nothing_said() -> None:
    assert size_of(driver("c8g.large")) == EngineSize(
        memory_bytes=4 * GIBIBYTE, vcpus=2, parallelism=2, nodes=nodes(("c8g.large", 1))
    )


def test_a_larger_size_is_cut_to_the_machine_and_said() -> None:
    assert size_of(driver("m8g.2xlarge")) == EngineSize(
        memory_bytes=10 * GIBIBYTE,
        vcpus=4,
        parallelism=4,
        notice="This machine gives 4 of the 8 vCPU and 10 of the 32 GiB of memory that this size has.",
        nodes=nodes(("m8g.2xlarge", 1)),
    )


def test_only_what_is_cut_is_said() -> None:
    notice = size_of(driver("r8g.large")).notice
    assert notice == "This machine gives 10 of the 16 GiB of memory that this size has."


def test_a_type_that_is_not_known_any_more_sets_no_bounds() -> None:
    assert size_of(driver("z9.large")) == size_of({})


def test_a_cluster_has_workers_up_to_its_nodes() -> None:
    compute = {"driver": {"instanceType": "c8g.large"}, "worker": {"instanceType": "c8g.large", "maxNodes": 2}}
    assert size_of({"executionMode": "cluster", "compute": compute}) == EngineSize(
        memory_bytes=10 * GIBIBYTE,
        vcpus=4,
        parallelism=4,
        workers=Workers(at_first=2, at_most=2, task_slots=2),
        notice="This machine gives 4 of the 6 vCPU and 10 of the 12 GiB of memory "
        "that a cluster of 2 workers of this size has.",
        nodes=nodes(("c8g.large", 1), ("c8g.large", 2)),
    )


def test_the_driver_of_a_cluster_counts_as_a_node_and_computes_no_tasks() -> None:
    compute = {"driver": {"instanceType": "c8g.large"}, "worker": {"instanceType": "c8g.large", "maxNodes": 2}}
    size = size_of({"executionMode": "cluster", "compute": compute}, Machine(vcpus=32, memory_bytes=100 * GIBIBYTE))
    assert (size.vcpus, size.memory_bytes, size.parallelism) == (6, 12 * GIBIBYTE, 4)


def test_a_large_cluster_is_cut_to_the_machine() -> None:
    worker = {"instanceType": "c8g.4xlarge", "maxNodes": 1000}
    size = size_of({"executionMode": "cluster", "compute": {"worker": worker}})
    assert size.workers == Workers(at_first=4, at_most=4, task_slots=4)
    assert (size.parallelism, size.memory_bytes) == (4, 10 * GIBIBYTE)
    assert "4 of the 16000 vCPU" in (size.notice or "")
    assert size.nodes == nodes(("c8g.4xlarge", 4)), "as many as run"


def test_workers_without_a_size_are_of_the_drivers() -> None:
    wanted = {"executionMode": "cluster", **driver("c8g.large")}
    assert size_of(wanted).nodes == nodes(("c8g.large", 1), ("c8g.large", 4))


def test_a_cluster_without_sizes_has_the_machine() -> None:
    workers = Workers(at_first=4, at_most=4, task_slots=4)
    expected = EngineSize(memory_bytes=10 * GIBIBYTE, parallelism=4, workers=workers)
    assert size_of({"executionMode": "cluster"}) == expected


def test_an_engine_has_the_users_environment_without_what_is_jupyters_and_ours() -> None:
    user = {"AWS_PROFILE": "dev", "JUPYTER_TOKEN": "x", "JPY_PARENT_PID": "1", "LAKESAIL_API_TOKEN_FILE": "x"}
    assert user_environment(user) == {"AWS_PROFILE": "dev"}
    found = environment(user, {})
    assert found["AWS_PROFILE"] == "dev"
    assert not set(found) & {"JUPYTER_TOKEN", "JPY_PARENT_PID", "LAKESAIL_API_TOKEN_FILE"}


def test_an_engine_of_a_team_sees_no_credentials_of_the_servers_owner() -> None:
    server = {"AWS_SECRET_ACCESS_KEY": "x", "DATABASE_URL": "x", "JUPYTERHUB_API_TOKEN": "x", "PYTHONPATH": "/mine"}
    needed = {"PATH": "/bin", "LC_ALL": "C.UTF-8", "https_proxy": "http://proxy", "SSL_CERT_FILE": "/ca.pem"}
    assert shared_environment(server | needed, ()) == needed
    assert shared_environment(server | needed, ("DATABASE_URL",)) == needed | {"DATABASE_URL": "x"}
    assert shared_environment(server, ("JUPYTERHUB_API_TOKEN",)) == {}


def test_a_configs_variable_wins_over_the_users_and_ours_over_both() -> None:
    user = {"REGION": "user", "SAIL_MODE": "user", "KEPT": "user"}
    found = environment(user, {"REGION": "config", "SAIL_MODE": "config"})
    assert (found["KEPT"], found["REGION"], found["SAIL_MODE"]) == ("user", "config", "local")


def test_a_plain_engine_is_told_nothing_of_clusters_and_parallelism() -> None:
    found = environment({}, {})
    assert not [name for name in found if name.startswith(("SAIL_CLUSTER", "SAIL_EXECUTION__DEFAULT"))]
    assert found["SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE"] == "3000"
    assert found["SAIL_RUNTIME__TEMPORARY_FILES__PATHS"] == '["/tmp/a\\"b"]'
    assert "PYTHONPATH" not in found


def test_a_cluster_is_told_its_workers() -> None:
    workers = Workers(at_first=2, at_most=3, task_slots=8)
    found = environment({}, {}, EngineSize(memory_bytes=1, parallelism=24, workers=workers))
    assert found["SAIL_MODE"] == "local-cluster"
    assert found["SAIL_CLUSTER__WORKER_INITIAL_COUNT"] == "2"
    assert found["SAIL_CLUSTER__WORKER_MAX_COUNT"] == "3"
    assert found["SAIL_CLUSTER__WORKER_TASK_SLOTS"] == "8"
    assert found["SAIL_EXECUTION__DEFAULT_PARALLELISM"] == "24"


def test_libraries_come_before_the_users_own_python_path() -> None:
    assert environment({}, {}, libraries="/libraries")["PYTHONPATH"] == "/libraries"
    assert environment({"PYTHONPATH": "/mine"}, {}, libraries="/libraries")["PYTHONPATH"] == "/libraries:/mine"
