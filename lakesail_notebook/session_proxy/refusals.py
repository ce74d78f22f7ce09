"""The RPCs that were not let pass, counted: whoever guesses tokens must fill neither the feed nor the audit."""

from __future__ import annotations

import asyncio

from .. import feed

MOST_KINDS = 256
"""Of so many sessions and reasons each is counted; what comes beyond is counted without its session."""


class RefusedRpcs:
    """Counts by session and reason, until they are reported."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str | None, str], int] = {}
        self.news = asyncio.Event()
        """Set while there is something to report."""

    def note(self, session_id: str | None, reason: str, count: int = 1) -> None:
        """:param session_id: which a genuine token names; ``None`` without one."""
        kind = (session_id, reason)
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            kind = (None, reason)
        self._counts[kind] = self._counts.get(kind, 0) + count
        self.news.set()

    def report(self) -> tuple[feed.RefusedRpcs, ...]:
        """All since the last report; they are forgotten here."""
        counts, self._counts = self._counts, {}
        self.news.clear()
        return tuple(
            feed.RefusedRpcs(session_id=session_id, reason=reason, count=count)
            for (session_id, reason), count in counts.items()
        )

    def not_reported(self, report: tuple[feed.RefusedRpcs, ...]) -> None:
        """Nobody heard it: it is in the next report."""
        for one in report:
            self.note(one.session_id, one.reason, one.count)
