"""How sessions and workloads end: in one transaction, told once, and cleaned up after."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ...clock import Clock
from ...models import InfraStatus
from ..apps_port import Apps
from ..ports import Owners
from ..records import SessionRecord, TerminationReason, WorkloadRecord
from ..rules import lifecycle
from ..rules.lifecycle import UNFINISHED, SessionMove, WorkloadMove
from ..store_port import Store, Writing
from .routing import Routing
from .usage import Usage

Ended = tuple[SessionRecord, WorkloadRecord]


class Ending:
    def __init__(
        self, store: Store, routing: Routing, owners: Owners, usage: Usage, clock: Clock, apps: Apps | None = None
    ) -> None:
        self._store = store
        self._routing = routing
        self._owners = owners
        self._usage = usage
        self._clock = clock
        self._apps = apps

    async def session(self, session_id: str, decide: Callable[[SessionRecord], SessionMove | None]) -> Ended | None:
        """Close or fail a session as is decided in the transaction that does it; ``None`` when it is left as it is."""
        async with self._store.writing() as unit:
            stored = await unit.session(session_id)
            if stored is None:
                return None
            await unit.lock_workloads([stored.workload_id])
            stored = await unit.session(session_id)
            move = None if stored is None else decide(stored)
            session = None if move is None else await unit.move_session(session_id, move)
            if session is None or move is None:
                return None
            await unit.free_workload(session.workload_id, move.at)
            workload = await unit.workload(session.workload_id)
        self._forget(session_id)
        return None if workload is None else (session, workload)

    async def workload(
        self,
        workload: WorkloadRecord,
        reason: TerminationReason,
        what: str,
        *,
        expects: Collection[InfraStatus] = UNFINISHED,
        inherited: bool = False,
    ) -> list[Ended]:
        """Fail a workload and its sessions; the sessions that ended. What is left of it is cleaned up by a later step.

        :param what: goes on after "It" and after "Session X".
        :param expects: the statuses that this was decided for; in another one, nothing is done.
        :param inherited: it is another control plane's; nothing is done if a third has taken it over.
        """
        now = self._clock.now()
        async with self._store.writing() as unit:
            await unit.lock_workloads([workload.id])
            if inherited and not await unit.adopt_workload(workload.id, workload.owner, self._owners.mine):
                return []
            move = WorkloadMove(to="failed", at=now, message=f"It {what}.", expects=frozenset(expects))
            failed = await unit.move_workload(workload.id, move)
            if failed is None:
                return []
            ended = await _fail_sessions(unit, failed, lambda one: lifecycle.ending(one, "failed", now, reason, what))
        for session, _ in ended:
            self._forget(session.id)
        return ended

    def _forget(self, session_id: str) -> None:
        self._usage.forget(session_id)
        if self._apps is not None:
            self._apps.revoke(session_id)  # its processes end a moment later

    async def tell(self, ended: Collection[Ended]) -> None:
        """Tell the session proxies; a session that another control plane ended too."""
        for session, workload in ended:
            await self._routing.publish(session, workload)


async def _fail_sessions(unit: Writing, workload: WorkloadRecord, move_of: Callable[[str], SessionMove]) -> list[Ended]:
    ended: list[Ended] = []
    for session in sorted(await unit.live_sessions([workload.id]), key=lambda one: one.id):
        moved = await unit.move_session(session.id, move_of(session.id))
        ended += [] if moved is None else [(moved, workload)]
    return ended
