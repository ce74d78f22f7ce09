"""What an engine costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE, InstanceType
from lakesail_notebook.workloads.rules.prices import NodeCount, Price, cost_between, price_of
from tests.builders import NOW


def a_type(price: float | None, currency: str = "USD") -> InstanceType:
    return InstanceType(vcpus=2, memory_bytes=4 * GIBIBYTE, price_per_hour=price, currency=currency)


TYPES = {"small": a_type(0.1), "large": a_type(0.7), "euro": a_type(0.5, "EUR"), "free of price": a_type(None)}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([("small", 1)], Price(0.1, "USD")),
        ([("euro", 2)], Price(1.0, "EUR")),
        ([("large", 1), ("small", 3)], Price(1.0, "USD")),
        ([], None),
        ([("free of price", 1)], None),
        ([("small", 1), ("free of price", 1)], None),
        ([("small", 1), ("gone", 1)], None),
        ([("small", 1), ("euro", 1)], None),
    ],
)
def test_the_price_is_that_of_all_nodes_where_each_has_one_in_one_currency(
    nodes: list[tuple[str, int]], expected: Price | None
) -> None:
    assert price_of(tuple(NodeCount(instance_type=name, count=count) for name, count in nodes), TYPES) == expected


@pytest.mark.parametrize(
    ("begin", "end", "cost"),
    [
        (NOW, NOW + timedelta(minutes=90), 0.48),
        (NOW, NOW, 0.0),
        (None, NOW, 0.0),
        (NOW, NOW - timedelta(minutes=1), 0.0),
    ],
)
def test_a_cost_grows_from_the_moment_that_there_is_something_to_pay_for(
    begin: datetime | None, end: datetime, cost: float
) -> None:
    assert cost_between(Price(0.32, "USD"), begin, end) == cost
