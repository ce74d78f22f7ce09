"""Whose code in this process asks for a session: the process has one owner, or several owners share it."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator
from typing import Protocol

from ...errors import DeadlineExceeded, FailedPrecondition


class Owners(Protocol):
    """Tells several owners in one process apart, such as the viewers of an application."""

    def current(self) -> str | None:
        """A key of the owner whose code calls; ``None`` where the code is nobody's."""
        ...


class _Asking:
    """The owners of this process."""

    def __init__(self) -> None:
        self.several: Owners | None = None
        """``None``: the process is the only owner."""
        self.forked = False
        """Whether this process was forked from one that had loaded this module."""
        self._renew()

    def start_child(self) -> None:
        """In a forked child: it is an owner of its own, and other threads of its parent may have held the locks."""
        self.forked = True
        self._renew()

    def _renew(self) -> None:
        self.process_key = str(uuid.uuid4())
        self._locks: dict[str, threading.RLock] = {}
        self._of_locks = threading.Lock()

    def lock_of(self, key: str) -> threading.RLock:
        with self._of_locks:
            return self._locks.setdefault(key, threading.RLock())


_ASKING = _Asking()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ASKING.start_child)


def install(owners: Owners | None) -> None:
    """From now on, several owners share this process; ``None``: the process is the only owner again.

    They share the session that one of them makes, and each has a Spark session of its own there. No owner is given
    another owner's Spark session, and PySpark's default session is never one of theirs.
    """
    _ASKING.several = owners


def have_several() -> bool:
    """Whether several owners share this process."""
    return _ASKING.several is not None


def is_forked() -> bool:
    """Whether this process was forked from one that had loaded this module."""
    return _ASKING.forked


def current_owner() -> str:
    """A key of the owner whose code calls. No owner of another process has the same.

    :raises FailedPrecondition: when several owners share the process, and the calling code is nobody's.
    """
    if _ASKING.several is None:
        return _ASKING.process_key
    owner = _ASKING.several.current()
    if owner is None:
        raise FailedPrecondition(
            "Several users share this process, and this code runs for none of them, so there is no session for it. "
            "Call connect() in the user's own code, and hand the Spark session on.",
            reason="no_owner",
        )
    return key_of(owner)


def key_of(owner: str) -> str:
    """What :func:`current_owner` gives for the key that :class:`Owners` tells."""
    return f"{_ASKING.process_key}/{owner}"


def who_shares() -> str:
    """A key of those who find what one of them has made: all owners of this process."""
    return _ASKING.process_key


@contextlib.contextmanager
def one_at_a_time(owner: str, seconds: float) -> Iterator[None]:
    """Let threads connect one after the other: the second finds what the first has made.

    :param owner: a key of those who do so.
    :param seconds: how long to wait for the others.
    :raises DeadlineExceeded: when another thread still connects after so long.
    """
    lock = _ASKING.lock_of(owner)
    if not lock.acquire(timeout=seconds):
        raise DeadlineExceeded(
            f"Another thread of this process has been connecting for more than {seconds:.0f} s; connect() again waits "
            "for the same session."
        )
    try:
        yield
    finally:
        lock.release()
