"""``python -m lakesail_notebook.session_proxy``: reads one
:class:`~lakesail_notebook.feed.ProxyLaunch` line from standard input, which then is the lifeline.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys

import msgspec

from .. import lifeline
from ..errors import LakesailError
from ..feed import ProxyLaunch
from .server import serve

_STDIN = 0


def main() -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds tokens
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        launch = msgspec.json.decode(_read_line(_STDIN), type=ProxyLaunch)
    except msgspec.MsgspecError:
        print(
            "lakesail_notebook.session_proxy is started by the control plane, with a line on standard input",
            file=sys.stderr,
        )
        return 2
    failures: list[str] = []
    try:
        asyncio.run(_run(launch))
    except* LakesailError as group:
        failures = [str(error) for error in group.exceptions]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


async def _run(launch: ProxyLaunch) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    lifeline.hold()
    await serve(launch, stop)


def _read_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line


if __name__ == "__main__":
    sys.exit(main())
