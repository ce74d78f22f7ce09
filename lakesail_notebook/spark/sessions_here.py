"""The sessions of a place: those that the control plane knows of it, or that this process has used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..client.client import Client
from ..errors import NotFound
from ..models import LIVE_STATUSES, Session
from .choice import Candidate, Place, candidates_of, of_place
from .open_sessions import OPEN_SESSIONS, thread_key


def this_place(client: Client) -> Place:
    """Where this code runs, as the control plane sees it."""
    return Place.of(client.me(), thread_key())


@dataclass(frozen=True, slots=True)
class SessionsHere:
    """The sessions of one place."""

    live: Sequence[Candidate]
    """The kernel's own first, newest first."""
    over: Sequence[Candidate]
    """Newest first, among the latest hundred sessions of the caller."""

    @property
    def ended(self) -> Candidate | None:
        """The newest that is over."""
        return next(iter(self.over), None)


def sessions_here(client: Client, place: Place) -> SessionsHere:
    if not place.in_kernel:
        return _split(list(_used_here(client, place)))
    latest = next(client.session_pages())
    here = _split(of_place(candidates_of(latest), place.me))
    if latest.marker is None:
        return here
    return replace(here, live=_all_live(client, place))


def _all_live(client: Client, place: Place) -> Sequence[Candidate]:
    pages = (page for status in LIVE_STATUSES for page in client.session_pages(status=status))
    live = [candidate for page in pages for candidate in candidates_of(page)]
    newest_first = sorted(live, key=lambda candidate: candidate.session.created_at, reverse=True)
    return of_place(newest_first, place.me)


def _split(candidates: Sequence[Candidate]) -> SessionsHere:
    return SessionsHere(
        live=[candidate for candidate in candidates if candidate.live],
        over=[candidate for candidate in candidates if not candidate.live],
    )


def with_config(client: Client, session: Session) -> Candidate:
    """A session together with its compute config, which only lists tell."""
    for page in client.session_pages(status=session.status):
        for candidate in candidates_of(page):
            if candidate.session.id == session.id:
                return Candidate(session, candidate.config)
    return Candidate(session)


def _used_here(client: Client, place: Place) -> Iterator[Candidate]:
    for session_id in OPEN_SESSIONS.session_ids(place.key):
        try:
            session = client.session(session_id)
        except NotFound:
            OPEN_SESSIONS.drop(session_id)
            continue
        yield with_config(client, session)
