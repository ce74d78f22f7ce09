"""Quotas: how many sessions may live at once, and how often a caller may ask for what costs something. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from ...errors import ResourceExhausted
from ..filters import SessionFilter
from .access import Principal
from .names import kind_of

WINDOW = timedelta(minutes=1)
_SESSION_RETRY_SECONDS = 60
_CALLERS_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """How much there may be of a thing, ``None`` being any number. The defaults are those of a single-user server."""

    live_sessions_per_member: int | None = 50
    """Of a service account, too."""
    live_sessions_per_team: int | None = None
    live_sessions_per_server: int | None = None
    creates_per_minute: int | None = None
    """Of sessions, by one caller; a relaunch is one."""
    tokens_per_minute: int | None = None
    """Session tokens, by one caller."""


TEAM_QUOTAS = Quotas(live_sessions_per_member=10, creates_per_minute=30, tokens_per_minute=60)
"""The defaults of a server that knows its users apart."""


def quotas_from(trait: Mapping[str, Any], base: Quotas) -> Quotas:
    """``{"live_sessions_per_member": 5, "tokens_per_minute": None}`` over ``base``.

    :raises ValueError: for a name or a value that is no quota; the message lists the names.
    """
    known = {item.name for item in fields(Quotas)}
    for name, value in trait.items():
        if name not in known:
            raise ValueError(f"quotas has no {name!r}; it knows {', '.join(sorted(known))}")
        if value is not None and (type(value) is not int or value < 0):
            raise ValueError(f"quotas[{name!r}] is a whole number, or None for no quota, not {kind_of(value)}")
    return replace(base, **trait)


class SlidingWindow:
    """How often each caller did a thing within the last minute; ``None`` as limit: as often as they like."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._moments: dict[str, deque[datetime]] = {}

    def count(self, caller_id: str, now: datetime) -> float | None:
        """Count one more; when there is no room, count nothing and answer the seconds until there is."""
        if self.limit is None:
            return None
        if len(self._moments) > _CALLERS_REMEMBERED:
            self._forget_idle_callers(now)
        moments = self._moments.setdefault(caller_id, deque(maxlen=self.limit))
        wait = seconds_until_room(moments, self.limit, now)
        if wait is None:
            moments.append(now)
        return wait

    def remembered(self) -> frozenset[str]:
        """Callers whose asking is still in mind."""
        return frozenset(self._moments)

    def _forget_idle_callers(self, now: datetime) -> None:
        busy = {caller: moments for caller, moments in self._moments.items() if any(_within(moments, now))}
        self._moments = busy


def seconds_until_room(moments: Sequence[datetime], limit: int, now: datetime) -> float | None:
    """How long until one more fits in the window that ends now; ``None``: it fits.

    Moments in the future, from before the clock was set back, do not count.
    """
    counted = list(_within(moments, now))
    if len(counted) < limit:
        return None
    return (min(counted, default=now) + WINDOW - now).total_seconds()


def _within(moments: Sequence[datetime], now: datetime) -> Iterator[datetime]:
    return (moment for moment in moments if now - WINDOW < moment <= now)


@dataclass(frozen=True, slots=True)
class LiveQuota:
    name: str
    limit: int
    counted: SessionFilter
    who_has: str
    """Begins the sentence that says no."""
    holder: str


def live_quotas(quotas: Quotas, principal: Principal, team_id: str, caller_id: str) -> Iterator[LiveQuota]:
    """The quotas that a new session counts against, the narrowest first."""
    if quotas.live_sessions_per_member is not None:
        who = "You have" if caller_id == principal.id else f"{caller_id} has"
        of_caller = SessionFilter(caller_id=caller_id)
        yield LiveQuota("live_sessions_per_member", quotas.live_sessions_per_member, of_caller, who, "one member")
    if quotas.live_sessions_per_team is not None:
        of_team = SessionFilter(team_id=team_id)
        who = f"Team {team_id} has"
        yield LiveQuota("live_sessions_per_team", quotas.live_sessions_per_team, of_team, who, "one team")
    if quotas.live_sessions_per_server is not None:
        of_all = SessionFilter()
        who = "This server has"
        yield LiveQuota("live_sessions_per_server", quotas.live_sessions_per_server, of_all, who, "one server")


def used_up(quota: LiveQuota, live: int, names: Sequence[str]) -> ResourceExhausted:
    listed = f" ({', '.join(names)}{', …' if live > len(names) else ''})" if names else ""
    cure = "close one with %sail close ID" if names else "ask its members or an administrator to close one"
    return ResourceExhausted(
        f"{quota.who_has} {live} live session{'' if live == 1 else 's'}{listed}, the most allowed to {quota.holder}; "
        f"{cure}.",
        reason=quota.name,
        retry_after_seconds=_SESSION_RETRY_SECONDS,
    )
