"""How often a session's owner is told that queries began or ended. Pure: the time is handed in."""

from __future__ import annotations

MERGED_SECONDS = 0.2
"""What happens to a session within so long after a notice is told by one more notice, at the end of this time."""


class NoticePacing:
    """Which sessions have news, and when each was told of last. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._waiting: dict[str, None] = {}

    def news(self, session_id: str) -> None:
        """Queries of the session began or ended."""
        self._waiting[session_id] = None

    def due(self, now: float) -> tuple[str, ...]:
        """The sessions to tell of now; they count as told."""
        self._told = {session_id: at for session_id, at in self._told.items() if now - at < MERGED_SECONDS}
        due = tuple(session_id for session_id in self._waiting if session_id not in self._told)
        for session_id in due:
            del self._waiting[session_id]
            self._told[session_id] = now
        return due

    def pause(self, now: float) -> float | None:
        """Seconds until the next session is due; ``None`` when no session has news."""
        moments = [self._told.get(session_id, now - MERGED_SECONDS) for session_id in self._waiting]
        return max(0.0, min(moments) + MERGED_SECONDS - now) if moments else None
