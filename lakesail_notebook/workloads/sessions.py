"""Sessions: create, describe, list, close, and tokens for them: what the API decides about sessions is decided here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from .. import models
from ..clock import Clock, to_rfc3339
from ..errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, ResourceExhausted
from ..ids import new_id
from ..tokens import TokenIssuer
from . import access, lifecycle
from .access import Principal
from .configs import config_of_session
from .markers import make_marker, read_marker
from .metadata import check_metadata
from .names import check_name
from .ports import Backend, Owners, PageKey, Reading, SessionFilter, SessionProxy, Store, Writing
from .reconciler import Reconciler
from .records import ConfigRecord, LaunchSpec, MemberRecord, SessionRecord, WorkloadRecord
from .routes import route_of
from .settings import Settings
from .views import config_view, member_view, session_view, workload_view


class Sessions:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        proxy: SessionProxy,
        reconciler: Reconciler,
        tokens: TokenIssuer,
        owners: Owners,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._backends = backends
        self._proxy = proxy
        self._reconciler = reconciler
        self._tokens = tokens
        self._owners = owners
        self._clock = clock
        self._settings = settings

    async def create(self, principal: Principal, wanted: models.SessionCreate) -> models.Session:
        """A pending session on a lingering workload, or on one that the reconciler now starts.

        :raises LakesailError: when the request cannot be granted; nothing is written then.
        """
        team_id = _team_of(principal, wanted)
        check_metadata(wanted.metadata)
        if wanted.name is not None:
            check_name(wanted.name)
        timeouts = self._settings.limits.timeouts(wanted.config)
        await self._proxy.start()
        now = self._clock.now()
        async with self._store.writing() as unit:
            await self._check_quota(unit, principal)
            await unit.know_member(
                MemberRecord(id=principal.id, login=principal.login, name=principal.name, created_at=now)
            )
            config = await config_of_session(
                unit, principal, team_id, wanted.workload_config_id, self._settings, self._clock
            )
            workload = await self._workload_for(unit, principal, config, self._launch_spec(config, wanted), now)
            session = SessionRecord(
                id=new_id(now),
                endpoint_type=wanted.endpoint_type,
                name=wanted.name,
                status="pending",
                workload_id=workload.id,
                team_id=team_id,
                member_id=principal.id,
                service_account_id=None,
                notebook_id=wanted.notebook_id or principal.notebook_id,
                kernel_id=principal.kernel_id,
                timeouts=timeouts,
                metadata=_stored_metadata(principal, wanted),
                generation=1,
                created_at=now,
                updated_at=now,
                last_activity_at=now,
                allow_shared=wanted.allow_shared,
            )
            await unit.add_session(session)
        await self._proxy.publish(route_of(session, workload, self._settings.limits.spark_sessions_per_session))
        self._reconciler.wake()
        return session_view(session, workload, principal)

    async def describe(self, principal: Principal, session_id: str) -> models.Session:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            session = await _visible_session(view, principal, session_id)
            return session_view(session, await view.workload(session.workload_id), principal)

    async def list(self, principal: Principal, query: models.SessionListQuery) -> models.SessionPage:
        """:raises InvalidArgument: for a marker of another list."""
        which = SessionFilter(
            visible_to=None if principal.organization_admin else principal.id,
            team_id=query.team_id,
            endpoint_type=query.endpoint_type,
            status=query.status,
        )
        scope = f"sessions {which}"
        after = None if query.marker is None else read_marker(query.marker, scope, self._store.marker_key)
        async with self._store.reading() as view:
            total = await view.count_sessions(which)
            found = await view.sessions(which, after=after, limit=query.limit + 1) if query.limit else []
            page = found[: query.limit]
            included = await _included(view, principal, page)
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
            session = await _visible_session(view, principal, session_id)
        if not access.closes_session(principal, session):
            raise PermissionDenied(f"Only its owner or an administrator may close session {session_id}.")
        reason = access.closing_reason(principal, session)
        who = "you" if reason == "user_closed" else "an administrator"
        move = lifecycle.ending(session_id, "closed", self._clock.now(), reason, f"was closed by {who}")
        await self._reconciler.end_session(session_id, move)

    async def issue_token(
        self, principal: Principal, session_id: str, wanted: models.TokenCreate
    ) -> models.SessionToken:
        """A session token, cut to the end that the session's maximum duration sets.

        :raises LakesailError: not visible, not the caller's to use, over, or a duration out of range.
        """
        limit = self._settings.limits.token_duration
        seconds = limit.value(wanted.duration_seconds, "/durationSeconds") or 0
        async with self._store.reading() as view:
            session = await _visible_session(view, principal, session_id)
        if not access.issues_token(principal, session):
            raise PermissionDenied(f"Only its owner may have a token for session {session_id}.")
        if session.status not in lifecycle.LIVE:
            raise FailedPrecondition(
                session.status_message or f"Session {session_id} is {session.status}.", reason="session_closed"
            )
        now = self._clock.now()
        expires_at = _token_end(session, now, seconds)
        if principal.kernel_id is not None and principal.kernel_id != session.kernel_id:
            async with self._store.writing() as unit:
                await unit.keep_kernel(session_id, principal.kernel_id)
        token = self._tokens.issue(
            caller=principal.id,
            session_id=session.id,
            workload_id=session.workload_id,
            generation=session.generation,
            now=now,
            expires_at=expires_at,
        )
        return models.SessionToken(token=token, expires_at=to_rfc3339(expires_at))

    async def _check_quota(self, unit: Writing, principal: Principal) -> None:
        quota = self._settings.limits.live_sessions_per_member
        live = 0
        for status in lifecycle.LIVE:
            live += await unit.count_sessions(SessionFilter(visible_to=principal.id, status=status))
        if live >= quota:
            raise ResourceExhausted(
                f"You have {live} live sessions, the most allowed; close one with %sail close ID.",
                reason="live_sessions",
                retry_after_seconds=60,
            )

    def _launch_spec(self, config: ConfigRecord, wanted: models.SessionCreate) -> LaunchSpec:
        if not self._settings.single_user:
            return LaunchSpec(sail=config.sail)
        return LaunchSpec(
            sail=config.sail,
            python=wanted.metadata.get(models.PYTHON_KEY),
            working_directory=wanted.metadata.get(models.DIRECTORY_KEY),
        )

    async def _workload_for(
        self, unit: Writing, principal: Principal, config: ConfigRecord, spec: LaunchSpec, now: datetime
    ) -> WorkloadRecord:
        backend = self._backends.get(config.cluster_id)
        if backend is None:
            raise FailedPrecondition(
                f"Compute config {config.name or config.id} needs cluster {config.cluster_id}, unknown to this server."
            )
        problems = tuple(await backend.validate(spec))
        if problems:
            raise InvalidArgument(f"{problems[0].message}", errors=problems)
        reuse_key = _reuse_key(principal, config, spec)
        lingering = await unit.take_freed_workload(reuse_key, self._owners.mine)
        if lingering is not None:
            return lingering
        workload = WorkloadRecord(
            id=new_id(now),
            config_id=config.id,
            team_id=config.team_id,
            cluster_id=config.cluster_id,
            infra_status="requested",
            target="running",
            shutdown_policy=f"linger:{backend.linger_seconds}",
            reuse_key=reuse_key,
            spec=spec,
            owner=self._owners.mine,
            created_by=principal.id,
            created_at=now,
            updated_at=now,
            start_deadline=now + timedelta(seconds=self._settings.limits.start_timeout_seconds),
            endpoints={"spark_connect": self._proxy.endpoint},
        )
        await unit.add_workload(workload)
        return workload


def _team_of(principal: Principal, wanted: models.SessionCreate) -> str:
    for_others = wanted.member_id not in {None, principal.id} or wanted.service_account_id is not None
    if for_others:
        raise PermissionDenied("You may create sessions for yourself only.")
    team_id = wanted.team_id or principal.team_ids[0]
    if team_id not in principal.team_ids:
        raise NotFound(f"There is no team {team_id}.", reason="team_not_found")
    return team_id


def _stored_metadata(principal: Principal, wanted: models.SessionCreate) -> models.Metadata:
    """What the caller gave, and the notebook as the server knows it."""
    path = principal.notebook_path
    return wanted.metadata if path is None else wanted.metadata | {models.NOTEBOOK_KEY: path}


def _reuse_key(principal: Principal, config: ConfigRecord, spec: LaunchSpec) -> str:
    parts = (principal.id, config.id, str(config.version), spec.python or "", spec.working_directory or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _token_end(session: SessionRecord, now: datetime, seconds: int) -> datetime:
    """Whole seconds, since that is what a token can say."""
    end = now + timedelta(seconds=seconds)
    longest = session.timeouts.max_duration
    if longest is not None and session.active_since is not None:
        end = min(end, session.active_since + timedelta(seconds=longest))
    return end.replace(microsecond=0)


async def _visible_session(view: Reading, principal: Principal, session_id: str) -> SessionRecord:
    session = await view.session(session_id)
    if session is None or not access.sees_session(principal, session):
        raise NotFound("There is no such session.", reason="session_not_found")
    return session


async def _included(view: Reading, principal: Principal, page: list[SessionRecord]) -> models.SessionIncluded:
    workloads = {workload.id: workload for workload in await view.workloads({row.workload_id for row in page})}
    configs = await view.configs_by_id({workload.config_id for workload in workloads.values()})
    members = await view.members({row.member_id for row in page if row.member_id is not None})
    return models.SessionIncluded(
        sessions=tuple(session_view(row, workloads.get(row.workload_id), principal) for row in page),
        members=tuple(member_view(member) for member in members),
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
