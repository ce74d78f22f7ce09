"""How sessions come to be: created as asked, or relaunched as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from ... import models
from ...clock import Clock
from ...errors import FailedPrecondition, NotFound, PermissionDenied
from ...ids import new_id
from ...models import LIVE_STATUSES
from ..apps_port import Apps, AppSpec
from ..environments import Environments
from ..filters import UsedFrom
from ..ports import SessionProxy
from ..reconciling.reconciler import Reconciler
from ..records import ConfigRecord, IdempotentAnswer, LaunchSpec, SessionRecord, Timeouts, WorkloadRecord
from ..rules import access
from ..rules.access import Principal
from ..rules.environments import accepted_environment
from ..rules.metadata import check_metadata
from ..rules.names import check_name
from ..settings import Settings
from ..store_port import Reading, Store, Writing
from .app_launches import app_spec, directory_of, require_may_begin
from .configs import config_for_session
from .idempotency import IdempotencyKey, idempotency_key, session_made_before
from .notebooks import Notebooks
from .placement import Need, Placement
from .quota_keeper import QuotaKeeper
from .session_owners import owner_of_new_session, remember_caller, remember_owner
from .session_tokens import find_session
from .session_views import SessionViews, read_around

_WITHOUT_ENVIRONMENT = (
    "The environment that the kernel of session {} gave is not known any more, since it is kept in memory alone: the "
    "engine has the environment of this server."
)
LISTENING_SECONDS = 3.0
"""How long the answer to a create waits for the session proxy, which the first session starts, to tell its endpoint."""


class Launches:
    def __init__(
        self,
        *,
        store: Store,
        placement: Placement,
        environments: Environments,
        proxy: SessionProxy,
        reconciler: Reconciler,
        quotas: QuotaKeeper,
        notebooks: Notebooks,
        views: SessionViews,
        clock: Clock,
        settings: Settings,
        apps: Apps | None = None,
    ) -> None:
        self._store = store
        self._apps = apps
        self._placement = placement
        self._environments = environments
        self._proxy = proxy
        self._reconciler = reconciler
        self._quotas = quotas
        self._notebooks = notebooks
        self._views = views
        self._clock = clock
        self._settings = settings

    async def create(
        self, principal: Principal, wanted: models.SessionCreate, key: str | None = None
    ) -> models.Session:
        """A pending session on a workload that waits for it, or on one that the reconciler now starts.

        :param key: an idempotency key; asked again with it, the first answer's session is told.
        :raises LakesailError: when the request cannot be granted; nothing is written then.
        """
        require_may_begin(principal)
        check_metadata(wanted.metadata)
        if wanted.name is not None:
            check_name(wanted.name)
        timeouts = self._settings.limits.timeouts(wanted.config)
        once = None if key is None else idempotency_key(principal, key, wanted)
        team_id = access.chosen_team(principal, wanted.team_id, self._settings.team_ids)
        notebook = await self._notebooks.of_new_session(principal, wanted.notebook_id)
        async with self._store.reading() as view:
            kept = await session_made_before(view, once)
            if kept is not None:
                return await self._views.one_with_link(view, kept, principal)
            owner = await owner_of_new_session(view, principal, team_id, wanted, self._settings.known_members)
            config = await config_for_session(
                view, principal, team_id, wanted.workload_config_id, self._settings, self._clock
            )
        app = await self._app_of(wanted.endpoint_type, wanted.metadata)
        kernel_id = principal.kernel_id if app is None else None

        def draft(now: datetime, workload: WorkloadRecord) -> SessionRecord:
            return SessionRecord(
                id=new_id(now),
                endpoint_type=wanted.endpoint_type,
                name=wanted.name,
                status="pending",
                workload_id=workload.id,
                team_id=team_id,
                member_id=owner.member_id,
                service_account_id=owner.service_account_id,
                notebook_id=notebook.id,
                kernel_id=kernel_id,
                timeouts=timeouts,
                metadata=wanted.metadata | notebook.metadata,
                generation=1,
                created_at=now,
                updated_at=now,
                last_activity_at=now,
                allow_shared=wanted.allow_shared,
            )

        need = Need(
            caller_id=owner.id,
            team_id=team_id,
            config=config,
            spec=self._launch_spec(config, wanted, app),
            environment=self._accepted(wanted.environment, config),
            shared=wanted.allow_shared,
            used_from=UsedFrom(notebook_id=notebook.id, kernel_id=kernel_id),
        )
        return await self._launch(principal, need, draft, once)

    async def relaunch(
        self, principal: Principal, session_id: str, wanted: models.SessionRelaunch | None = None
    ) -> models.Session:
        """A new session like one that is over, on the current version of its config.

        Its engine gets the environment that comes with the request, else that of the old session's engine.

        :raises LakesailError: not visible, not the caller's own, or not over yet.
        """
        async with self._store.reading() as view:
            old = await find_session(view, principal, session_id)
            require_may_begin(principal)
            if not access.relaunches_session(principal, old):
                raise PermissionDenied(f"Only its owner may relaunch session {session_id}.")
            if old.status in LIVE_STATUSES:
                raise FailedPrecondition(
                    f"Session {session_id} is still {old.status}; close it first, or use it as it is.",
                    reason="session_live",
                )
            access.chosen_team(principal, old.team_id, self._settings.team_ids)  # it may have left the team
            config, spec = await _config_of(view, old)
        app = await self._app_of(old.endpoint_type, old.metadata)
        kernel_id = principal.kernel_id if app is None else None
        timeouts = self._settings.limits.timeouts(_asked(old.timeouts))
        environment = self._accepted(None if wanted is None else wanted.environment, config)
        if environment is None:
            environment = self._environments.of(old.workload_id)
        lost = spec.own_environment and environment is None

        def draft(now: datetime, workload: WorkloadRecord) -> SessionRecord:
            return SessionRecord(
                id=new_id(now),
                endpoint_type=old.endpoint_type,
                name=old.name,
                status="pending",
                workload_id=workload.id,
                team_id=old.team_id,
                member_id=old.member_id,
                service_account_id=old.service_account_id,
                notebook_id=old.notebook_id,
                kernel_id=kernel_id,
                timeouts=timeouts,
                metadata=old.metadata,
                generation=1,
                created_at=now,
                updated_at=now,
                last_activity_at=now,
                allow_shared=old.allow_shared,
                status_message=_WITHOUT_ENVIRONMENT.format(session_id) if lost else None,
            )

        need = Need(
            caller_id=old.caller_id,
            team_id=old.team_id,
            config=config,
            spec=replace(spec, own_environment=environment is not None),
            environment=environment,
            shared=old.allow_shared,
            used_from=UsedFrom(notebook_id=old.notebook_id, kernel_id=kernel_id),
            not_on=old.workload_id,
        )
        return await self._launch(principal, need, draft, None)

    async def _launch(
        self,
        principal: Principal,
        need: Need,
        draft: Callable[[datetime, WorkloadRecord], SessionRecord],
        once: IdempotencyKey | None,
    ) -> models.Session:
        await self._placement.check(need)
        await self._proxy.start()
        now = self._clock.now()
        if need.not_on is not None:
            # In a transaction of its own: the next one locks the workload that it places the session on.
            async with self._store.writing() as unit:
                await unit.retire_workload(need.not_on, now)
        async with self._store.writing() as unit:
            kept = await session_made_before(unit, once)  # by the same request, a moment ago
            if kept is not None:
                return await self._views.one_with_link(unit, kept, principal)
            await self._quotas.check_create(unit, principal, need.team_id, now, caller_id=need.caller_id)
            await remember_caller(unit, principal, now)
            await remember_owner(unit, self._settings.known_members.get(need.caller_id), now)
            need = await _with_current_config(unit, need)
            workload = await self._placement.place(unit, need, now, by=principal.id)
            session = draft(now, workload)
            await unit.add_session(session, by=principal.id)
            if once is not None:
                answer = IdempotentAnswer(once.fingerprint, session.id)
                await unit.add_idempotent_answer(once.caller_id, once.key, answer, now)
            around = await read_around(unit, [session])
        await self._reconciler.routing.publish(session, workload)
        self._reconciler.wake()
        await self._proxy.wait_until_listening(LISTENING_SECONDS)  # while the engine starts
        return self._views.view(session, around, principal)

    async def _app_of(self, endpoint_type: str, metadata: models.Metadata) -> AppSpec | None:
        """An app's session ends with its page, not with the kernel that asked for it."""
        return await app_spec(self._apps, endpoint_type, metadata, single_user=self._settings.single_user)

    def _launch_spec(self, config: ConfigRecord, wanted: models.SessionCreate, app: AppSpec | None) -> LaunchSpec:
        if not self._settings.single_user:
            return LaunchSpec(sail=config.sail, unreadable_env=config.unreadable_env)
        return LaunchSpec(
            sail=config.sail,
            unreadable_env=config.unreadable_env,
            python=wanted.metadata.get(models.PYTHON_KEY),
            working_directory=wanted.metadata.get(models.DIRECTORY_KEY) if app is None else directory_of(app),
            own_environment=wanted.environment is not None,
        )

    def _accepted(self, environment: Mapping[str, str] | None, config: ConfigRecord) -> Mapping[str, str] | None:
        if environment is None:
            return None
        return accepted_environment(environment, offered=self._placement.takes_environment(config))


