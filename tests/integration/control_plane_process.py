"""A process that does nothing but keep a session proxy, for tests that kill it."""

from __future__ import annotations

import asyncio

from lakesail_notebook.control_plane.supervisor import ProxySupervisor
from tests.feeds import source


async def main() -> None:
    supervisor = ProxySupervisor()
    supervisor.serve(source())
    await supervisor.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
