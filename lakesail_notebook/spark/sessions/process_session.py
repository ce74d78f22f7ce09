"""The session of this process: the one that it was launched on, or the one that its owners share."""

from __future__ import annotations

import os
import threading

from ...api_location import SESSION_ID_VARIABLE


def launched_on() -> str | None:
    """The id of the session that this process was launched on; it uses no other."""
    return os.environ.get(SESSION_ID_VARIABLE) or None


class SharedSessions:
    """The sessions that one of several owners of this process has made for all of them. Threads may share it."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """In a forked child: the sessions are its parent's."""
        self._lock = threading.Lock()
        self._ids: list[str] = []

    def ids(self) -> list[str]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._ids))

    def add(self, session_id: str) -> None:
        with self._lock:
            if session_id not in self._ids:
                self._ids.append(session_id)

    def drop(self, session_id: str) -> None:
        """It is over."""
        with self._lock:
            if session_id in self._ids:
                self._ids.remove(session_id)


SHARED = SharedSessions()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SHARED.renew)
