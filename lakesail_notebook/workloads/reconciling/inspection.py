"""Whether engines still run: looked at in one batch for each backend, and when somebody gives a hint."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from ...errors import Unavailable
from ..ports import Backend, Observation, Owners
from ..records import Handle, WorkloadRecord
from ..store_port import Store
from .ending import Ending
from .steps import terminate

LOOK_SECONDS = 30.0
"""A backend that takes longer to answer is asked again later."""


class Inspection:
    def __init__(self, *, store: Store, backends: Mapping[str, Backend], owners: Owners, ending: Ending) -> None:
        self._store = store
        self._backends = backends
        self._owners = owners
        self._ending = ending

    async def look_at_all(self, cluster_id: str) -> None:
        """See which workloads of a cluster still run; the sessions of those that do not fail."""
        async with self._store.reading() as view:
            mine = await view.unfinished_workloads(self._owners.mine)
        await self._look(cluster_id, [row for row in mine if row.cluster_id == cluster_id])

    async def look_at(self, workload_id: str) -> None:
        """See whether one workload still runs."""
        async with self._store.reading() as view:
            workload = await view.workload(workload_id)
        if workload is not None and workload.cluster_id in self._backends:
            await self._look(workload.cluster_id, [workload])

    async def lost(self, cluster_id: str) -> list[str]:
        """Workloads whose engines this process still holds, though they are another control plane's by now."""
        held = self._backends[cluster_id].held()
        if not held:
            return []
        async with self._store.reading() as view:
            rows = {row.id: row for row in await view.workloads(held)}
        return [one for one in held if one not in rows or rows[one].owner != self._owners.mine]

    async def drop(self, cluster_id: str, workload_id: str) -> None:
        """Stop an engine that is not this control plane's any more."""
        async with self._store.reading() as view:
            workload = await view.workload(workload_id)
        if workload is not None and workload.owner == self._owners.mine:
            return
        handle = {} if workload is None or workload.handle is None else dict(workload.handle)
        await terminate(self._backends[cluster_id], workload_id, handle)

    async def _look(self, cluster_id: str, workloads: Collection[WorkloadRecord]) -> None:
        ready = {row.id: row for row in workloads if row.infra_status == "ready" and row.handle is not None}
        handles = {row.id: row.handle for row in ready.values() if row.handle is not None}
        seen = await self._inspect(cluster_id, handles) if handles else {}
        for workload_id, observation in seen.items():
            if observation.phase == "gone":
                what = f"failed: {observation.message or 'its engine is gone'}"
                ended = await self._ending.workload(ready[workload_id], "engine_crashed", what, expects={"ready"})
                await self._ending.tell(ended)

    async def _inspect(self, cluster_id: str, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._backends[cluster_id].inspect(handles)
        except TimeoutError as error:
            raise Unavailable(f"Cluster {cluster_id} did not say how its workloads are.") from error
