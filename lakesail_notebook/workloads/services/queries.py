"""What a session's owner runs on it: the list, and interrupts."""

from __future__ import annotations

from collections.abc import Sequence

from ... import models
from ...clock import Clock
from ...errors import FailedPrecondition, NotFound
from ...models import LIVE_STATUSES
from ..logins import tell_logins
from ..ports import Audit, Owners, QueryInterrupts, QueryReports
from ..reconciling.engine_watch import EngineWatch
from ..records import SessionRecord, WorkloadRecord
from ..rules import access, queries
from ..rules.access import Principal
from ..rules.queries import Action
from ..store_port import Reading, Store
from .session_tokens import denied, find_session
from .views import query_view

INTERRUPT_SECONDS = 5.0
"""A session proxy that does not answer within so long is said to be away."""
FLUSH_SECONDS = 2.0
"""A session proxy that does not report within so long is not waited for: what is known is shown.

It answers at once, so only a stopped process or a very busy machine takes longer."""


class QueryService:
    def __init__(
        self,
        *,
        store: Store,
        reports: QueryReports,
        interrupts: QueryInterrupts,
        owners: Owners,
        engines: EngineWatch,
        audit: Audit | None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reports = reports
        self._interrupts = interrupts
        self._owners = owners
        self._engines = engines
        self._audit = audit
        self._clock = clock

    async def latest(
        self, principal: Principal, session_id: str, query: models.SessionQueriesQuery
    ) -> models.SessionQueries:
        """The latest actions of the session's owner, newest first, up to this moment.

        :raises NotFound: unknown, or not for the caller to see.
        :raises PermissionDenied: to everybody but its owner.
        """
        async with self._store.reading() as view:
            self._require_owner(principal, await find_session(view, principal, session_id))
        await self._reports.flush_queries(FLUSH_SECONDS)
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
            operations = await view.queries(session_id, limit=queries.KEPT) if query.limit else []
            shared = await _is_shared(view, session)
        actions = queries.actions_of(operations)
        return models.SessionQueries(items=self._views(actions, session, workload, shared=shared)[: query.limit])

    async def interrupt(
        self, principal: Principal, session_id: str, wanted: models.SessionInterrupt
    ) -> models.InterruptedQueries:
        """End what runs on the session, or one query of it, whichever clients run it.

        :raises NotFound: no such session, or none for the caller to see; or no such query of it.
        :raises PermissionDenied: to everybody but its owner.
        :raises FailedPrecondition: when another control plane carries the session.
        :raises Unavailable: when the session proxy does not answer.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
            if self._audit is not None:
                await tell_logins(self._audit, view, (session.caller_id,))
        if not access.interrupts_queries(principal, session):
            raise denied(session, f"Only its owner may interrupt the queries of session {session_id}.")
        ended: tuple[str, ...] = ()
        if session.status in LIVE_STATUSES:
            self._require_ours(session, workload)
            ended = await self._interrupts.interrupt_queries(session_id, wanted.query_id, INTERRUPT_SECONDS)
        if ended and self._audit is not None:
            self._audit.queries_interrupted(session, ended, by=principal.id, at=self._clock.now())
        if wanted.query_id is not None and not ended:
            await self._require_known(session_id, wanted.query_id)
        return models.InterruptedQueries(interrupted=ended)

    def _require_ours(self, session: SessionRecord, workload: WorkloadRecord | None) -> None:
        if workload is not None and workload.owner != self._owners.mine:
            raise FailedPrecondition(
                f"Session {session.id} runs on another Jupyter server that shares this database, so its queries cannot "
                "be interrupted from here. Interrupt the cell that runs them, or interrupt them on that server.",
                reason="other_server",
            )

    async def _require_known(self, session_id: str, query_id: str) -> None:
        async with self._store.reading() as view:
            operations = await view.queries(session_id, limit=queries.KEPT)
        if not any(query_id in {one.id, one.action_id} for one in operations):
            raise NotFound(f"Session {session_id} has no query {query_id}.", reason="query_not_found")

    def _require_owner(self, principal: Principal, session: SessionRecord) -> None:
        if not access.reads_queries(principal, session):
            raise denied(session, f"Only its owner may read the queries of session {session.id}.")

    def _views(
        self, actions: Sequence[Action], session: SessionRecord, workload: WorkloadRecord | None, *, shared: bool
    ) -> tuple[models.Query, ...]:
        now = self._clock.now()
        states = [queries.state_of(action.decisive, session, now) for action in actions]
        lives = workload is not None and workload.infra_status == "ready"
        seen = self._engines.seen(session.workload_id)
        suspects = sum(queries.may_compute(outcome, ended_at, seen) for outcome, ended_at in states)
        running = any(outcome == "running" for outcome, _ in states)
        only_suspect = suspects == 1 and not running and not shared
        return tuple(
            query_view(
                action.query,
                session,
                now,
                engine_busy=lives
                and queries.engine_busy(
                    action.decisive,
                    outcome,
                    ended_at,
                    seen,
                    computed=self._engines.computed(action.decisive),
                    only_suspect=only_suspect,
                    now=now,
                ),
            )
            for action, (outcome, ended_at) in zip(actions, states, strict=True)
        )


async def _is_shared(view: Reading, session: SessionRecord) -> bool:
    """Whether other sessions use the engine, so that it may be busy with theirs."""
    if session.status not in LIVE_STATUSES:
        return True
    return len(await view.live_sessions({session.workload_id})) > 1
