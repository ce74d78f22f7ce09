"""Spark sessions: bound to their first user before anything is forwarded, few at a time, dead once they are stopped."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..cures import with_cure
from ..errors import LakesailError, PermissionDenied, ResourceExhausted
from ..feed import ClaimAnswer, Route
from ..process_identity import Holder
from .auth import SessionClosed, SparkSessionStopped
from .feed_client import FeedClient
from .operation import SparkSession

Release = Callable[[Route, Sequence[SparkSession]], Awaitable[None]]
_REMEMBERED_STOPPED = 1000


@dataclass(slots=True)
class _Known:
    """The Spark sessions of one session, as far as this proxy has met them."""

    route: Route
    """Where they were granted; the address of their engine does not change."""
    granted: OrderedDict[SparkSession, int] = field(default_factory=OrderedDict)
    """The living ones, the longest unused first, and how many RPCs each has in flight."""
    holders: dict[SparkSession, Holder] = field(default_factory=dict)
    """The processes that some of them end with."""
    stopped: OrderedDict[SparkSession, None] = field(default_factory=OrderedDict)
    """PySpark goes on to release what a stopped one ran: hundreds of RPCs, which must not ask the control plane."""

    def stop(self, spark_session: SparkSession) -> None:
        self.granted.pop(spark_session, None)
        self.holders.pop(spark_session, None)
        self.stopped[spark_session] = None
        if len(self.stopped) > _REMEMBERED_STOPPED:
            self.stopped.popitem(last=False)


class SparkSessions:
    """Which Spark sessions are known to be whose.

    What the control plane granted once is remembered while the session lives. ``release`` ends some in the engine.
    """

    def __init__(self, feed: FeedClient, release: Release) -> None:
        self._feed = feed
        self._release = release
        self._known: dict[str, _Known] = {}

    async def end_all(self, session_id: str) -> None:
        """The session is over: release in the engine what still lives there of it.

        The engine may go on for other sessions, and would keep every view and every cached relation.
        """
        known = self._known.pop(session_id, None)
        if known is not None and known.granted:
            await self._release(known.route, tuple(known.granted))

    async def claim(self, route: Route, spark_session: SparkSession) -> None:
        """Make sure that the Spark session belongs to this caller and lives.

        :raises PermissionDenied: when it is somebody else's.
        :raises SparkSessionStopped: when it was stopped.
        :raises ResourceExhausted: when the session has too many, all of them busy.
        """
        known = self._known.get(route.session_id, _Known(route))
        if spark_session in known.granted:
            return
        if spark_session in known.stopped:
            raise stopped()
        answer = await self._feed.claim(spark_session)
        if answer.reason == "limit" and await self._make_room(route):
            answer = await self._feed.claim(spark_session)
        if not answer.granted:
            raise self._refusal(answer, route, spark_session)
        self._of(route).granted.setdefault(spark_session, 0)

    def _refusal(self, answer: ClaimAnswer, route: Route, spark_session: SparkSession) -> LakesailError:
        if answer.reason == "foreign":
            return PermissionDenied("The Spark session belongs to somebody else.")
        if answer.reason == "released":
            self._of(route).stop(spark_session)
            return stopped()
        if answer.reason == "closed":
            return SessionClosed(with_cure(f"Session {route.session_id} is closed."))
        return ResourceExhausted(
            f"Session {route.session_id} has {route.max_spark_sessions} Spark sessions, the most allowed; "
            "stop one with spark.stop()."
        )

    def ends_with(self, spark_session: SparkSession, holder: Holder) -> None:
        """From now on, a granted Spark session is an orphan once this process has ended."""
        known = self._known.get(spark_session.session_id)
        if known is not None and spark_session in known.granted:
            known.holders[spark_session] = holder

    def orphans(self) -> list[tuple[Route, SparkSession]]:
        """The Spark sessions whose processes have ended, with where they were granted."""
        return [
            (known.route, spark_session)
            for known in self._known.values()
            for spark_session, holder in known.holders.items()
            if holder.gone
        ]

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
        self.ended(route, spark_session)
        await self._release(route, (spark_session,))

    def ended(self, route: Route, spark_session: SparkSession) -> None:
        """The id is dead, whoever ended it."""
        self._of(route).stop(spark_session)
        self._feed.released(spark_session)

    async def _make_room(self, route: Route) -> bool:
        granted = self._known.get(route.session_id, _Known(route)).granted
        longest_unused = next((spark_session for spark_session, running in granted.items() if running == 0), None)
        if longest_unused is None:
            return False
        await self.end(route, longest_unused)
        return True

    def _count(self, spark_session: SparkSession, change: int) -> None:
        known = self._known.get(spark_session.session_id)
        if known is not None and spark_session in known.granted:
            known.granted[spark_session] += change
            known.granted.move_to_end(spark_session)

    def _of(self, route: Route) -> _Known:
        return self._known.setdefault(route.session_id, _Known(route))


def stopped() -> SparkSessionStopped:
    return SparkSessionStopped("This Spark session was stopped; run %sail connect to get a new one.")
