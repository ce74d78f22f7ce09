"""What opens the page of an app: tickets, which are good once and for a short time, and the cookies they are exchanged
for.

Both are random, and known here by their hashes alone. They live in memory: they end with this process, as its apps do.
Moments are seconds of a monotonic clock, which is handed in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass

TICKET_SECONDS = 30.0
MAX_TICKETS = 16
"""Of one session; a further one ends the oldest."""
MAX_COOKIES = 64
"""Of one session: so many browsers may have its page open; a further one logs the first out."""
MAX_FORMER = 10_000
"""Cookies of sessions that are over: so many are known, so that their pages can be told what happened."""
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a key was given to, and for which session."""

    session_id: str
    caller_id: str


@dataclass(frozen=True, slots=True)
class _Ticket:
    holder: Holder
    ends_at: float


class Tickets:
    def __init__(self) -> None:
        self._tickets: OrderedDict[bytes, _Ticket] = OrderedDict()
        """By hash, the oldest first."""

    def issue(self, holder: Holder, now: float) -> str:
        self._forget_old(now)
        own = [digest for digest, ticket in self._tickets.items() if ticket.holder.session_id == holder.session_id]
        for digest in own[: max(0, len(own) - MAX_TICKETS + 1)]:
            del self._tickets[digest]
        ticket = secrets.token_urlsafe(_SECRET_BYTES)
        self._tickets[_digest(ticket)] = _Ticket(holder, now + TICKET_SECONDS)
        return ticket

    def burn(self, ticket: str, session_id: str, now: float) -> Holder | None:
        """Whom it was given to; ``None``: it is not known, too old, used before, or of another session.

        Whatever it is of, it is good for nothing afterwards.
        """
        found = self._tickets.pop(_digest(ticket), None)
        if found is None or found.holder.session_id != session_id or now >= found.ends_at:
            return None
        return found.holder

    def end_session(self, session_id: str) -> None:
        for digest in [one for one, ticket in self._tickets.items() if ticket.holder.session_id == session_id]:
            del self._tickets[digest]

    def _forget_old(self, now: float) -> None:
        while self._tickets and now >= next(iter(self._tickets.values())).ends_at:
            self._tickets.popitem(last=False)


class Cookies:
    def __init__(self) -> None:
        self._cookies: dict[str, OrderedDict[bytes, Holder]] = {}
        """By session: by hash, the oldest first."""
        self._former: OrderedDict[bytes, str] = OrderedDict()
        """Of sessions that are over: hash -> session, the latest ones."""

    def issue(self, holder: Holder) -> str:
        own = self._cookies.setdefault(holder.session_id, OrderedDict())
        while len(own) >= MAX_COOKIES:
            own.popitem(last=False)
        cookie = secrets.token_urlsafe(_SECRET_BYTES)
        own[_digest(cookie)] = holder
        return cookie

    def holder_of(self, cookie: str, session_id: str) -> Holder | None:
        return self._cookies.get(session_id, OrderedDict()).get(_digest(cookie))

    def sessions(self) -> frozenset[str]:
        """The sessions that have cookies."""
        return frozenset(self._cookies)

    def was_of(self, cookie: str, session_id: str) -> bool:
        """Whether it opened the page of a session that is over."""
        return self._former.get(_digest(cookie)) == session_id

    def end_session(self, session_id: str) -> None:
        for digest in self._cookies.pop(session_id, ()):
            self._former[digest] = session_id
        while len(self._former) > MAX_FORMER:
            self._former.popitem(last=False)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
