"""Says no when a quota is used up.

Live sessions are counted in the store, for all processes on it; rates in memory, each control plane for itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...errors import ResourceExhausted
from ...models import LIVE_STATUSES
from ..filters import SessionFilter
from ..rules import access
from ..rules.access import Principal
from ..rules.quotas import Quotas, SlidingWindow, live_quotas, used_up
from ..store_port import Reading

_SESSIONS_NAMED = 10


class QuotaKeeper:
    """Says no when a quota is used up. One per control plane: it remembers who asked within the last minute."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._creates = SlidingWindow(quotas.creates_per_minute)
        self._tokens = SlidingWindow(quotas.tokens_per_minute)

    async def check_create(
        self, unit: Reading, principal: Principal, team_id: str, now: datetime, *, caller_id: str | None = None
    ) -> None:
        """One more session for the team, and one more create of the caller.

        :param unit: the transaction that will add the session, so that nobody slips in between.
        :param caller_id: whose session it will be, when it is not the caller's own.
        :raises ResourceExhausted: says which quota is used up, by which sessions, and what to do.
        """
        for quota in live_quotas(self._quotas, principal, team_id, caller_id or principal.id):
            live = await _count_live(unit, quota.counted)
            if live >= quota.limit:
                raise used_up(quota, live, await _names(unit, principal, quota.counted))
        self._check_rate(self._creates, principal, now, "creates_per_minute", "sessions a minute")

    def check_token(self, principal: Principal, now: datetime) -> None:
        """One more session token of the caller.

        :raises ResourceExhausted: says how long to wait.
        """
        self._check_rate(self._tokens, principal, now, "tokens_per_minute", "session tokens a minute")

    def _check_rate(self, window: SlidingWindow, principal: Principal, now: datetime, name: str, what: str) -> None:
        wait = window.count(principal.id, now)
        if wait is not None:
            raise ResourceExhausted(
                f"You may ask for {window.limit} {what}; try again in {max(1, round(wait))} s.",
                reason=name,
                retry_after_seconds=wait,
            )


async def _count_live(view: Reading, which: SessionFilter) -> int:
    return sum([await view.count_sessions(replace(which, status=status)) for status in LIVE_STATUSES])


async def _names(view: Reading, principal: Principal, which: SessionFilter) -> list[str]:
    """Ids of live sessions that fill a quota, as far as the caller may see them."""
    found: list[str] = []
    for status in LIVE_STATUSES:
        live = replace(which, status=status)
        if live.caller_id is None:
            seen = access.visible_sessions(principal)
            live = replace(live, caller_id=seen.caller_id, or_teams=seen.or_teams)
        rows = await view.sessions(live, after=None, limit=_SESSIONS_NAMED)
        found += [row.id for row in rows if access.sees_session(principal, row)]
    return found[:_SESSIONS_NAMED]
