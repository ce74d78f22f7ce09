"""Spark sessions: bound to their first user before anything is forwarded, few at a time, dead once they are stopped."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator

from ..errors import PermissionDenied, ResourceExhausted
from ..feed import Route
from .auth import SessionClosed, SparkSessionStopped
from .feed_client import FeedClient
from .operations import SparkSession

Release = Callable[[Route, SparkSession], Awaitable[None]]


class SparkSessions:
    """Which Spark sessions are known to be whose.

    What the control plane granted once is remembered while the session lives. ``release`` ends one in the engine.
    """

    def __init__(self, feed: FeedClient, release: Release) -> None:
        self._feed = feed
        self._release = release
        self._granted: dict[str, OrderedDict[SparkSession, int]] = {}

    def forget(self, session_id: str) -> None:
        """The session is over."""
        self._granted.pop(session_id, None)

    async def claim(self, route: Route, spark_session: SparkSession) -> None:
        """Make sure that the Spark session belongs to this caller and lives.

        :raises PermissionDenied: when it is somebody else's.
        :raises SparkSessionStopped: when it was stopped.
        :raises ResourceExhausted: when the session has too many, all of them busy.
        """
        if spark_session in self._granted.get(route.session_id, ()):
            return
        answer = await self._feed.claim(spark_session)
        if answer.reason == "limit" and await self._make_room(route):
            answer = await self._feed.claim(spark_session)
        if answer.granted:
            self._granted.setdefault(route.session_id, OrderedDict()).setdefault(spark_session, 0)
            return
        if answer.reason == "foreign":
            raise PermissionDenied("The Spark session belongs to somebody else.")
        if answer.reason == "released":
            raise stopped()
        if answer.reason == "closed":
            raise SessionClosed(f"Session {route.session_id} is closed; run %sail connect to start a new one.")
        raise ResourceExhausted(
            f"Session {route.session_id} has {route.max_spark_sessions} Spark sessions, the most allowed; "
            "stop one with spark.stop()."
        )

    @contextlib.contextmanager
    def using(self, spark_session: SparkSession) -> Iterator[None]:
        """While an RPC of the Spark session runs, it is not released to make room."""
        self._count(spark_session, 1)
        try:
            yield
        finally:
            self._count(spark_session, -1)

    async def end(self, route: Route, spark_session: SparkSession) -> None:
        """Release a claimed Spark session in the engine and for good."""
        self.ended(spark_session)
        await self._release(route, spark_session)

    def ended(self, spark_session: SparkSession) -> None:
        """The id is dead, whoever ended it."""
        self._granted.get(spark_session.session_id, OrderedDict()).pop(spark_session, None)
        self._feed.released(spark_session)

    async def _make_room(self, route: Route) -> bool:
        granted = self._granted.get(route.session_id, OrderedDict())
        longest_unused = next((known for known, running in granted.items() if running == 0), None)
        if longest_unused is None:
            return False
        await self.end(route, longest_unused)
        return True

    def _count(self, spark_session: SparkSession, change: int) -> None:
        granted = self._granted.get(spark_session.session_id)
        if granted is not None and spark_session in granted:
            granted[spark_session] += change
            granted.move_to_end(spark_session)


def stopped() -> SparkSessionStopped:
    return SparkSessionStopped("This Spark session was stopped; run %sail connect to get a new one.")
