"""The sessions of a place: those that the control plane knows of it, or that this process has used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ...client.client import Client
from ...errors import NotFound
from ...models import LIVE_STATUSES, Session
from .choice import PROCESS_KEY, Candidate, Place, candidates_of, of_place
from .kernel_process import is_kernel
from .open_sessions import OPEN_SESSIONS
from .owners import current_owner, have_several
from .process_session import SHARED


def this_place(client: Client) -> Place:
    """Where this code runs, as the control plane and the operating system see it.

    :raises FailedPrecondition: when several owners share the process, and this code is nobody's.
    """
    me = client.me()
    return Place.of(me, current_owner(), is_kernel=is_kernel(me.kernel_id), several_owners=have_several())


@dataclass(frozen=True, slots=True)
class SessionsHere:
    """The sessions of one place."""

    live: Sequence[Candidate]
    """In a kernel: the kernel's own first, newest first. Elsewhere: those that this process used last first; among
    several owners, those that the asker used last, then those that all share."""
    over: Sequence[Candidate]
    """Newest first, among the latest hundred sessions of the caller; of a kernel's child, those that it used."""

    newest_id: str | None = None
    """Of the notebook's sessions the one that was made last, as its kernel and the kernel's children see it."""

    @property
    def ended(self) -> Candidate | None:
        """The one that ended last."""
        return max(self.over, key=lambda candidate: candidate.session.closed_at or "", default=None)


def sessions_here(client: Client, place: Place) -> SessionsHere:
    if place.is_kernel:
        return _known_of(client, place)
    own = OPEN_SESSIONS.session_ids(place.key)
    if have_several():
        return _split(list(_looked_up(client, dict.fromkeys([*own, *SHARED.ids()]))))
    here = _split(list(_looked_up(client, own)))
    if place.role == "process":
        of_parent = _split(list(_looked_up(client, OPEN_SESSIONS.session_ids_of_parent()))).live
        return replace(here, live=[*here.live, *(one for one in of_parent if one not in here.live)])
    of_kernel = _known_of(client, place)
    used = {candidate.session.id for candidate in here.live}
    more = [candidate for candidate in of_kernel.live if candidate.session.id not in used]
    return replace(of_kernel, live=[*here.live, *more], over=here.over)


def _known_of(client: Client, place: Place) -> SessionsHere:
    """The sessions of the notebook and its kernel."""
    latest = next(client.session_pages())
    found = of_place(candidates_of(latest), place.me)
    newest = max(((one.session.created_at, one.session.id) for one in found), default=(None, None))
    here = replace(_split(found), newest_id=newest[1])
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


def _looked_up(client: Client, session_ids: Iterable[str]) -> Iterator[Candidate]:
    for session_id in session_ids:
        try:
            session = client.session(session_id)
        except NotFound:
            OPEN_SESSIONS.drop(session_id)
            SHARED.drop(session_id)
            continue
        yield with_config(client, session)


def is_borrowed(session: Session, place: Place) -> bool:
    """Whether a session is the notebook's or the parent's of this process, and not this process's to close."""
    if place.role == "child":
        return session.metadata.get(PROCESS_KEY) != place.key
    return place.role == "process" and session.id in OPEN_SESSIONS.session_ids_of_parent()
