"""Starts one marimo server, and ends it with all that it started when the process that started this one ends.

Runs as ``python -P -m lakesail_notebook.marimo_process`` in the interpreter that is to run the notebook. It imports the
standard library alone. There are two processes: this one holds the lifeline, its child (:mod:`.keeper`) is marimo's
parent. Each ends what the other leaves behind, so neither may be killed without the end of marimo.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback

from .. import lifeline
from .command import Instructions
from .family import adopt_orphans, kill_descendants, reap
from .keeper import KILL_SECONDS, keep
from .watching import STANDARD_INPUT, Watch

_KEEPER_SECONDS = lifeline.GRACE_SECONDS
"""The keeper has so long to end marimo and itself."""
_LONGEST_LINE = 64 * 1024


def main() -> None:
    line = _first_line()
    if not line:
        return  # whoever started it is gone already
    wanted = Instructions.read(line)
    below, above = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(above)
        os.dup2(below, STANDARD_INPUT)
        os.close(below)
        _end_as(_kept(wanted))
    os.close(below)
    _end_as(_watch(keeper, above))


def _first_line() -> bytes:
    """Not by ``sys.stdin``, which would read more than the line."""
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
        byte = os.read(STANDARD_INPUT, 1)
        if not byte:
            return b""
        line += byte
    return line


def _kept(wanted: Instructions) -> int:
    try:
        return keep(wanted)
    except BaseException:
        traceback.print_exc()
        kill_descendants(KILL_SECONDS)
        return 1 << 8


def _watch(keeper: int, lifeline_of_keeper: int) -> int:
    """Until the keeper ends; its wait status. What it may have left behind is killed."""
    adopt_orphans()
    watch = Watch()
    ended = dict(reap())
    while keeper not in ended and not watch.wait(None):
        ended.update(reap())
    os.close(lifeline_of_keeper)
    if keeper not in ended:
        ended.update(_wait_for(keeper, watch))
    ended.update(kill_descendants(KILL_SECONDS))
    return ended.get(keeper, 0)


def _wait_for(keeper: int, watch: Watch) -> dict[int, int]:
    ended: dict[int, int] = {}
    until = time.monotonic() + _KEEPER_SECONDS
    while keeper not in ended and time.monotonic() < until:
        time.sleep(0.02)
        ended.update(reap())
    return ended


def _end_as(status: int) -> None:
    """End as a child has ended: with its exit code, or by the same signal."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the dump of interest is marimo's
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)


if __name__ == "__main__":
    main()
