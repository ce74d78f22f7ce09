"""The routes in force, as the feed tells them, and RPCs that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable

from ..cures import with_cure
from ..errors import LakesailError, Unauthenticated, Unavailable
from ..feed import REMEMBERED_CLOSED, Route, after
from ..token_ids import KernelToken, LoginToken, holder_of
from .auth import SessionClosed

UNKNOWN_SECONDS = 0.5
"""A token may be quicker than the feed: an unknown session may be one created a moment ago."""
PENDING_SECONDS = 30.0
PENDING_RETRY_SECONDS = 1.0


class RouteTable:
    """Session id -> route.

    :param end: called with a session and the reason when what runs of it has to end: it was closed, or its tokens were
        revoked. By then its new route is in force.
    """

    def __init__(self, end: Callable[[str, LakesailError], None], *, pending_seconds: float = PENDING_SECONDS) -> None:
        self._routes: dict[str, Route] = {}
        self._closed: deque[str] = deque()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._end = end
        self._pending_seconds = pending_seconds

    def replace(self, routes: Iterable[Route]) -> None:
        """Put a snapshot in force: sessions that are not in it are over."""
        old, self._routes = self._routes, {route.session_id: route for route in routes}
        self._closed = deque(route.session_id for route in self._routes.values() if route.state == "closed")
        for session_id in old.keys() | self._routes.keys():
            self._tell(session_id, old.get(session_id))

    def change(self, route: Route) -> None:
        old = self._routes.get(route.session_id)
        new = after(old, route)
        if new != old:
            self._routes[route.session_id] = new
            if new.state == "closed":
                self._forget_an_old_one(route.session_id)
            self._tell(route.session_id, old)

    def _forget_an_old_one(self, closed: str) -> None:
        self._closed.append(closed)
        if len(self._closed) > REMEMBERED_CLOSED:
            self._routes.pop(self._closed.popleft(), None)

    def addresses(self) -> Collection[str]:
        """The engines in use."""
        return {route.address for route in self._routes.values() if route.address is not None}

    def address_of(self, session_id: str) -> str | None:
        """The engine of a session, while it may be used."""
        route = self._routes.get(session_id)
        return None if route is None else route.address

    async def ready(self, session_id: str) -> Route:
        """The route of a session whose engine is ready, waiting for it within limits.

        :raises SessionClosed: when the session is over, or unknown.
        :raises Unavailable: when the engine is still starting.
        """
        route = await self._wait_while(session_id, lambda route: route is None, UNKNOWN_SECONDS)
        if route is not None and route.state == "pending":
            route = await self._wait_while(session_id, _is_pending, self._pending_seconds)
        if route is None or route.state == "closed":
            raise _closed(session_id, route)
        if route.state == "pending":
            raise Unavailable(
                f"Session {session_id} is still starting; try again in a moment.",
                retry_after_seconds=PENDING_RETRY_SECONDS,
            )
        return route

    async def _wait_while(
        self, session_id: str, unsettled: Callable[[Route | None], bool], seconds: float
    ) -> Route | None:
        try:
            async with asyncio.timeout(seconds):
                while unsettled(self._routes.get(session_id)):
                    await self._next_change(session_id)
        except TimeoutError:
            pass
        return self._routes.get(session_id)

    async def _next_change(self, session_id: str) -> None:
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(session_id, set())
        waiting.add(changed)
        try:
            await changed
        finally:
            waiting.discard(changed)
            if not waiting and self._waiting.get(session_id) is waiting:
                del self._waiting[session_id]

    def _tell(self, session_id: str, old: Route | None) -> None:
        new = self._routes.get(session_id)
        for changed in self._waiting.get(session_id, ()):
            if not changed.done():
                changed.set_result(None)
        if (new is None or new.state == "closed") and (old is None or old.state != "closed"):
            self._end(session_id, _closed(session_id, new))
        elif new is not None and old is not None and new.generation > old.generation:
            self._end(session_id, revoked())


def revoked() -> Unauthenticated:
    return Unauthenticated("The token was revoked; run %sail connect to get a new one.")


def require_live(jti: str, route: Route) -> None:
    """:raises Unauthenticated: when a token of the generation in force has ended before the others."""
    holder = holder_of(jti)
    if isinstance(holder, LoginToken) and holder.number < route.logins_from:
        raise Unauthenticated("The token ended when newer ones were issued for its session; fetch a new one.")
    if isinstance(holder, KernelToken) and holder.kernel in route.ended_kernels:
        raise Unauthenticated("The token ended with the kernel that it was issued to; run %sail connect in another.")


def _is_pending(route: Route | None) -> bool:
    return route is not None and route.state == "pending"


def _closed(session_id: str, route: Route | None) -> SessionClosed:
    said = route.message if route is not None else None
    return SessionClosed(with_cure(said or f"Session {session_id} is closed."))
