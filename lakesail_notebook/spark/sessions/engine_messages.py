"""What PySpark says of a failure, in one sentence that names what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..readable_errors import (
    NO_ACTIVE_SESSION,
    SESSION_NOT_SAME,
    OldObject,
    of_an_ended_session,
    of_something_gone,
    of_two_sessions,
    readable,
    table_not_found,
)
from .open_sessions import OPEN_SESSIONS


def _nothing_is_known(_: bool) -> Sequence[OldObject]:
    return ()


def sentence_of(message: str, old_objects: Callable[[bool], Sequence[OldObject]] = _nothing_is_known) -> str:
    """A message of PySpark as one sentence.

    :param old_objects: the variables of the running code that belong to another session than the present one; with
        ``True``, only those whose session is over.
    """
    if message.startswith(NO_ACTIVE_SESSION):
        return of_an_ended_session(old_objects(True), OPEN_SESSIONS.active_session_id())
    if message.startswith(SESSION_NOT_SAME):
        return of_two_sessions(old_objects(False))
    missing = table_not_found(message)
    gone = None if missing is None else OPEN_SESSIONS.gone(missing)
    if gone is not None:
        return of_something_gone(message, f"{gone.belonging.kind} {gone.belonging.name}", gone.why, gone.line)
    return readable(message)
