"""Sessions that are there: describe, list, close, keep and read them, and tokens for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import msgspec

from ... import models
from ...clock import Clock
from ...models.own_variables import changed_between, own_variables
from ..apps_port import Apps
from ..environments import Environments
from ..filters import PageKey
from ..ports import Backend
from ..reconciling.reconciler import Reconciler
from ..records import SessionRecord
from ..rules import access
from ..rules.access import Principal
from ..rules.apps import merged_tail
from ..rules.closing import check_reason, closing
from ..rules.markers import make_marker, read_marker
from ..settings import Settings
from ..store_port import Reading, Store
from .queries import QueryService
from .session_tokens import SessionTokenService, denied, find_session, over
from .session_views import SessionViews, read_around
from .views import config_view, member_view, service_account_view, workload_view


class Sessions:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        environments: Environments,
        reconciler: Reconciler,
        session_tokens: SessionTokenService,
        queries: QueryService,
        views: SessionViews,
        clock: Clock,
        settings: Settings,
        apps: Apps | None = None,
    ) -> None:
        self._store = store
        self._apps = apps
        self._backends = backends
        self._environments = environments
        self._reconciler = reconciler
        self._session_tokens = session_tokens
        self._queries = queries
        self._views = views
        self._clock = clock
        self._settings = settings

    async def describe(self, principal: Principal, session_id: str) -> models.Session:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            return await self._views.one_with_link(view, session, principal)

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
            included = await _included(view, principal, page, self._views)
        more = len(found) > query.limit
        return models.SessionPage(
            total=total,
            items=tuple(_reference(session) for session in page),
            included=included,
            marker=make_marker(_page_key(page[-1]), scope, self._store.marker_key) if more else None,
        )

    async def close(self, principal: Principal, session_id: str, wanted: models.SessionClose | None = None) -> None:
        """Close the session, now; closing a closed one changes nothing.

        :param wanted: ``None``: by the operation of the reference, which has no place for a reason.
        :raises NotFound: unknown, or not for the caller to see.
        :raises InvalidArgument: for a reason that cannot be read, or that is missing.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
        if not access.closes_session(principal, session):
            raise denied(session, f"Only its owner or an administrator may close session {session_id}.")
        if wanted is not None:
            check_reason(principal, session, wanted.reason)
        reason = None if wanted is None else wanted.reason
        await self._reconciler.end_session(session_id, closing(principal, session, self._clock.now(), reason))

    async def extend(self, principal: Principal, session_id: str, wanted: models.SessionExtend) -> models.Session:
        """Keep the session for so long from now, though nobody uses it; its maximum duration stays.

        :raises LakesailError: not visible, over, or a duration out of range.
        """
        seconds = self._settings.limits.extension.value(wanted.duration_seconds, "/durationSeconds") or 0
        now = self._clock.now()
        async with self._store.writing() as unit:
            session = await find_session(unit, principal, session_id)
            if not access.extends_session(principal, session):
                raise denied(session, f"Only its owner or an administrator may extend session {session_id}.")
            extended = await unit.extend_session(session_id, now + timedelta(seconds=seconds), now)
            if extended is None:
                raise over(session)
            return await self._views.one(unit, extended, principal)

    async def engine_use(self, principal: Principal, session_id: str) -> models.EngineUse:
        """What the session's engine has used, as far as this server can see it.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            workload = await view.workload(session.workload_id)
        backend = None if workload is None else self._backends.get(workload.cluster_id)
        use = None if backend is None else await backend.engine_use(session.workload_id)
        if use is None:
            return models.EngineUse(cpu_seconds=None)
        return models.EngineUse(cpu_seconds=use.cpu_seconds, computes=None if use.runnable is None else use.computes)

    async def compare_environment(
        self, principal: Principal, session_id: str, now: models.EnvironmentComparison
    ) -> models.EnvironmentDifference:
        """How the caller's environment differs from the one that the session's engine was given; names alone.

        :raises NotFound: unknown, or not for the caller to see.
        :raises PermissionDenied: to everybody but its owner.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
        if not access.owns_session(principal, session):
            raise denied(session, f"Only its owner may compare the environment of session {session_id}.")
        given = self._environments.of(session.workload_id)
        if given is None:
            return models.EnvironmentDifference(known=False, changed=())
        changed = changed_between(given, own_variables(now.environment or {}))
        return models.EnvironmentDifference(known=True, changed=changed)

    async def logs(self, principal: Principal, session_id: str, query: models.SessionLogsQuery) -> models.SessionLogs:
        """The last lines that the session's engine wrote, and its marimo, as far as this server has them.

        :raises NotFound: unknown, or not for the caller to see.
        """
        async with self._store.reading() as view:
            session = await find_session(view, principal, session_id)
            if not access.reads_logs(principal, session):
                raise denied(session, f"Only its owner or an administrator may read the logs of session {session_id}.")
            workload = await view.workload(session.workload_id)
        backend = None if workload is None else self._backends.get(workload.cluster_id)
        lines = [] if backend is None else backend.log_tail(session.workload_id, query.tail)
        of_app = () if self._apps is None else self._apps.log_tail(session_id, query.tail)
        return models.SessionLogs(lines=merged_tail(lines, of_app, query.tail))

    async def queries(
        self, principal: Principal, session_id: str, query: models.SessionQueriesQuery
    ) -> models.SessionQueries:
        """See :meth:`QueryService.latest`."""
        return await self._queries.latest(principal, session_id, query)

    async def interrupt(
        self, principal: Principal, session_id: str, wanted: models.SessionInterrupt
    ) -> models.InterruptedQueries:
        """See :meth:`QueryService.interrupt`."""
        return await self._queries.interrupt(principal, session_id, wanted)

    async def issue_token(
        self, principal: Principal, session_id: str, wanted: models.TokenCreate
    ) -> models.SessionToken:
        """See :meth:`SessionTokenService.issue`."""
        return await self._session_tokens.issue(principal, session_id, wanted)

    async def revoke_tokens(self, principal: Principal, session_id: str) -> None:
        """See :meth:`SessionTokenService.revoke`."""
        await self._session_tokens.revoke(principal, session_id)


