"""What an engine costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE, InstanceType
from lakesail_notebook.workloads.rules.prices import NodeCount, Price, cost_so_far, price_of
from tests.builders import NOW, a_session, a_workload


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


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("provisioned_at", "created_at", "closed_at", "cost"),
    [
        pytest.param(NOW, NOW, None, 0.96, id="it runs"),
        pytest.param(NOW, NOW, NOW + 1.5 * HOUR, 0.48, id="it was closed"),
        pytest.param(NOW - 5 * HOUR, NOW + HOUR, None, 0.64, id="its engine was another's before"),
        pytest.param(NOW + 2 * HOUR, NOW, None, 0.32, id="its engine took long to start"),
        pytest.param(None, NOW, None, 0.0, id="its engine is not there yet"),
        pytest.param(NOW + 2 * HOUR, NOW, NOW + HOUR, 0.0, id="it was closed before its engine was there"),
    ],
)
def test_a_session_costs_for_the_time_that_it_has_had_its_engine(
    provisioned_at: datetime | None, created_at: datetime, closed_at: datetime | None, cost: float
) -> None:
    session = a_session(created_at=created_at, closed_at=closed_at)
    workload = a_workload(provisioned_at=provisioned_at)
    assert cost_so_far(Price(0.32, "USD"), session, workload, NOW + 3 * HOUR) == cost
