"""``python -m lakesail_notebook.proxy``: one :class:`~lakesail_notebook.feed.ProxyLaunch` line on standard input, which
then is the lifeline."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from ..errors import LakesailError
from ..feed import ProxyLaunch
from .server import serve

GRACE_SECONDS = 2.0
_STDIN = 0


def main() -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core holds tokens
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        launch = msgspec.json.decode(_read_line(_STDIN), type=ProxyLaunch)
    except msgspec.MsgspecError:
        print("lakesail_notebook.proxy is started by the control plane, with a line on standard input", file=sys.stderr)
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
    end = loop.call_soon_threadsafe
    threading.Thread(target=_hold_lifeline, args=(lambda: end(stop.set),), daemon=True).start()
    await serve(launch, stop)


def _read_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line


def _hold_lifeline(stop: Callable[[], object]) -> None:
    """Standard input ends with the control plane: stop; a proxy that cannot stop is killed."""
    while os.read(_STDIN, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        stop()
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
