"""The allowed moves of sessions and workloads, and what time alone asks of them. Pure: ``now`` is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ...clock import in_words
from ...models import LIVE_STATUSES, InfraStatus, SessionStatus, TimeoutReason
from ..records import SessionRecord, TerminationReason, WorkloadRecord

SESSION_MOVES: Mapping[SessionStatus, frozenset[SessionStatus]] = {
    "pending": frozenset({"active", "closed", "failed"}),
    "active": frozenset({"idle", "closed", "failed"}),
    "idle": frozenset({"active", "closed", "failed"}),
    "closed": frozenset(),
    "failed": frozenset(),
}

WORKLOAD_MOVES: Mapping[InfraStatus, frozenset[InfraStatus]] = {
    "requested": frozenset({"starting", "stopping", "stopped", "failed"}),
    "starting": frozenset({"ready", "stopping", "failed"}),
    "ready": frozenset({"stopping", "failed"}),
    "stopping": frozenset({"stopped", "failed"}),
    "stopped": frozenset(),
    "failed": frozenset(),
}

WARNING_SHARE = 0.8
"""Of the time to a session's end, after which it is said that the end is near."""

UNFINISHED: frozenset[InfraStatus] = frozenset(status for status, moves in WORKLOAD_MOVES.items() if moves)
"""Statuses of workloads that may still have something running."""
REUSABLE: frozenset[InfraStatus] = frozenset({"requested", "starting", "ready"})
"""Statuses of workloads that a next session may be given, while their target is to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMove:
    """A change of status and what goes with it."""

    to: SessionStatus
    at: datetime
    reason: TerminationReason | None = None
    message: str | None = None
    by: str | None = None
    """The principal who asked for it; ``None``: time, or a fault."""
    closed_by: str | None = None
    """The name of the person who closes it, where that is not its owner."""
    close_reason: str | None = None
    """What the person says who closes it."""

    @property
    def sources(self) -> frozenset[SessionStatus]:
        """The statuses from which the move is allowed."""
        return frozenset(status for status, moves in SESSION_MOVES.items() if self.to in moves)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadMove:
    to: InfraStatus
    at: datetime
    message: str | None = None
    address: str | None = None
    """The engine's, when it becomes ready."""
    expects: frozenset[InfraStatus] = UNFINISHED
    """The statuses that the move was decided for: from another one, it does not happen."""

    @property
    def sources(self) -> frozenset[InfraStatus]:
        """The statuses from which the move is allowed, and was decided."""
        return frozenset(status for status, moves in WORKLOAD_MOVES.items() if self.to in moves) & self.expects


def ending(
    session_id: str,
    to: Literal["closed", "failed"],
    at: datetime,
    reason: TerminationReason,
    what: str,
    *,
    by: str | None = None,
) -> SessionMove:
    """The end of a session, with the sentence that everybody is told: what happened. What to do next depends on where
    it is read, so whoever shows it adds that."""
    message = f"Session {session_id} {what}."
    return SessionMove(to=to, at=at, reason=reason, message=message, by=by)


def timeout_at(session: SessionRecord) -> datetime | None:
    """When the session will close if nothing more happens; ``None`` for one that is over."""
    if session.status not in LIVE_STATUSES:
        return None
    return _end(session)[0]


def timeout_reason(session: SessionRecord) -> TimeoutReason | None:
    """The rule that sets :func:`timeout_at`; ``None`` for a session that is over."""
    return _end(session)[1] if session.status in LIVE_STATUSES else None


def due_at(session: SessionRecord) -> datetime | None:
    """The next moment at which time alone may ask something of a session; ``None`` for one that is over.

    What happens to a session in between moves it; use of a session only makes it later.
    """
    if session.status not in LIVE_STATUSES:
        return None
    moments = [_end(session)[0]]
    if session.status == "active":
        moments.append(_idle_from(session))
    if _warned_before(session, warning := _warning_at(session)):
        moments.append(warning)
    return min(moments)


def warning_due(session: SessionRecord, now: datetime) -> bool:
    """Whether it is time to say that the session will close: four fifths of its last stretch are over."""
    if session.status not in LIVE_STATUSES:
        return False
    warning = _warning_at(session)
    return now >= warning and _warned_before(session, warning)


def _warning_at(session: SessionRecord) -> datetime:
    end, reason = _end(session)
    begin = session.active_since if reason == "max_duration" else max(session.last_activity_at, session.created_at)
    begin = begin or session.created_at
    return begin + (end - begin) * WARNING_SHARE


def _warned_before(session: SessionRecord, warning: datetime) -> bool:
    """Whether the last warning, if there was one, belongs to an earlier stretch."""
    return session.warned_at is None or session.warned_at < warning


def due_move(session: SessionRecord, now: datetime) -> SessionMove | None:
    """What time alone asks of a session: the end that came first, or ``idle``."""
    if session.status not in LIVE_STATUSES:
        return None
    moment, reason = _end(session)
    if now >= moment:
        return ending(session.id, "closed", now, reason, _why(session, reason))
    if session.status == "active" and now >= _idle_from(session):
        return SessionMove(to="idle", at=now)
    return None


def _idle_from(session: SessionRecord) -> datetime:
    return session.last_activity_at + timedelta(seconds=session.timeouts.idle_timeout)


def _end(session: SessionRecord) -> tuple[datetime, TimeoutReason]:
    """The first end that comes if nothing more happens, and its rule."""
    return min(_ends(session), key=lambda end: end[0])


def _ends(session: SessionRecord) -> list[tuple[datetime, TimeoutReason]]:
    timeouts = session.timeouts
    ends: list[tuple[datetime, TimeoutReason]] = [
        (_not_before(session, _idle_from(session) + timedelta(seconds=timeouts.idle_close_delay)), "idle_timeout")
    ]
    if timeouts.max_duration is not None and session.active_since is not None:
        ends.append((session.active_since + timedelta(seconds=timeouts.max_duration), "max_duration"))
    if session.detached_since is not None:
        last_use = max(session.detached_since, session.last_activity_at)
        ends.append((_not_before(session, last_use + timedelta(seconds=timeouts.detached)), "detached"))
    return ends


def _not_before(session: SessionRecord, end: datetime) -> datetime:
    """An end for want of use comes no earlier than an extension asked for."""
    return end if session.extended_until is None else max(end, session.extended_until)


def _why(session: SessionRecord, reason: TimeoutReason) -> str:
    timeouts = session.timeouts
    if reason == "max_duration":
        return f"was closed after its maximum duration of {in_words(timeouts.max_duration or 0)}"
    if reason == "detached":
        return f"was closed because its kernel was gone and no client used it for {in_words(timeouts.detached)}"
    return f"was closed after {in_words(timeouts.idle_timeout + timeouts.idle_close_delay)} idle"


def linger_over(workload: WorkloadRecord, linger_seconds: int, now: datetime) -> bool:
    """Whether a workload that carries no session has waited long enough for the next one."""
    return workload.freed_at is not None and now >= workload.freed_at + timedelta(seconds=linger_seconds)
