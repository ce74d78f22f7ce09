"""A process that does nothing but keep a session proxy, for tests that kill it."""

from __future__ import annotations

import asyncio

from lakesail_notebook.supervisor import ProxySupervisor


async def main() -> None:
    await ProxySupervisor(issuer="test", public_keys=tuple).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
