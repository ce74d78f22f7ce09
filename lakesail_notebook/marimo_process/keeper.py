"""The process that is marimo's parent. It leads a session of its own and leaves nothing of marimo behind.

It ends when its own parent does, in whatever way; and its parent ends what is left when this process is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress

from .command import Instructions, marimo_command
from .family import adopt_orphans, die_with_parent, kill_descendants, reap
from .serving import Unguarded, hold_free_port, may_stay_bound, serves
from .watching import Watch

STOP_SECONDS = 1.3
"""marimo has so long to end its kernels by itself."""
KILL_SECONDS = 3.0
_BETWEEN_PROBES_SECONDS = 0.05
_STANDARD_ERROR = 2
_UNGUARDED = 4


def keep(wanted: Instructions) -> int:
    """Run marimo until it ends, or this process is to end; the wait status of marimo."""
    os.setsid()
    adopt_orphans()
    watch = Watch()
    held = hold_free_port()
    port = held.getsockname()[1]
    if not may_stay_bound():
        held.close()
    process = _started(wanted, port)
    marimo = process.pid
    told_to_stop, serving = False, False
    while not told_to_stop:
        told_to_stop = watch.wait(None if serving else _BETWEEN_PROBES_SECONDS)
        ended = reap()
        if marimo in ended:
            kill_descendants(KILL_SECONDS)
            return ended[marimo]
        if not serving and not told_to_stop:
            try:
                serving = serves(port, wanted.base_url)
            except Unguarded as error:
                os.write(_STANDARD_ERROR, f"{error}\n".encode())
                kill_descendants(KILL_SECONDS)
                return _UNGUARDED << 8
            if serving:
                print(json.dumps({"ready": {"port": port, "marimo": marimo, "keeper": os.getpid()}}), flush=True)
    return _end(marimo)


def _started(wanted: Instructions, port: int) -> subprocess.Popen[bytes]:
    """marimo writes to standard error alone: what this process says on standard output is not marimo's."""
    marimo = subprocess.Popen(
        marimo_command(wanted, port),
        stdin=subprocess.PIPE,
        stdout=_STANDARD_ERROR,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    assert marimo.stdin is not None
    with suppress(BrokenPipeError):  # it has ended already; its status tells
        marimo.stdin.write(wanted.token.encode())
        marimo.stdin.close()
    return marimo


def _end(marimo: int) -> int:
    """Ask marimo to end, then kill whatever is left."""
    ended: dict[int, int] = {}
    until = time.monotonic() + STOP_SECONDS
    with suppress(ProcessLookupError):
        os.kill(marimo, signal.SIGTERM)
    while marimo not in ended and time.monotonic() < until:
        time.sleep(_BETWEEN_PROBES_SECONDS)
        ended.update(reap())
    ended.update(kill_descendants(KILL_SECONDS))
    return ended.get(marimo, 0)
