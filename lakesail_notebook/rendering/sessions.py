"""Sessions as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .. import models
from ..clock import from_rfc3339, in_words
from ..cures import NEW_SESSION, with_cure
from ..spark.sessions.choice import Candidate, candidates_of
from ..spark.sessions.connecting import Connection
from .shown import Shown
from .text_tables import facts, moment, moment_ahead, table

_SESSIONS = ("SESSION", "NAME", "STATUS", "CONFIG", "NOTEBOOK", "OWNER", "CREATED", "CLOSES IF UNUSED", "REASON")


def connection_text(connection: Connection, variable: str, now: datetime) -> str:
    """One line on what ``%sail connect`` came to, then its notes."""
    session = connection.reached.session
    how = {"created": "new", "attached": "attached", "kept": "connected already"}[connection.how]
    config = _config_name(connection.reached)
    facts = (how, config and f"config {config}", connection.endpoint, f"ready in {connection.seconds:.1f} s")
    sentences = [f"Session {session.id}{_named(session.name)} is {session.status}: {', '.join(filter(None, facts))}."]
    if session.timeout_at is not None:
        sentences.append(f"It closes {_moment_ahead(session.timeout_at, now)}.")
    sentences.append(f"Use it as {variable}.")
    return "\n".join([" ".join(sentences), *connection.notes])


def session_text(candidate: Candidate, now: datetime, *, whose: bool = False, cure: str = NEW_SESSION) -> str:
    """What the control plane says of a session, a line each.

    :param whose: say its team and owner, too.
    :param cure: what to do where this is read, when the session is over.
    """
    session = candidate.session
    message = session.status_message
    info = session.connection_info
    rows = [
        ("session", f"{session.id}{_named(session.name)}"),
        ("status", session.status),
        ("reason", session.termination_reason),
        ("message", message if message is None or candidate.live else with_cure(message, cure)),
        ("closed by", session.closed_by),
        ("reason given", session.close_reason if session.closed_by else None),
        ("config", _config_name(candidate)),
        ("endpoint", None if info is None else info.grpc_endpoint),
        ("team", session.team_id if whose else None),
        ("owner", session.member_id or session.service_account_id if whose else None),
        ("notebook", _notebook(session)),
        ("created", moment(session.created_at)),
        ("last used", moment(session.last_activity_at)),
        ("idle since", moment(session.idle_since)),
        ("closes", _moment_ahead(session.timeout_at, now)),
        ("closed", moment(session.closed_at)),
    ]
    return facts(rows)


def _notebook(session: models.Session) -> str | None:
    """Where its notebook is now; of an older control plane, where it was when the session began."""
    written = (session.metadata.get(key) for key in (models.NOTEBOOK_KEY, models.MARIMO_FILE_KEY))
    return session.notebook_path or next(filter(None, written), None)


def session_shown(session: models.Session, now: datetime) -> Shown:
    cure = f"'jupyter lakesail relaunch {session.id}' starts another like it"
    return Shown(session_text(Candidate(session), now, whose=True, cure=cure), models.encode(session))


def sessions_shown(page: models.SessionPage, now: datetime, *, nothing: str) -> Shown:
    """:param nothing: the sentence for an empty list."""
    candidates = candidates_of(page)
    names = {member.id: member.name or member.id for member in page.included.members}
    names |= {account.id: account.username for account in page.included.service_accounts}
    several_owners = len({_owner_id(candidate.session) for candidate in candidates}) > 1
    rows = [_session_row(candidate, names if several_owners else {}, now) for candidate in candidates]
    return Shown(table(_SESSIONS, rows) if rows else nothing, models.encode(page))


def _session_row(candidate: Candidate, owners: Mapping[str, str], now: datetime) -> tuple[str | None, ...]:
    session = candidate.session
    return (
        session.id,
        session.name,
        session.status,
        None if candidate.config is None else candidate.config.name,
        _notebook(session),
        owners.get(_owner_id(session)),
        moment(session.created_at),
        moment_ahead(session.timeout_at, now) if candidate.live else None,
        None if candidate.live else session.termination_reason,
    )


def _owner_id(session: models.Session) -> str:
    return session.member_id or session.service_account_id or ""


def _named(name: str | None) -> str:
    return f" {name!r}" if name else ""


def _config_name(candidate: Candidate) -> str | None:
    return None if candidate.config is None else candidate.config.name or "unnamed"


def _moment_ahead(text: str | None, now: datetime) -> str | None:
    if text is None:
        return None
    seconds = max(0.0, (from_rfc3339(text) - now).total_seconds())
    return f"at {moment(text)} if unused (in {in_words(seconds)})"
