"""A control plane that kills itself with SIGKILL after its n-th committed change: ``DIRECTORY N``.

It starts a session, closes it, relaunches it and closes that one too, saying each id; ``done`` if it lives to the end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.assembly import ControlPlane
from lakesail_notebook.workloads.settings import SessionLimits
from tests.integration.planes import SOMEBODY, control_plane, eventually, workload_status


class KillAfter:
    """Watches SQLAlchemy's connections, as any program may; the product knows nothing of it."""

    def __init__(self, commits: int) -> None:
        self._left = commits
        sa.event.listen(sa.engine.Engine, "before_cursor_execute", self._note_begin)
        sa.event.listen(sa.engine.Engine, "commit", self._note_commit)
        sa.event.listen(sa.pool.Pool, "checkin", self._note_end)

    def _note_begin(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        connection.info["changes"] = connection.info.get("changes", False) or statement == "BEGIN IMMEDIATE"

    def _note_commit(self, connection: Any) -> None:
        if connection.info.pop("changes", False):
            self._left -= 1

    def _note_end(self, *_: Any) -> None:
        """The commit is done: the connection goes back."""
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(directory: Path) -> None:
    async with control_plane(directory, SystemClock(), SessionLimits()) as plane:
        first = await plane.launches.create(SOMEBODY, models.SessionCreate())
        await _ready_then_closed(plane, first.id)
        second = await plane.launches.relaunch(SOMEBODY, first.id)
        await _ready_then_closed(plane, second.id)
    print("done", flush=True)


async def _ready_then_closed(plane: ControlPlane, session_id: str) -> None:
    print(session_id, flush=True)

    async def is_ready() -> bool:
        return await workload_status(plane, session_id) == "ready"

    await eventually(is_ready, 60, "the engine is ready")
    await plane.sessions.close(SOMEBODY, session_id)


if __name__ == "__main__":
    KillAfter(int(sys.argv[2]))
    asyncio.run(main(Path(sys.argv[1])))
