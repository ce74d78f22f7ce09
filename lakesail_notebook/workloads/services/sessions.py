"""Sessions that are there: describe, list, close, keep and read them, and tokens for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ... import models
from ...clock import Clock, to_rfc3339
from ...errors import FailedPrecondition, NotFound, PermissionDenied
from ...ids import is_id
from ...models import LIVE_STATUSES
from ...tokens import TokenIssuer, TokenTime
from ..filters import PageKey
from ..ports import Audit, Backend, Kernels, Owners, Reading, Store
from ..reconciling.reconciler import Reconciler
from ..records import SessionRecord
from ..rules import access, lifecycle
from ..rules.access import Principal
from ..rules.markers import make_marker, read_marker
from ..settings import Settings
from .endpoints import Endpoints
from .quota_keeper import QuotaKeeper
from .views import config_view, member_view, query_view, service_account_view, session_view, workload_view


class Sessions:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        owners: Owners,
        kernels: Kernels,
        reconciler: Reconciler,
        endpoints: Endpoints,
        tokens: TokenIssuer,
        token_time: TokenTime,
        quotas: QuotaKeeper,
        audit: Audit | None,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._backends = backends
        self._owners = owners
        self._kernels = kernels
        self._reconciler = reconciler
        self._endpoints = endpoints
        self._tokens = tokens
        self._token_time = token_time
        self._quotas = quotas
        self._audit = audit
        self._clock = clock
        self._settings = settings

    async def describe(self, principal: Principal, session_id: str) -> models.Session:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
        return session_view(session, workload, principal, served=self._endpoints.served(workload))

    async def list(self, principal: Principal, query: models.SessionListQuery) -> models.SessionPage:
        """:raises InvalidArgument: for a marker of another list."""
        which = replace(
            access.visible_sessions(principal),
            team_id=query.team_id,
            endpoint_type=query.endpoint_type,
            status=query.status,
        )
        scope = f"sessions {replace(which, or_teams=frozenset())} {sorted(which.or_teams)}"
        after = None if query.marker is None else read_marker(query.marker, scope, self._store.marker_key)
        async with self._store.reading() as view:
            total = await view.count_sessions(which)
            found = await view.sessions(which, after=after, limit=query.limit + 1) if query.limit else []
            page = found[: query.limit]
            included = await _included(view, principal, page, self._endpoints)
        more = len(found) > query.limit
        return models.SessionPage(
            total=total,
            items=tuple(_reference(session) for session in page),
            included=included,
            marker=make_marker(_page_key(page[-1]), scope, self._store.marker_key) if more else None,
        )

    async def close(self, principal: Principal, session_id: str) -> None:
        """Close the session, now; closing a closed one changes nothing.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
        if not access.closes_session(principal, session):
            raise PermissionDenied(f"Only its owner or an administrator may close session {session_id}.")
        reason = access.closing_reason(principal, session)
        who = "you" if reason == "user_closed" else "an administrator"
        move = lifecycle.ending(
            session_id, "closed", self._clock.now(), reason, f"was closed by {who}", by=principal.id
        )
        await self._reconciler.end_session(session_id, move)

    async def extend(self, principal: Principal, session_id: str, wanted: models.SessionExtend) -> models.Session:
        """Keep the session for so long from now, though nobody uses it; its maximum duration stays.

        :raises LakesailError: not visible, over, or a duration out of range.
        """
        seconds = self._settings.limits.extension.value(wanted.duration_seconds, "/durationSeconds") or 0
        now = self._clock.now()
        async with self._store.writing() as unit:
            session = await find_session(unit, principal, session_id)
            if not access.extends_session(principal, session):
                raise PermissionDenied(f"Only its owner or an administrator may extend session {session_id}.")
            extended = await unit.extend_session(session_id, now + timedelta(seconds=seconds), now)
            if extended is None:
                raise _over(session)
            workload = await unit.workload(session.workload_id)
        return session_view(extended, workload, principal, served=self._endpoints.served(workload))

    async def engine_use(self, principal: Principal, session_id: str) -> models.EngineUse:
        """What the session's engine has used, as far as this server can see it.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
        backend = None if workload is None else self._backends.get(workload.cluster_id)
        return models.EngineUse(cpu_seconds=None if backend is None else await backend.cpu_seconds(session.workload_id))

    async def logs(self, principal: Principal, session_id: str, query: models.SessionLogsQuery) -> models.SessionLogs:
        """The last lines that the session's engine wrote, as far as this server has them.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            if not access.reads_logs(principal, session):
                raise PermissionDenied(f"Only its owner or an administrator may read the logs of session {session_id}.")
            workload = await view.workload(session.workload_id)
        backend = None if workload is None else self._backends.get(workload.cluster_id)
        lines = [] if backend is None else backend.log_tail(session.workload_id, query.tail)
        return models.SessionLogs(lines=tuple(lines))

    async def queries(
        self, principal: Principal, session_id: str, query: models.SessionQueriesQuery
    ) -> models.SessionQueries:
        """The session's latest queries, newest first, as the session proxy told of them.

        :raises NotFound: unknown, or not for the caller to see.
        :raises PermissionDenied: to everybody but its owner.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            if not access.reads_queries(principal, session):
                raise PermissionDenied(f"Only its owner may read the queries of session {session_id}.")
            found = await view.queries(session_id, limit=query.limit) if query.limit else []
        now = self._clock.now()
        return models.SessionQueries(items=tuple(query_view(one, session, now) for one in found))

    async def issue_token(
        self, principal: Principal, session_id: str, wanted: models.TokenCreate
    ) -> models.SessionToken:
        """A session token, cut to the end that the session's maximum duration sets.

        :raises LakesailError: not visible, not the caller's to use, over, or a duration out of range.
        """
        limit = self._settings.limits.token_duration
        seconds = limit.value(wanted.duration_seconds, "/durationSeconds") or 0
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
        if not access.issues_token(principal, session):
            raise PermissionDenied(f"Only its owner may have a token for session {session_id}.")
        if session.status not in LIVE_STATUSES:
            raise _over(session)
        now = self._clock.now()
        ahead = self._token_time.ahead_of(now)
        self._quotas.check_token(principal, now)
        expires_at = _token_end(session, now, seconds)
        await self._note_kernel(principal, session)
        token = self._tokens.issue(
            caller=principal.id,
            session_id=session.id,
            workload_id=session.workload_id,
            generation=session.generation,
            now=now + ahead,
            expires_at=expires_at + ahead,
        )
        if self._audit is not None:
            self._audit.token_issued(session, by=principal.id, at=now, expires_at=expires_at)
        return models.SessionToken(token=token, expires_at=to_rfc3339(expires_at))

    async def _note_kernel(self, principal: Principal, session: SessionRecord) -> None:
        """A kernel takes the place of one that is gone. A session of several kernels, or of one that the control
        plane of its engine cannot see, is nobody's in particular: the idle rules alone end it."""
        if principal.kernel_id is None or session.kernel_id is None or session.kernel_id == principal.kernel_id:
            return
        async with self._store.writing() as unit:
            workload = await unit.workload(session.workload_id)
            ours = workload is not None and workload.owner == self._owners.mine
            gone = not self._kernels.alive(session.kernel_id)
            await unit.set_kernel(session.id, principal.kernel_id if ours and gone else None)


