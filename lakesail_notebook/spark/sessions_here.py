"""The sessions of a place: those that the control plane knows of it, or that this process has used."""

from __future__ import annotations

from collections.abc import Iterator

from ..client import Client
from ..errors import NotFound
from ..models import Session
from .choice import Candidate, Place, candidates_of, of_place
from .open_sessions import OPEN_SESSIONS, thread_key


def this_place(client: Client) -> Place:
    """Where this code runs, as the control plane sees it."""
    return Place.of(client.me(), thread_key())


def live_sessions(client: Client, place: Place) -> list[Candidate]:
    """The live sessions of the place, the kernel's own first, newest first."""
    if not place.in_kernel:
        return [candidate for candidate in _used_here(client, place) if candidate.live]
    # In the order of a session's life, so that one that moves on meanwhile is not missed.
    pages = (page for status in ("pending", "active", "idle") for page in client.session_pages(status=status))
    live = [candidate for page in pages for candidate in candidates_of(page)]
    newest_first = sorted(live, key=lambda candidate: candidate.session.created_at, reverse=True)
    return of_place(newest_first, place.me)


def ended_session(client: Client, place: Place) -> Session | None:
    """The session of the place that ended last, among the latest hundred of the caller's."""
    if place.in_kernel:
        latest = of_place(candidates_of(next(client.session_pages())), place.me)
    else:
        latest = list(_used_here(client, place))
    return next((candidate.session for candidate in latest if not candidate.live), None)


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
            continue
        yield with_config(client, session)
