"""How busy the engine is after an interrupt: Sail 0.7.2 does not say whether it obeyed.

It says of a query that produces nothing (a count over a cross join) that it was interrupted, and computes on. So the
engine's use of the processor decides what the user is told.

Goes when Sail answers an Interrupt once the query has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ...client.client import Client
from ...errors import LakesailError

AT_REST, BUSY = 0.2, 0.5
"""Shares of one processor core."""
_LOOK_SECONDS = 0.4


def engine_load(client: Callable[[], Client], session_id: str, until: float) -> float | None:
    """The share of one processor core that a session's engine uses; ``None`` when it cannot be seen.

    :param until: how long to look at most, of the monotonic clock, in seconds; at least one look is taken.
    """
    try:
        return _least_share(client(), session_id, until)
    except LakesailError:  # an interrupt must end, whatever the control plane does
        return None


def _least_share(client: Client, session_id: str, until: float) -> float | None:
    """The least of several looks: an engine takes a moment to stop."""
    least: float | None = None
    before, then = client.engine_use(session_id).cpu_seconds, time.monotonic()
    while least is None or time.monotonic() + _LOOK_SECONDS < until:
        time.sleep(_LOOK_SECONDS)
        after, now = client.engine_use(session_id).cpu_seconds, time.monotonic()
        if before is None or after is None:
            return None
        share = (after - before) / (now - then)
        least = share if least is None else min(least, share)
        if least <= AT_REST:
            return least
        before, then = after, now
    return least
