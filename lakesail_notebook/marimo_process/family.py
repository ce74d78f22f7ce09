"""A process and all that it started, however far down, and in whatever process group or session.

On Linux an orphan becomes a child of the next subreaper above it. So a process that calls :func:`adopt_orphans` finds
among its descendants whatever it started, also what has detached itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_ON_LINUX = sys.platform == "linux"
_BETWEEN_LOOKS_SECONDS = 0.02
_libc = ctypes.CDLL(None) if _ON_LINUX else None


def adopt_orphans() -> None:
    """Become the parent of every descendant whose parent ends. Linux alone can."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """In a new process: be killed when its parent ends. Linux alone can."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def reap() -> Mapping[int, int]:
    """The wait status of each child that has ended since the last time, by pid."""
    ended: dict[int, int] = {}
    with suppress(ChildProcessError):
        while (child := os.waitpid(-1, os.WNOHANG))[0]:
            ended[child[0]] = child[1]
    return ended


def kill_descendants(seconds: float) -> Mapping[int, int]:
    """SIGKILL to all that this process started; what :func:`reap` tells of it.

    A process may start others while it is looked for, so it looks until nothing is left.

    :param seconds: so long at most; a process that waits for a broken disk cannot be killed.
    """
    ended = dict(reap())
    until = time.monotonic() + seconds
    while (left := descendants(os.getpid())) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_BETWEEN_LOOKS_SECONDS)
        ended.update(reap())
    return ended


def descendants(root: int) -> frozenset[int]:
    """The pids of the processes below one, those that have ended and nobody has reaped included."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    below = list(children.get(root, ()))
    while below:
        pid = below.pop()
        if pid not in found:
            found.add(pid)
            below += children.get(pid, ())
    return frozenset(found)


def _parents() -> dict[int, int]:
    """Of each process of this machine, its parent."""
    return _parents_on_linux() if _ON_LINUX else _parents_elsewhere()


def _parents_on_linux() -> dict[int, int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # Field 4 of proc(5); the name before the last ")" may hold anything.
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    return parents


def _parents_elsewhere() -> dict[int, int]:
    ps = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False)
    pairs = (line.split() for line in ps.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent in pairs}
