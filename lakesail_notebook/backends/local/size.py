"""How large a local engine is: what its compute config asks for, cut to this machine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...models import SailConfig
from ...workloads.rules.instance_types import GIBIBYTE, InstanceType
from ...workloads.rules.prices import NodeCount

_WORKERS_AT_FIRST = 4
"""Sail's own default, which it would start even of fewer allowed ones."""


@dataclass(frozen=True, slots=True)
class Machine:
    vcpus: int
    memory_bytes: int
    """What one engine may hold here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The workers of cluster mode, which on one machine are threads of the engine."""

    at_first: int
    at_most: int
    task_slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSize:
    memory_bytes: int
    vcpus: int | None = None
    """Of all nodes together; ``None``: as many as the machine has."""
    parallelism: int | None = None
    """How many tasks run at once; ``None``: as many as the machine has processors."""
    workers: Workers | None = None
    """``None``: the engine is no cluster."""
    notice: str | None = None
    """What the machine does not give, in a sentence."""
    nodes: tuple[NodeCount, ...] = ()
    """As many as run, of the types that the config names."""


def engine_size(sail: SailConfig, types: Mapping[str, InstanceType], machine: Machine) -> EngineSize:
    """A type that the server does not know any more sets no bounds."""
    driver, worker = _type(sail, types, "driver"), _type(sail, types, "worker")
    if sail.execution_mode == "cluster":
        return _cluster_size(sail, driver, worker or driver, machine)
    if driver is None:
        return EngineSize(memory_bytes=machine.memory_bytes)
    vcpus = min(driver.vcpus, machine.vcpus)
    return EngineSize(
        memory_bytes=min(driver.memory_bytes, machine.memory_bytes),
        vcpus=vcpus,
        parallelism=vcpus,
        notice=_notice("this size", driver.vcpus, driver.memory_bytes, machine),
        nodes=_nodes((_type_name(sail, "driver"), 1)),
    )


def _cluster_size(
    sail: SailConfig, driver: InstanceType | None, worker: InstanceType | None, machine: Machine
) -> EngineSize:
    asked_nodes = (sail.compute and sail.compute.worker and sail.compute.worker.max_nodes) or _WORKERS_AT_FIRST
    nodes = min(asked_nodes, max(_WORKERS_AT_FIRST, machine.vcpus))
    slots = machine.vcpus if worker is None else min(worker.vcpus, machine.vcpus)
    workers = Workers(at_first=min(_WORKERS_AT_FIRST, nodes), at_most=nodes, task_slots=slots)
    if worker is None:
        return EngineSize(memory_bytes=machine.memory_bytes, parallelism=machine.vcpus, workers=workers)
    vcpus = asked_nodes * worker.vcpus + (driver.vcpus if driver is not None else 0)
    memory_bytes = asked_nodes * worker.memory_bytes + (driver.memory_bytes if driver is not None else 0)
    return EngineSize(
        memory_bytes=min(memory_bytes, machine.memory_bytes),
        vcpus=min(vcpus, machine.vcpus),
        parallelism=min(asked_nodes * worker.vcpus, machine.vcpus),
        workers=workers,
        notice=_notice(f"a cluster of {asked_nodes} workers of this size", vcpus, memory_bytes, machine),
        nodes=_nodes(
            (_type_name(sail, "driver"), 1), (_type_name(sail, "worker") or _type_name(sail, "driver"), nodes)
        ),
    )


def _type(sail: SailConfig, types: Mapping[str, InstanceType], part: str) -> InstanceType | None:
    name = _type_name(sail, part)
    return None if name is None else types.get(name)


def _type_name(sail: SailConfig, part: str) -> str | None:
    size = None if sail.compute is None else getattr(sail.compute, part)
    return None if size is None else size.instance_type


def _nodes(*counts: tuple[str | None, int]) -> tuple[NodeCount, ...]:
    return tuple(NodeCount(instance_type=name, count=count) for name, count in counts if name is not None)


def _notice(what: str, vcpus: int, memory_bytes: int, machine: Machine) -> str | None:
    missing = []
    if machine.vcpus < vcpus:
        missing.append(f"{machine.vcpus} of the {vcpus} vCPU")
    if machine.memory_bytes < memory_bytes:
        missing.append(f"{_gibibytes(machine.memory_bytes)} of the {_gibibytes(memory_bytes)} GiB of memory")
    return f"This machine gives {' and '.join(missing)} that {what} has." if missing else None


def _gibibytes(count: int) -> str:
    return f"{count / GIBIBYTE:.1f}".removesuffix(".0")
