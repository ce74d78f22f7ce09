"""What this control plane's session proxies know: each session's routes, and its end, once."""

from __future__ import annotations

from ...feed import Route
from ..ports import Owners, SessionProxy, Store
from ..records import SessionRecord, WorkloadRecord
from ..rules.routes import route_of


class Routing:
    def __init__(self, store: Store, proxy: SessionProxy, owners: Owners, max_spark_sessions: int) -> None:
        self._store = store
        self._proxy = proxy
        self._owners = owners
        self._max_spark_sessions = max_spark_sessions
        self._told: set[str] = set()
        """Sessions of which a proxy knows a route that is not closed."""

    async def publish(self, session: SessionRecord, workload: WorkloadRecord) -> None:
        """Tell the route of a session as it is now.

        An end is told once, by whoever comes first, and to the proxies that knew the session. It returns when they
        confirmed it. What could not be told can be told again.
        """
        route = route_of(session, workload, self._max_spark_sessions)
        if route.state != "closed":
            self._told.add(session.id)
        elif session.id not in self._told:
            return
        self._told.discard(session.id) if route.state == "closed" else None
        try:
            await self._proxy.publish(route)
        except BaseException:
            self._told.add(session.id)
            raise

    async def publish_sessions_of(self, workload: WorkloadRecord) -> None:
        async with self._store.reading() as view:
            sessions = await view.live_sessions([workload.id])
        for session in sessions:
            await self.publish(session, workload)

    async def live(self) -> list[Route]:
        """The routes of all sessions whose workloads are this control plane's, for a session proxy that begins."""
        async with self._store.reading() as view:
            workloads = {row.id: row for row in await view.unfinished_workloads(self._owners.mine)}
            sessions = await view.live_sessions(workloads.keys())
        self._told |= {session.id for session in sessions}
        return [route_of(one, workloads[one.workload_id], self._max_spark_sessions) for one in sessions]

    def knows(self, session_id: str) -> bool:
        """Whether a proxy of ours may still let something of the session pass."""
        return session_id in self._told
