"""Tells those who show sessions that code of this process has connected."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Hearer(Protocol):
    """Somebody who shows the sessions that this process uses."""

    def code_has_connected(self) -> None:
        """Called in the thread that connected; it returns at once."""
        ...


class Connects:
    """The control plane tells of a new session before this process uses it, so its events alone do not suffice.
    Threads may share it."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """In a forked child: the hearers and their locks are its parent's."""
        self._lock = threading.Lock()
        self._hearers: weakref.WeakSet[Hearer] = weakref.WeakSet()

    def listen(self, hearer: Hearer) -> None:
        """From now on; a hearer that is dropped is told nothing more."""
        with self._lock:
            self._hearers.add(hearer)

    def tell(self) -> None:
        with self._lock:
            hearers = list(self._hearers)
        for hearer in hearers:
            hearer.code_has_connected()


CONNECTS = Connects()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CONNECTS.renew)
