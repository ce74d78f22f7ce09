"""An owner leaves a process that it shared: its Spark sessions end, and nothing is kept for it."""

from __future__ import annotations

import logging

from ...clock import Clock
from ...errors import DeadlineExceeded
from .open_sessions import OPEN_SESSIONS, OpenSession
from .owners import one_at_a_time, who_shares
from .session_requests import forget_owner

log = logging.getLogger(__name__)

_TRIES_FOR_SECONDS = 10.0
_WAITS_SECONDS = 10.0


def leave(owner: str, clock: Clock) -> None:
    """Free what is kept for an owner for whom no code runs any more. The session that the owners share goes on.

    :param owner: its key, as :func:`.owners.key_of` gives it.
    """
    for opened in _taken(owner):
        from ..rpcs.release import release_spark_session

        channel = opened.channel_builder.bare_channel
        released = release_spark_session(channel, opened.spark_session_id, clock, _TRIES_FOR_SECONDS)
        if not released:
            log.warning(
                "The Spark session %s of a user who left was not released; it ends with this process.",
                opened.spark_session_id,
            )
        OPEN_SESSIONS.end(opened)
    forget_owner(owner)


def _taken(owner: str) -> list[OpenSession]:
    """After a connect of the owner that is under way: it ends in a Spark session."""
    try:
        with one_at_a_time(who_shares(), _WAITS_SECONDS):
            return OPEN_SESSIONS.take(owner)
    except DeadlineExceeded:  # another owner connects
        return OPEN_SESSIONS.take(owner)
