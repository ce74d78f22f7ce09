"""Instance types: what the sizes of compute configs mean in vCPU, memory and price."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .names import kind_of

GIBIBYTE = 1024**3
DEFAULT_CURRENCY = "USD"

_CURRENCY = re.compile(r"[A-Z]{3}")
_KEYS = ("vcpus", "memory_gib", "price_per_hour", "currency")

_GIBIBYTES_PER_VCPU = {"c": 2, "m": 4, "r": 8}
_GENERATIONS = ("6a", "6g", "6i", "7a", "7g", "7i", "8g", "8i")
_VCPUS = {"large": 2, "xlarge": 4} | {f"{times}xlarge": 4 * times for times in (2, 4, 8, 12, 16)}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    vcpus: int
    memory_bytes: int
    price_per_hour: float | None = None
    """``None``: not known."""
    currency: str = DEFAULT_CURRENCY
    """Of the price."""


def shipped_instance_types() -> dict[str, InstanceType]:
    """AWS's compute, general and memory families, by name (``c8g.2xlarge``), without prices, which change."""
    return {
        f"{family}{generation}.{size}": InstanceType(vcpus=vcpus, memory_bytes=vcpus * gibibytes * GIBIBYTE)
        for family, gibibytes in _GIBIBYTES_PER_VCPU.items()
        for generation in _GENERATIONS
        for size, vcpus in _VCPUS.items()
    }


def instance_types_from(trait: Mapping[Any, Any]) -> dict[str, InstanceType]:
    """``{"c8g.2xlarge": {"price_per_hour": 0.32}, "desk": {"vcpus": 4, "memory_gib": 8}}`` over the shipped ones.

    :raises ValueError: for an entry that says too little of a new type, or something that no type has.
    """
    types = shipped_instance_types()
    for name, entry in trait.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"instance_types has names as its keys, not {kind_of(name)}")
        if not isinstance(entry, Mapping) or not set(entry) <= set(_KEYS):
            raise ValueError(f"instance_types[{name!r}] is a mapping of {', '.join(_KEYS[:-1])} and {_KEYS[-1]}")
        known = types.get(name)
        if known is None and not {"vcpus", "memory_gib"} <= set(entry):
            raise ValueError(f"instance_types[{name!r}] is no shipped type: give its vcpus and memory_gib")
        types[name] = _changed(name, known or InstanceType(vcpus=1, memory_bytes=GIBIBYTE), entry)
    return types


def _changed(name: str, old: InstanceType, entry: Mapping[str, Any]) -> InstanceType:
    changes: dict[str, Any] = {}
    if "vcpus" in entry:
        if type(entry["vcpus"]) is not int or entry["vcpus"] < 1:
            raise ValueError(
                f"instance_types[{name!r}]: vcpus is a whole number above 0, not {kind_of(entry['vcpus'])}"
            )
        changes["vcpus"] = entry["vcpus"]
    if "memory_gib" in entry:
        changes["memory_bytes"] = int(_number(name, "memory_gib", entry["memory_gib"]) * GIBIBYTE)
    if "price_per_hour" in entry:
        changes["price_per_hour"] = _number(name, "price_per_hour", entry["price_per_hour"])
    if "currency" in entry:
        changes["currency"] = _currency(name, entry["currency"])
    return replace(old, **changes)


def _number(name: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"instance_types[{name!r}]: {key} is a number above 0, not {kind_of(value)}")
    return float(value)


def _currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or _CURRENCY.fullmatch(value) is None:
        given = repr(value) if isinstance(value, str) else kind_of(value)
        raise ValueError(f"instance_types[{name!r}]: currency is three capital letters such as EUR, not {given}")
    return value
