"""A control plane's side of the route feed, for tests of the proxy that need no store."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lakesail_notebook import feed
from lakesail_notebook.control_plane.feed_server import FeedServer, FeedSource, Routes
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.feed import Route


class KeepingReports:
    """Keeps what it hears; grants what ALICE claims."""

    def __init__(self) -> None:
        self.claims: list[str] = []
        self.released_ids: list[str] = []
        self.python_sessions: list[str] = []
        self.used: list[feed.SessionActivity] = []
        self.operated: list[feed.OperationReport] = []
        self.refusals: list[feed.RefusedRpcs] = []
        self.fail = False
        self.failures = 0

    async def activity(self, reports: tuple[feed.SessionActivity, ...]) -> None:
        if self.fail:
            self.failures += 1
            raise Unavailable("the database is locked")
        self.used += reports

    async def operations(self, reports: tuple[feed.OperationReport, ...]) -> None:
        if self.fail:
            self.failures += 1
            raise Unavailable("the database is locked")
        self.operated += reports

    async def claim(self, session_id: str, caller: str, spark_session_id: str) -> str:
        self.claims.append(spark_session_id)
        return "granted" if caller == "ALICE" else "foreign"

    async def python_begins(self, session_id: str) -> bool:
        """All sessions but OVER live."""
        self.python_sessions.append(session_id)
        return session_id != "OVER"

    async def released(self, session_id: str, spark_session_id: str) -> None:
        if self.fail:
            self.failures += 1
            raise OSError("the disk is full")
        self.released_ids.append(spark_session_id)

    async def refused(self, refusals: tuple[feed.RefusedRpcs, ...]) -> None:
        self.refusals += refusals

    async def engine_lost(self, workload_id: str) -> None:
        return


async def no_routes() -> Sequence[Route]:
    return ()


def source(routes: Routes = no_routes, reports: KeepingReports | None = None) -> FeedSource:
    return FeedSource(
        issuer="us", public_keys=tuple, token_time=time.time, routes=routes, reports=reports or KeepingReports()
    )


def feed_server() -> FeedServer:
    """One that knows no session."""
    server = FeedServer()
    server.serve(source())
    return server
