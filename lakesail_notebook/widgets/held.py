"""What this process holds: the sessions that it uses, and what is lost with them."""

from __future__ import annotations

from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sessions.owners import current_owner, have_several
from ..spark.sessions.process_session import SHARED, launched_on


def used_session_ids() -> list[str]:
    """The sessions that this process uses without being the kernel of a Jupyter server, the latest first."""
    launched = launched_on()
    if launched is not None:
        return [launched]
    if have_several():  # they share it; the thread that asks may be nobody's
        return SHARED.ids()
    return OPEN_SESSIONS.session_ids(current_owner())


def temp_views_of(session_id: str | None, place_key: str | None = None) -> list[str] | None:
    """Names of temp views and of tables in memory; ``None`` where this process has no Spark session on it.

    :param place_key: of one owner, where several owners share the process.
    """
    if session_id is None:
        return None
    belongings = OPEN_SESSIONS.belongings_of(session_id, place_key)
    if belongings is None:
        return None
    return [one.name for one in belongings if one.kind in {"temp view", "table"}]
