"""What a query waits for when the engine does not begin with it: other queries of its session."""

from __future__ import annotations

from collections.abc import Callable

from ...client.client import Client
from ...errors import LakesailError
from ..queries.observed import ObservedQuery
from ..sessions.open_sessions import OPEN_SESSIONS
from .interrupts import DISOBEDIENCE


def others_running(client: Callable[[], Client], query: ObservedQuery) -> int:
    """How many other queries run on the query's session, whoever sent them; 0 when that cannot be seen.

    Those count that this process interrupted and the engine did not stop: they are over for their sender alone.
    """
    session_id = OPEN_SESSIONS.session_id_of(query.spark_session_id)
    if session_id is None:
        return 0
    try:
        queries = client().queries(session_id)
    except LakesailError:  # a server of another version, or one that is busy itself
        return 0
    own = {query.operation_id, query.action_id}
    running = sum(1 for one in queries if one.outcome == "running" and one.id not in own)
    disobeyed = DISOBEDIENCE.of(session_id)
    return running + (0 if disobeyed is None else len(disobeyed.queries))
