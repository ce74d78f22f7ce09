"""When sessions were last used, as the session proxy tells it: ahead of the store, which is written seldom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..records import SessionRecord

WRITE_AFTER = timedelta(seconds=5)
"""How far the store may lag behind; decisions do not."""


class Usage:
    def __init__(self) -> None:
        self._last_use: dict[str, datetime] = {}

    def note(self, session_id: str, at: datetime) -> None:
        self._last_use[session_id] = max(at, self._last_use.get(session_id, at))

    def up_to_date(self, session: SessionRecord) -> SessionRecord:
        """The session with its true last use."""
        last_use = self._last_use.get(session.id, session.last_activity_at)
        return session if last_use <= session.last_activity_at else replace(session, last_activity_at=last_use)

    def to_be_written(self, stored: SessionRecord, now: datetime) -> datetime | None:
        """The last use, when the store has lagged behind it for long enough."""
        last_use = self._last_use.get(stored.id, stored.last_activity_at)
        lags = last_use > stored.last_activity_at and now - stored.last_activity_at >= WRITE_AFTER
        return last_use if lags else None

    def forget(self, session_id: str) -> None:
        self._last_use.pop(session_id, None)
