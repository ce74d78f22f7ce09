"""What an engine uses of this machine's processor."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from pathlib import Path

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
        all_of_it = _FAMILIES.of(psutil.Process(pid))
        used = [one.cpu_times() for one in all_of_it]
    except psutil.Error:
        return None
    runnable = _runnable_threads([one.pid for one in all_of_it]) if _ON_LINUX else None
    return EngineUse(float(sum(times.user + times.system for times in used)), runnable)


def _runnable_threads(pids: Collection[int]) -> float:
    """On average of some samples: a thread that rests wakes up now and then for a moment."""
    runnable = 0
    for sample in range(_SAMPLES):
        if sample:
            time.sleep(_BETWEEN_SAMPLES_SECONDS)
        runnable += sum(_is_runnable(task) for pid in pids for task in _tasks(pid))
    return runnable / _SAMPLES


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it has ended
        return []


def _is_runnable(task: Path) -> bool:
    """The state comes after the name, which is in brackets and may hold brackets itself."""
    try:
        _, _, state = (task / "stat").read_bytes().rpartition(b") ")
    except OSError:  # it has ended
        return False
    return state.startswith(_RUNNABLE)
