"""What the processes of local workloads wrote, also of those that ended lately: people ask when it has gone wrong."""

from __future__ import annotations

from collections.abc import Sequence

from ...process import LogRing

KEPT_AFTER_THE_END = 20
"""Workloads."""


class WorkloadLogs:
    def __init__(self) -> None:
        self._rings: dict[str, list[LogRing]] = {}
        self._ended: list[str] = []

    def add(self, workload_id: str, ring: LogRing) -> None:
        """A process of the workload, after those before it."""
        self._rings.setdefault(workload_id, []).append(ring)

    def tail(self, workload_id: str, count: int) -> Sequence[str]:
        """The last lines of all its processes, in their order."""
        lines = [line for ring in self._rings.get(workload_id, []) for line in ring.tail()]
        return lines[-count:] if count > 0 else []

    def end(self, workload_id: str) -> None:
        """Nothing more is written; of the ended ones the latest are kept."""
        if workload_id in self._ended:
            return
        self._ended.append(workload_id)
        while len(self._ended) > KEPT_AFTER_THE_END:
            self._rings.pop(self._ended.pop(0), None)
