"""What the kernels of a marimo server have used of the processor.

A notebook that is edited has kernels of its own process each. The kernels of an app are threads of the server, beside
its main thread, which serves pages.
"""

from __future__ import annotations

import psutil


def cpu_seconds_of_kernels(keeper: int, marimo: int) -> float:
    """Of all cores, with the processes that kernels and terminals started; 0 when they are gone.

    :param keeper: the pid of marimo's parent.
    :param marimo: the pid of the server.
    """
    try:
        below = psutil.Process(keeper).children(recursive=True)
    except psutil.Error:
        return 0.0
    return sum(_used_by_threads(one) if one.pid == marimo else _used(one) for one in below)


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + _of_ended_children(times))


def _used_by_threads(server: psutil.Process) -> float:
    """Of the server, without its main thread."""
    try:
        kernels = sum(one.user_time + one.system_time for one in server.threads() if one.id != server.pid)
        return float(kernels + _of_ended_children(server.cpu_times()))
    except psutil.Error:
        return 0.0


def _of_ended_children(times: object) -> float:
    """Where the system counts it: what a kernel has used does not vanish when its process ends."""
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))