def _asked(timeouts: Timeouts) -> models.SessionConfig:
    """The limits of an old session, as if they were asked for today."""
    return models.SessionConfig(
        idle_timeout_seconds=timeouts.idle_timeout,
        idle_close_delay_seconds=timeouts.idle_close_delay,
        max_duration_seconds=timeouts.max_duration,
    )


async def _config_of(view: Reading, old: SessionRecord) -> tuple[ConfigRecord, LaunchSpec]:
    """The config as it is now; if it was deleted, as the session had it."""
    workload = await view.workload(old.workload_id)
    config = None if workload is None else await view.config(workload.config_id)
    if workload is None or config is None:
        raise FailedPrecondition(f"What session {old.id} ran on is not known any more; create a new session.")
    if config.deleted_at is not None:
        config = replace(
            config,
            version=workload.config_version,
            sail=workload.spec.sail,
            unreadable_env=workload.spec.unreadable_env,
        )
    return config, replace(workload.spec, sail=config.sail, unreadable_env=config.unreadable_env)


async def _with_current_config(unit: Writing, need: Need) -> Need:
    """The config may have been changed or deleted since it was chosen; an anonymous one is yet to be added.

    :raises NotFound: when it was deleted.
    """
    if need.config.deleted_at is not None:  # a relaunch on what the old session had
        return need
    stored = await unit.config(need.config.id)
    if stored is None:
        await unit.add_config(need.config)
        return need
    if stored.deleted_at is not None:
        raise NotFound(f"There is no compute config {need.config.name!r}.", reason="config_not_found")
    spec = replace(need.spec, sail=stored.sail, unreadable_env=stored.unreadable_env)
    return replace(need, config=stored, spec=spec)
