"""How long engines take to start, by those that have started. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import timedelta

COUNTED = 20
"""Starts of a config, the latest."""
LEAST = 3
"""Fewer say nothing."""


def median_seconds(starts: Sequence[timedelta]) -> float | None:
    """Of the latest starts of a config; ``None`` where there were too few."""
    if len(starts) < LEAST:
        return None
    return round(statistics.median(start.total_seconds() for start in starts[:COUNTED]), 3)
