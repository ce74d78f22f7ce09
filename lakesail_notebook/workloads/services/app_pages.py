"""The pages of marimo sessions: who may open one, and what becomes of it when its session ends.

A login is exchanged for a ticket, a ticket for a cookie, and the cookie opens the page until the session is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ...api_location import app_base_path
from ...clock import Clock
from ...errors import FailedPrecondition, LakesailError, NotFound, Unauthenticated, Unavailable
from ...models import LIVE_STATUSES
from ..apps_port import AppAddress, Apps
from ..records import SessionRecord
from ..rules import access
from ..rules.access import Principal
from ..rules.app_keys import Cookies, Holder, Tickets
from ..service import PageState
from ..store_port import Store
from .session_tokens import denied, find_session
from .views import status_message

USE_SECONDS = 5.0
"""Uses of a page are reported no closer together than this."""
_PAUSE_SECONDS = 1.0
"""After a look at the sessions that the store refused."""
_ENDED_KNOWN = 1000
_STOPPED = "The server that this page came from has stopped."

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Page:
    """The page of one session, in any number of browsers."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    used_at: float | None = None


class AppPages:
    """Implements :class:`..service.AppPagesService`.

    :param apps: ``None``: this server starts none.
    :param report_use: tells that a session was used just now.
    """

    def __init__(
        self, *, store: Store, apps: Apps | None, report_use: Callable[[str], Awaitable[None]], clock: Clock
    ) -> None:
        self._store = store
        self._apps = apps
        self._report_use = report_use
        self._clock = clock
        self._tickets = Tickets()
        self._cookies = Cookies()
        self._pages: dict[str, _Page] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()
        """What became of sessions that are over, and whose page was open: the latest ones."""
        self._watching: asyncio.Task[None] | None = None

    # For the API

    def link(self, session: SessionRecord, principal: Principal) -> str | None:
        """Where a browser is logged in to the page, once and soon; relative to the server's base URL.

        ``None`` when the caller may not open the page, and while nothing serves it.
        """
        if session.status not in LIVE_STATUSES or self._address(session.id) is None:
            return None
        if session.endpoint_type != "marimo" or not access.opens_page(principal, session):
            return None
        return f"{app_base_path('', session.id).lstrip('/')}/_auth?ticket={self._issue(session)}"

    # For the pages

    async def look(self, principal: Principal, session_id: str) -> PageState:
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
        if session.endpoint_type != "marimo":
            raise NotFound(f"Session {session_id} has no page: it is no marimo session.")
        if not access.opens_page(principal, session):
            raise denied(session, f"Only its owner may open the page of session {session_id}.")
        if session.status not in LIVE_STATUSES:
            return PageState(over=_what_became_of(session))
        if self._address(session_id) is None:
            return PageState(waits_for=status_message(session, workload) or "marimo is starting.")
        return PageState(ticket=self._issue(session))

    async def redeem(self, session_id: str, ticket: str) -> str:
        holder = self._tickets.burn(ticket, session_id, self._clock.monotonic())
        if holder is None:
            raise Unauthenticated("This link has been used, or is too old: each one is good once, for half a minute.")
        cookie = self._cookies.issue(holder)
        self._page(session_id)
        self._watch()
        # Read after the cookie is known: an end that comes later is heard of by the watch.
        async with self._store.reading() as view:
            session = await view.session(session_id)
        if session is None or session.status not in LIVE_STATUSES:
            over = f"Session {session_id} is over." if session is None else _what_became_of(session)
            self._end(session_id, over)
            raise _page_over(over)
        return cookie

    def admit(self, session_id: str, cookie: str) -> AppAddress:
        if self._cookies.was_of(cookie, session_id):
            raise _page_over(self._ended.get(session_id, f"Session {session_id} is over."))
        if self._cookies.holder_of(cookie, session_id) is None:
            raise Unauthenticated("This browser is not logged in to this page.")
        address = self._address(session_id)
        if address is None:
            raise Unavailable(f"marimo does not serve session {session_id} at the moment.", retry_after_seconds=1.0)
        return address

    async def over(self, session_id: str) -> str:
        await self._page(session_id).over.wait()
        return self._ended.get(session_id, _STOPPED)

    async def used(self, session_id: str) -> None:
        page, now = self._page(session_id), self._clock.monotonic()
        if page.over.is_set() or (page.used_at is not None and now - page.used_at < USE_SECONDS):
            return
        page.used_at = now
        try:
            await self._report_use(session_id)
        except LakesailError as error:
            log.warning("The use of session %s could not be noted: %s", session_id, error.message)

    async def close(self) -> None:
        """Say that the pages are gone with this process."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        for page in self._pages.values():
            page.over.set()

    def _address(self, session_id: str) -> AppAddress | None:
        return None if self._apps is None else self._apps.address_of(session_id)

    def _issue(self, session: SessionRecord) -> str:
        return self._tickets.issue(Holder(session.id, session.caller_id), self._clock.monotonic())

    def _page(self, session_id: str) -> _Page:
        page = self._pages.get(session_id)
        if page is None:
            page = self._pages[session_id] = _Page()
            if session_id in self._ended:
                page.over.set()
        return page

    # The ends of sessions

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._hear_of_ends())

    async def _hear_of_ends(self) -> None:
        """While pages are open. Each event of the store is a reason to look, whichever process caused it."""
        with self._store.listening() as news:
            while self._cookies.sessions():
                try:
                    await news.later_than(await self._look_for_ends())
                except LakesailError as error:
                    if error.reason == "stopping":
                        return
                    log.warning("Whether pages have lost their sessions cannot be seen: %s", error.message)
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def _look_for_ends(self) -> int:
        """:returns: the number of the last event before the look."""
        async with self._store.reading() as view:
            newest = await view.last_event_sequence()
            sessions = await view.sessions_by_id(self._cookies.sessions())
        for session in sessions:
            if session.status not in LIVE_STATUSES:
                self._end(session.id, _what_became_of(session))
        return newest

    def _end(self, session_id: str, what: str) -> None:
        self._ended[session_id] = what
        while len(self._ended) > _ENDED_KNOWN:
            self._ended.popitem(last=False)
        self._tickets.end_session(session_id)
        self._cookies.end_session(session_id)
        page = self._pages.pop(session_id, None)
        if page is not None:
            page.over.set()


def _what_became_of(session: SessionRecord) -> str:
    by = "" if session.close_reason is None else f" {session.close_reason}"
    return f"{session.status_message or f'Session {session.id} is {session.status}.'}{by}"


def _page_over(what: str) -> FailedPrecondition:
    return FailedPrecondition(what, reason="session_closed")
