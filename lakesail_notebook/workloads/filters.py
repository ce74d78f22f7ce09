"""Which rows of the store are wanted: filters, the place in a list from which to go on, and from where sessions are
used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..models import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions; ``None`` leaves a field open."""

    caller_id: str | None = None
    """Only sessions of this member or service account, and those of ``or_teams``."""
    or_teams: frozenset[str] = frozenset()
    """Teams all of whose sessions are wanted as well; means nothing without ``caller_id``."""
    session_id: str | None = None
    """Only this one, if the rest lets it pass."""
    team_id: str | None = None
    endpoint_type: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Whose events; without a caller, everybody's."""

    caller_id: str | None = None
    or_teams: frozenset[str] = frozenset()
    config_teams: frozenset[str] = frozenset()
    """The teams whose configs are told of; means nothing without ``caller_id``."""
    session_id: str | None = None
    """Of sessions and workloads, only the events of this session; means nothing without ``caller_id``."""
    kinds: frozenset[EventKind] | None = None
    """Only these; ``None``: all."""


@dataclass(frozen=True, slots=True)
class PageKey:
    """The last row of a page: the next one begins below it."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedFrom:
    """The notebook and the kernel that use a session, as far as they are known."""

    notebook_id: str | None = None
    kernel_id: str | None = None


ANYWHERE = UsedFrom()
