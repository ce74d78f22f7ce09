"""What processes use of this machine's processor."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Collection

import psutil

from ...workloads.rules.engine_use import EngineUse

_FOUND_AGAIN_SECONDS = 5.0
_SAMPLES = 4
_BETWEEN_SAMPLES_SECONDS = 0.005
_RUNNABLE = b"R"
_ON_LINUX = sys.platform.startswith("linux")


class _Families:
    """The processes that processes have started. To find them, all processes of the machine are read: an engine is
    looked at every second, and starts its workers when it starts itself. Threads may share it."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[float, list[psutil.Process]]] = {}

    def of(self, root: psutil.Process) -> list[psutil.Process]:
        """:raises psutil.Error: when it is gone."""
        now = time.monotonic()
        at, found = self._found.get(root.pid, (-_FOUND_AGAIN_SECONDS, []))
        if now - at < _FOUND_AGAIN_SECONDS and (not found or found[0] == root):
            return [root, *(one for one in found[1:] if one.is_running())]
        found = [root, *root.children(recursive=True)]
        self._found = {pid: kept for pid, kept in self._found.items() if now - kept[0] < _FOUND_AGAIN_SECONDS}
        self._found[root.pid] = (now, found)
        return found


_FAMILIES = _Families()


def use_of(pid: int) -> EngineUse | None:
    """Of a process and of those that it started; ``None`` when it is gone."""
    try:
        engine = psutil.Process(pid)
        all_of_it = _FAMILIES.of(engine)
        used = used_by(engine)
    except psutil.Error:
        return None
    for one in all_of_it[1:]:
        with contextlib.suppress(psutil.Error):  # it has just ended, and the engine has not
            used += used_by(one)
    runnable = _runnable_threads([one.pid for one in all_of_it]) if _ON_LINUX else None
    return EngineUse(used, runnable)


def used_by(process: psutil.Process) -> float:
    """Seconds of all cores.

    :raises psutil.Error: when it is gone.
    """
    times = process.cpu_times()
    return float(times.user + times.system) + used_by_ended_children(times)


def used_by_ended_children(times: object) -> float:
    """Where the system counts it: what a process has used does not vanish with it.

    :param times: of the parent.
    """
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


def _runnable_threads(pids: Collection[int]) -> float:
    """On average of some samples: a thread that rests wakes up now and then for a moment."""
    runnable = 0
    for sample in range(_SAMPLES):
        if sample:
            time.sleep(_BETWEEN_SAMPLES_SECONDS)
        runnable += sum(_is_runnable(task) for pid in pids for task in _tasks(pid))
    return runnable / _SAMPLES


def _tasks(pid: int) -> list[str]:
    """The directories of its threads."""
    root = f"/proc/{pid}/task"
    try:
        return [f"{root}/{thread}" for thread in os.listdir(root)]
    except OSError:  # it has ended
        return []


def _is_runnable(task: str) -> bool:
    """The state comes after the name, which is in brackets and may hold brackets itself."""
    try:
        with open(f"{task}/stat", "rb", buffering=0) as file:
            _, _, state = file.read().rpartition(b") ")
    except OSError:  # it has ended
        return False
    return state.startswith(_RUNNABLE)
