"""When sessions were last used, as the session proxy tells it: ahead of the store, which is written seldom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..records import SessionRecord

LEAST_LAG = timedelta(seconds=5)
LAG_SHARE = 60
"""The store may lag behind by this part of a session's idle timeout."""


class Usage:
    def __init__(self) -> None:
        self._last_use: dict[str, datetime] = {}
        self._nobody_could: datetime | None = None

    def note(self, session_id: str, at: datetime) -> None:
        self._last_use[session_id] = max(at, self._last_use.get(session_id, at))

    def nobody_could_until(self, moment: datetime) -> None:
        """This machine slept until then, or its clock was set: no session counts as unused for that time."""
        self._nobody_could = moment

    def up_to_date(self, session: SessionRecord) -> SessionRecord:
        """The session with its true last use."""
        last_use = self._true_last_use(session)
        return session if last_use <= session.last_activity_at else replace(session, last_activity_at=last_use)

    def to_be_written(self, stored: SessionRecord) -> datetime | None:
        """The last use, when the store has lagged behind it for too long."""
        last_use = self._true_last_use(stored)
        return last_use if last_use - stored.last_activity_at >= write_after(stored) else None

    def forget(self, session_id: str) -> None:
        self._last_use.pop(session_id, None)

    def _true_last_use(self, session: SessionRecord) -> datetime:
        told = self._last_use.get(session.id, session.last_activity_at)
        return told if self._nobody_could is None else max(told, self._nobody_could)


def write_after(session: SessionRecord) -> timedelta:
    """How far the store may lag behind the last use of a session; decisions do not lag."""
    return max(LEAST_LAG, timedelta(seconds=session.timeouts.idle_timeout) / LAG_SHARE)