async def _included(
    view: Reading, principal: Principal, page: list[SessionRecord], views: SessionViews
) -> models.SessionIncluded:
    around = await read_around(view, page)
    workloads, accounts = around.workloads.values(), around.service_accounts.values()
    shown = [config for config in around.configs.values() if access.sees_config(principal, config)]
    rows: tuple[object, ...] = (*workloads, *shown, *accounts)
    makers = {getattr(row, field, None) for row in rows for field in _MAKERS}
    seen = await _seen_people(view, principal, page, {person for person in makers if person is not None})
    configs = [config_view(one, principal, views.catalog.of(one.cluster_id, one.sail)) for one in shown]
    return models.SessionIncluded(
        sessions=tuple(views.view(session, around, principal) for session in page),
        members=tuple(member_view(member) for member in around.members.values()),
        service_accounts=tuple(_naming(seen, service_account_view(account)) for account in accounts),
        workloads=tuple(_naming(seen, workload_view(workload)) for workload in workloads),
        workload_configs=tuple(_naming(seen, config) for config in configs),
    )


async def _seen_people(
    view: Reading, principal: Principal, page: Iterable[SessionRecord], makers: set[str]
) -> frozenset[str] | None:
    """Of these people, and of the owners of the sessions, those whose own rows the caller may see; ``None``: all.

    A member's id can be computed from a login: it says as much as the name.
    """
    if principal.organization_admin:
        return None
    seen = {principal.id, *(row.caller_id for row in page)}
    if principal.admin_of and makers - seen:
        members = await view.members(makers - seen)
        accounts = await view.service_accounts_by_id(makers - seen)
        seen |= {member.id for member in members if not principal.admin_of.isdisjoint(member.team_ids)}
        seen |= {account.id for account in accounts if access.sees_service_account(principal, account)}
    return frozenset(seen)


_MAKERS = ("created_by", "updated_by")
_Made = TypeVar("_Made", models.Workload, models.WorkloadConfig, models.ServiceAccount)


def _naming(seen: frozenset[str] | None, made: _Made) -> _Made:
    """The same without the ids of people whom the caller may not see."""
    if seen is None:
        return made
    named = {field: getattr(made, field, None) for field in _MAKERS}
    hidden = [field for field, person in named.items() if person is not None and person not in seen]
    return msgspec.structs.replace(made, **dict.fromkeys(hidden))


def _reference(session: SessionRecord) -> models.SessionReference:
    return models.SessionReference(
        id=session.id,
        compute_instance_id=session.workload_id,
        member_id=session.member_id,
        service_account_id=session.service_account_id,
    )


def _page_key(session: SessionRecord) -> PageKey:
    return PageKey(session.created_at, session.id)
