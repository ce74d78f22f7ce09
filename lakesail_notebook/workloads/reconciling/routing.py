"""What this control plane's session proxies know: each session's routes, and its end, once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from ...feed import Route
from ..ports import Owners, SessionProxy
from ..records import SessionRecord, WorkloadRecord
from ..rules.routes import route_of
from ..store_port import Store

_REMEMBERED = 10_000


class Routing:
    def __init__(self, store: Store, proxy: SessionProxy, owners: Owners, max_spark_sessions: int) -> None:
        self._store = store
        self._proxy = proxy
        self._owners = owners
        self._max_spark_sessions = max_spark_sessions
        self._told: set[str] = set()
        """Sessions of which a proxy may know a route that is not closed."""
        self._ended: OrderedDict[str, None] = OrderedDict()
        """Sessions whose end was told, the latest."""
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._untold: set[str] = set()
        """Sessions whose live route is being told, or could not be told."""

    async def publish(self, session: SessionRecord, workload: WorkloadRecord) -> None:
        """Tell the route of a session as it is now.

        An end is told once, whoever comes first, and only to proxies that may know the session. It returns when they
        confirmed it. What could not be told can be told again. After an end, nothing is told that was read before it.
        """
        route = route_of(session, workload, self._max_spark_sessions)
        if session.id in self._ended:
            return
        if route.state != "closed":
            self._told.add(session.id)
            self._untold.add(session.id)
            await self._proxy.publish(route)
            self._untold.discard(session.id)
            return
        if session.id not in self._told and workload.owner != self._owners.mine:
            return
        telling = self._telling.get(session.id)
        if telling is None:
            telling = self._telling[session.id] = asyncio.create_task(self._tell_the_end(session.id, route))
            telling.add_done_callback(_see)
        await asyncio.shield(telling)

    async def _tell_the_end(self, session_id: str, route: Route) -> None:
        try:
            await self._proxy.publish(route)
            self._ended[session_id] = None
            self._untold.discard(session_id)
            self._told.discard(session_id)
            if len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)
        finally:
            del self._telling[session_id]

    async def publish_sessions_of(self, workload: WorkloadRecord) -> None:
        async with self._store.reading() as view:
            sessions = await view.live_sessions([workload.id])
        for session in sessions:
            await self.publish(session, workload)

    async def tell_again(self) -> None:
        """Tell the live routes that could not be told."""
        if not self._untold:
            return
        async with self._store.reading() as view:
            sessions = await view.sessions_by_id(self._untold)
            workloads = {row.id: row for row in await view.workloads({one.workload_id for one in sessions})}
        self._untold &= {session.id for session in sessions}
        for session in sessions:
            await self.publish(session, workloads[session.workload_id])

    async def live(self) -> list[Route]:
        """The routes of all sessions whose workloads are this control plane's, for a session proxy that begins."""
        async with self._store.reading() as view:
            workloads = {row.id: row for row in await view.unfinished_workloads(self._owners.mine)}
            sessions = await view.live_sessions(workloads.keys())
        self._told |= {session.id for session in sessions}
        return [route_of(one, workloads[one.workload_id], self._max_spark_sessions) for one in sessions]

    def concerns(self, session_id: str) -> bool:
        """Whether the end of a session may still have to be told here."""
        return session_id not in self._ended


def _see(done: asyncio.Task[None]) -> None:
    """An error that nobody waits for any more is no news: the end is told again."""
    if not done.cancelled():
        done.exception()
