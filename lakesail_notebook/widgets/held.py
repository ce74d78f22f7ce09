"""What this process holds: the sessions that it uses, and what is lost with them."""

from __future__ import annotations

from ..errors import FailedPrecondition
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.owners import current_owner


def used_session_ids() -> list[str]:
    """The sessions that this process uses without being the kernel of a Jupyter server, the latest first."""
    try:
        return OPEN_SESSIONS.session_ids(current_owner())
    except FailedPrecondition:  # several owners share the process, and this thread is nobody's
        return []


def temp_views_of(session_id: str | None) -> list[str] | None:
    """Names of temp views and of tables in memory; ``None`` where this process has no Spark session on it."""
    if session_id is None:
        return None
    belongings = OPEN_SESSIONS.belongings_of(session_id)
    if belongings is None:
        return None
    return [one.name for one in belongings if one.kind in {"temp view", "table"}]
