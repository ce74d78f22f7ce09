"""Whether the kernels of a marimo server compute, as far as their use of the processor shows it.

A notebook that is edited has kernels of its own process each. The kernels of an app are threads of the server, beside
its main thread, which serves pages.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from .processor import used_by, used_by_ended_children

BUSY_SHARE = 0.1
"""Of one processor core: kernels that use as much compute."""
OLDEST_SECONDS = 30.0
"""An older look tells of the time on average: a kernel that computed long ago would count as one that computes."""


@dataclass(frozen=True, slots=True)
class Look:
    at: float
    """Seconds of a clock that is never set."""
    cpu_seconds: float
    """What the kernels had used of all cores, with the processes that kernels and terminals started."""
    running: frozenset[int]
    """The pids of those that ran, or waited for nothing but a core."""


def is_recent(look: Look, at: float) -> bool:
    """Whether what was used since a look is what is used now."""
    return at - look.at <= OLDEST_SECONDS


def computed_between(before: Look, after: Look) -> bool:
    """Whether a kernel computed. On a crowded machine it may get little of a core, but it wants one all the time."""
    share = after.cpu_seconds - before.cpu_seconds >= BUSY_SHARE * (after.at - before.at)
    return share or not before.running.isdisjoint(after.running)


def look_at_kernels(keeper: int, marimo: int) -> Look:
    """:param keeper: the pid of marimo's parent.
    :param marimo: the pid of the server.
    """
    at = time.monotonic()
    try:
        below = psutil.Process(keeper).children(recursive=True)
    except psutil.Error:
        return Look(at, 0.0, frozenset())
    used = sum(_used_by_threads(one) if one.pid == marimo else _used(one) for one in below)
    return Look(at, used, frozenset(one.pid for one in below if one.pid != marimo and _runs(one)))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_RUNNING)
    except psutil.Error:
        return False


def _used(process: psutil.Process) -> float:
    try:
        return used_by(process)
    except psutil.Error:
        return 0.0


def _used_by_threads(server: psutil.Process) -> float:
    """Of the server, without its main thread."""
    try:
        kernels = sum(one.user_time + one.system_time for one in server.threads() if one.id != server.pid)
        return float(kernels) + used_by_ended_children(server.cpu_times())
    except psutil.Error:
        return 0.0
