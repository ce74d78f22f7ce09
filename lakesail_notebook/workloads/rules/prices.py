"""What an engine costs: from the nodes that it has, and the prices of their instance types. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..records import SessionRecord, WorkloadRecord
from .instance_types import InstanceType

_SECONDS_PER_HOUR = 3600
_DIGITS = 6
"""Prices are sums of decimal numbers; the last bits of a float are not part of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCount:
    """Nodes of one instance type."""

    instance_type: str
    count: int


@dataclass(frozen=True, slots=True)
class Price:
    per_hour: float
    currency: str


def price_of(nodes: tuple[NodeCount, ...], types: Mapping[str, InstanceType]) -> Price | None:
    """The price of these nodes together; ``None`` where one of them has no price, or prices are in two currencies."""
    known = [(types.get(node.instance_type), node.count) for node in nodes]
    prices = [(one.price_per_hour, one.currency, count) for one, count in known if one is not None]
    per_node = [price * count for price, _, count in prices if price is not None]
    currencies = {currency for _, currency, _ in prices}
    if not nodes or len(per_node) < len(nodes) or len(currencies) > 1:
        return None
    return Price(round(sum(per_node), _DIGITS), currencies.pop())


def cost_so_far(price: Price, session: SessionRecord, workload: WorkloadRecord, now: datetime) -> float:
    """For the time that a session has had its engine: not before the engine was there, and not after the session."""
    if workload.provisioned_at is None:
        return 0.0
    begin = max(workload.provisioned_at, session.created_at)
    hours = max(0.0, ((session.closed_at or now) - begin).total_seconds()) / _SECONDS_PER_HOUR
    return round(price.per_hour * hours, _DIGITS)