def _over(session: SessionRecord) -> FailedPrecondition:
    return FailedPrecondition(
        session.status_message or f"Session {session.id} is {session.status}.", reason="session_closed"
    )


def _token_end(session: SessionRecord, now: datetime, seconds: int) -> datetime:
    """Whole seconds, since that is what a token can say."""
    end = now + timedelta(seconds=seconds)
    longest = session.timeouts.max_duration
    if longest is not None and session.active_since is not None:
        end = min(end, session.active_since + timedelta(seconds=longest))
    return end.replace(microsecond=0)


async def find_session(view: Reading, principal: Principal, session_id: str) -> SessionRecord:
    """:raises NotFound: unknown, or not for the caller to see."""
    session = await view.session(session_id) if is_id(session_id) else None
    if session is None or not access.sees_session(principal, session):
        raise NotFound("There is no such session.", reason="session_not_found")
    return session


async def _included(
    view: Reading, principal: Principal, page: list[SessionRecord], endpoints: Endpoints
) -> models.SessionIncluded:
    workloads = {workload.id: workload for workload in await view.workloads({row.workload_id for row in page})}
    configs = await view.configs_by_id({workload.config_id for workload in workloads.values()})
    members = await view.members({row.member_id for row in page if row.member_id is not None})
    accounts = await view.service_accounts_by_id(
        {row.service_account_id for row in page if row.service_account_id is not None}
    )
    sessions = [(row, workloads.get(row.workload_id)) for row in page]
    return models.SessionIncluded(
        sessions=tuple(session_view(row, on, principal, served=endpoints.served(on)) for row, on in sessions),
        members=tuple(member_view(member) for member in members),
        service_accounts=tuple(service_account_view(account) for account in accounts),
        workloads=tuple(workload_view(workload) for workload in workloads.values()),
        workload_configs=tuple(config_view(config) for config in configs if access.sees_config(principal, config)),
    )


def _reference(session: SessionRecord) -> models.SessionReference:
    return models.SessionReference(
        id=session.id,
        compute_instance_id=session.workload_id,
        member_id=session.member_id,
        service_account_id=session.service_account_id,
    )


def _page_key(session: SessionRecord) -> PageKey:
    return PageKey(session.created_at, session.id)
