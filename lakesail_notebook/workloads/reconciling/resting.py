"""Freed engines: one that computes on is stopped, one that rests may be given to the next session."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from ...clock import Clock
from ..ports import Backend
from ..records import WorkloadRecord
from ..rules.engine_rest import Reading, look_is_due, rest_between
from ..store_port import Store

log = logging.getLogger(__name__)

_Key = tuple[str, datetime]
"""A workload, and since when it is free."""


class Resting:
    def __init__(self, store: Store, backends: Mapping[str, Backend], clock: Clock) -> None:
        self._store = store
        self._backends = backends
        self._clock = clock
        self._readings: dict[_Key, Reading] = {}

    def due(self, workload: WorkloadRecord) -> bool:
        """Whether it is time to look at a workload."""
        if workload.freed_at is None or workload.target != "running" or workload.infra_status != "ready":
            return False
        reading = self._readings.get((workload.id, workload.freed_at))
        return look_is_due(reading, rested=workload.rested_at is not None, now=self._clock.monotonic())

    def remember_only(self, workloads: Collection[WorkloadRecord]) -> None:
        """Forget what was seen of all others."""
        free = {(workload.id, workload.freed_at) for workload in workloads}
        self._readings = {key: reading for key, reading in self._readings.items() if key in free}

    async def look(self, workload: WorkloadRecord) -> None:
        """See whether a freed workload computes. A session may take it meanwhile: then nothing is changed."""
        if workload.freed_at is None:
            return
        key = (workload.id, workload.freed_at)
        earlier, later = self._readings.get(key), await self._reading(workload)
        self._readings[key] = later
        rest = rest_between(earlier, later)
        now = self._clock.now()
        if rest == "busy":
            log.warning("reconciler: workload %s computes on without a session; stopping it", workload.id)
            async with self._store.writing() as unit:
                await unit.retire_workload(workload.id, now)
        elif rest == "at rest" and workload.rested_at is None:
            async with self._store.writing() as unit:
                await unit.mark_rested(workload.id, workload.freed_at, now)

    async def _reading(self, workload: WorkloadRecord) -> Reading:
        backend = self._backends.get(workload.cluster_id)
        if backend is None:
            return Reading(self._clock.monotonic(), None)
        use = await backend.engine_use(workload.id)
        return Reading(self._clock.monotonic(), use)
