"""Instance types: the shipped ones, and what an administrator may make of them."""

from __future__ import annotations

from typing import Any

import pytest

from lakesail_notebook.workloads.rules.instance_types import (
    GIBIBYTE,
    InstanceType,
    instance_types_from,
    shipped_instance_types,
)


@pytest.mark.parametrize(
    ("name", "vcpus", "gibibytes"),
    [
        ("c8g.2xlarge", 8, 16),
        ("c6i.large", 2, 4),
        ("m7g.xlarge", 4, 16),
        ("r8g.12xlarge", 48, 384),
        ("m6i.16xlarge", 64, 256),
    ],
)
def test_the_shipped_types_have_the_sizes_of_aws(name: str, vcpus: int, gibibytes: int) -> None:
    assert shipped_instance_types()[name] == InstanceType(vcpus=vcpus, memory_bytes=gibibytes * GIBIBYTE)


def test_an_administrator_prices_a_shipped_type_and_adds_one() -> None:
    desk = {"vcpus": 4, "memory_gib": 7.5}
    priced = {"price_per_hour": 0.32}
    types = instance_types_from({"c8g.2xlarge": priced, "c8g.large": priced | {"currency": "EUR"}, "desk": desk})
    assert types["c8g.2xlarge"] == InstanceType(vcpus=8, memory_bytes=16 * GIBIBYTE, price_per_hour=0.32)
    assert (types["c8g.2xlarge"].currency, types["c8g.large"].currency) == ("USD", "EUR")
    assert types["desk"] == InstanceType(vcpus=4, memory_bytes=GIBIBYTE * 15 // 2)
    assert types["m7g.large"] == shipped_instance_types()["m7g.large"]


@pytest.mark.parametrize(
    ("trait", "said"),
    [
        ({"desk": {"vcpus": 4}}, "give its vcpus and memory_gib"),
        ({"desk": {"vcpus": 4, "memory": 8}}, "mapping of vcpus"),
        ({"desk": 4}, "mapping of vcpus"),
        ({"m7g.large": {"vcpus": 0}}, "vcpus is a whole number above 0, not 0"),
        ({"m7g.large": {"vcpus": True}}, "vcpus is a whole number"),
        ({"m7g.large": {"memory_gib": "8"}}, "memory_gib is a number above 0, not a str"),
        ({"m7g.large": {"price_per_hour": -1}}, "price_per_hour is a number above 0"),
        ({"m7g.large": {"price_per_hour": float("nan")}}, "price_per_hour is a number above 0"),
        ({"m7g.large": {"currency": "euro"}}, "currency is three capital letters such as EUR, not 'euro'"),
        ({"m7g.large": {"currency": 978}}, "currency is three capital letters such as EUR, not 978"),
    ],
)
def test_a_type_that_makes_no_sense_is_refused(trait: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="instance_types") as caught:
        instance_types_from(trait)
    assert said in str(caught.value)
