"""What the compute of configs and sessions is, in numbers: how large, and at what price. The backends say the sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ... import models
from ..ports import Backend, GrantedSize
from ..rules.instance_types import InstanceType
from ..rules.prices import Price, price_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeFacts:
    """``None``: not known."""

    size: models.ComputeSize | None = None
    price: Price | None = None


UNKNOWN = ComputeFacts()


class ComputeCatalog:
    """The sizes that the backends give, and the prices that the administrator set."""

    def __init__(self, backends: Mapping[str, Backend], types: Mapping[str, InstanceType]) -> None:
        self._backends = backends
        self._types = types

    @property
    def clusters(self) -> Collection[str]:
        """The ids of those that configs may name."""
        return self._backends.keys()

    def of(self, cluster_id: str, sail: models.SailConfig) -> ComputeFacts:
        """Of an engine on this config, on that cluster."""
        backend = self._backends.get(cluster_id)
        granted = None if backend is None else backend.size_of(sail)
        if granted is None:
            return UNKNOWN
        return ComputeFacts(size=size_view(granted), price=price_of(granted.nodes, self._types))

    def instance_types(self) -> models.InstanceTypes:
        """All that configs of this server may name, by name."""
        return models.InstanceTypes(
            items=tuple(_instance_type(name, self._types[name]) for name in sorted(self._types))
        )


def size_view(granted: GrantedSize) -> models.ComputeSize:
    return models.ComputeSize(vcpus=granted.vcpus, memory_bytes=granted.memory_bytes)


def _instance_type(name: str, known: InstanceType) -> models.InstanceType:
    return models.InstanceType(
        name=name,
        vcpus=known.vcpus,
        memory_bytes=known.memory_bytes,
        price_per_hour=known.price_per_hour,
        currency=None if known.price_per_hour is None else known.currency,
    )
