"""A control plane without a Jupyter server, for tests of the control plane itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from lakesail_notebook import models
from lakesail_notebook.backends.local.backend import LocalBackend
from lakesail_notebook.clock import Clock
from lakesail_notebook.control_plane.assembly import ControlPlane, ControlPlaneOptions, open_control_plane
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.quotas import Quotas
from lakesail_notebook.workloads.settings import LOCAL, SessionLimits, Settings

SOMEBODY = Principal(id="SOMEBODY", login="somebody", team_ids=(LOCAL,), organization_admin=True)
LINGER_SECONDS = 1


class NoKernels:
    """A server that has none."""

    def alive(self, kernel_id: str) -> bool:
        return False

    def living(self) -> frozenset[str]:
        return frozenset()

    def owner_of(self, kernel_id: str) -> str | None:
        return None


@contextlib.asynccontextmanager
async def control_plane(directory: Path, clock: Clock, limits: SessionLimits) -> AsyncIterator[ControlPlane]:
    """One on the database in ``directory``, with engines whose scratch directories are there too."""
    options = ControlPlaneOptions(
        database_url=f"sqlite:///{directory / 'sessions.db'}",
        signing_key_files=(),
        data_directory=directory / "keys",
        settings=Settings(limits=limits, quotas=Quotas(live_sessions_per_member=None)),
        proxy_hosts=(),
        proxy_port=0,
        proxy_public_endpoint=None,
        proxy_tls_certificate_file=None,
        proxy_tls_key_file=None,
    )
    backend = LocalBackend(server_root=str(directory))
    backend.linger_seconds = LINGER_SECONDS
    backend.scratch_directory = str(directory)
    plane = await open_control_plane(options, {LOCAL: backend}, NoKernels(), clock)
    try:
        yield plane
    finally:
        await plane.close()


async def eventually(look: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not await look():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


async def workload_status(plane: ControlPlane, session_id: str) -> str:
    """The infrastructure status of a session's workload."""
    page = await plane.sessions.list(SOMEBODY, models.SessionListQuery())
    session = next(session for session in page.included.sessions if session.id == session_id)
    return next(row.infra_status for row in page.included.workloads if row.id == session.workload_id)
