"""Workload configs: what a session's workload is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import UNSET, structs

from ... import models
from ...clock import Clock
from ...errors import FailedPrecondition, FieldError, InvalidArgument, NotFound, PermissionDenied
from ...ids import is_id, new_id
from ..filters import PageKey
from ..records import ConfigRecord
from ..rules import access
from ..rules.access import Principal
from ..rules.compute import ComputeRules, check_sail
from ..rules.extra_env import changed_env, refuse_masked
from ..rules.markers import make_marker, read_marker
from ..rules.names import check_name
from ..settings import LOCAL, Settings
from ..store_port import Reading, Store
from .compute_facts import ComputeCatalog
from .views import config_view


class Configs:
    def __init__(self, store: Store, catalog: ComputeCatalog, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._settings = settings
        self._rules = ComputeRules(
            instance_types=settings.instance_types,
            private_hosts=settings.single_user,
            index_hosts=settings.index_hosts,
        )

    async def ensure_default(self) -> None:
        """Make the default config of each team that has none."""
        name = self._settings.default_config
        if name is None:
            return
        async with self._store.writing() as unit:
            for team_id in sorted(self._settings.team_ids):
                if await unit.config_named(team_id, name) is None:
                    await unit.add_config(_new_config(self._clock, name, team_id, None))

    async def list(self, principal: Principal, query: models.WorkloadConfigListQuery) -> models.WorkloadConfigPage:
        """The named configs that the caller may see, newest first.

        :raises InvalidArgument: for a marker of another list.
        """
        teams = _visible_teams(principal, query.team_id)
        scope = f"configs {teams}"
        after = None if query.marker is None else read_marker(query.marker, scope, self._store.marker_key)
        async with self._store.reading() as view:
            found = await view.configs(teams, after=after, limit=query.limit + 1) if query.limit else []
        page = found[: query.limit]
        more = len(found) > query.limit
        return models.WorkloadConfigPage(
            items=tuple(self._view(config, principal) for config in page),
            marker=make_marker(_page_key(page[-1]), scope, self._store.marker_key) if more else None,
        )

    async def create(self, principal: Principal, wanted: models.WorkloadConfigCreate) -> models.WorkloadConfig:
        """A named config, for the sessions of its team.

        :raises LakesailError: when the caller may not, the cluster is unknown, or the team has a config of that name.
        """
        team_id = access.chosen_team(principal, wanted.team_id, self._settings.team_ids)
        if not access.changes_configs_of(principal, team_id):
            raise PermissionDenied("Only administrators make compute configs; ask one of your team.")
        check_name(wanted.name)
        if wanted.cluster_id not in self._catalog.clusters:
            message = f"must be one of this server's clusters: {', '.join(sorted(self._catalog.clusters))}"
            raise InvalidArgument(f"clusterId {message}.", errors=(FieldError("/clusterId", message),))
        check_sail(wanted.config.sail, self._rules)
        refuse_masked(wanted.config.sail.extra_env)
        config = replace(
            _new_config(self._clock, wanted.name, team_id, principal.id),
            workload_type=wanted.workload_type,
            cluster_id=wanted.cluster_id,
            sail=wanted.config.sail,
            endpoint_limits=wanted.endpoint_limits,
        )
        async with self._store.writing() as unit:
            await _check_name_free(unit, team_id, wanted.name)
            await unit.add_config(config)
        return self._view(config, principal)

    async def describe(self, principal: Principal, config_id: str) -> models.WorkloadConfig:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            return self._view(await find_config(view, principal, principal.team_ids, config_id), principal)

    async def instance_types(self) -> models.InstanceTypes:
        """What the sizes that configs may name are."""
        return self._catalog.instance_types()

    async def change(
        self, principal: Principal, config_id: str, wanted: models.WorkloadConfigChange
    ) -> models.WorkloadConfig:
        """The config after the change. Sessions that run keep what they started with.

        :raises LakesailError: not visible, not the caller's to change, a bad field, or a name that is taken.
        """
        async with self._store.writing() as unit:
            config = await self._find_changeable(unit, principal, config_id)
            changed = self._changed(config, wanted)
            if changed == config:
                return self._view(config, principal)
            if changed.name is not None and changed.name != config.name:
                await self._check_rename(unit, config, changed.name)
            changed = replace(
                changed, version=config.version + 1, updated_at=self._clock.now(), updated_by=principal.id
            )
            if not await unit.change_config(changed, version=config.version):
                raise FailedPrecondition(
                    "Somebody else changed this compute config at the same time; look at it and try again.",
                    reason="config_changed",
                )
        return self._view(changed, principal)

    async def delete(self, principal: Principal, config_id: str) -> None:
        """Free its name, and let no new session name it. Sessions that run keep it.

        :raises LakesailError: not visible, not the caller's to delete, or the server's default.
        """
        async with self._store.writing() as unit:
            config = await self._find_changeable(unit, principal, config_id)
            if self._is_default(config):
                raise _needed_as_default(config)
            await unit.delete_config(config.id, by=principal.id, now=self._clock.now())

    def _view(self, config: ConfigRecord, principal: Principal) -> models.WorkloadConfig:
        return config_view(config, principal, self._catalog.of(config.cluster_id, config.sail))

    async def _find_changeable(self, unit: Reading, principal: Principal, config_id: str) -> ConfigRecord:
        config = await find_config(unit, principal, principal.team_ids, config_id)
        if not access.changes_configs_of(principal, config.team_id):
            raise PermissionDenied("Only administrators change compute configs; ask one of your team.")
        return config

    def _changed(self, config: ConfigRecord, wanted: models.WorkloadConfigChange) -> ConfigRecord:
        _refuse_immutable(wanted)
        changes: dict[str, Any] = {}
        if wanted.name is not UNSET:
            check_name(wanted.name)
            changes["name"] = wanted.name
        if wanted.config is not UNSET:
            env = changed_env(wanted.config.sail.extra_env, config.sail.extra_env, config.unreadable_env)
            changes["sail"] = structs.replace(wanted.config.sail, extra_env=env.readable)
            changes["unreadable_env"] = env.unreadable
            check_sail(changes["sail"], self._rules)
        if wanted.endpoint_limits is not UNSET:
            changes["endpoint_limits"] = wanted.endpoint_limits
        return replace(config, **changes)

    async def _check_rename(self, unit: Reading, config: ConfigRecord, name: str) -> None:
        if self._is_default(config):
            raise _needed_as_default(config)
        await _check_name_free(unit, config.team_id, name)

    def _is_default(self, config: ConfigRecord) -> bool:
        return config.name is not None and config.name == self._settings.default_config


def _visible_teams(principal: Principal, wanted: str | None) -> tuple[str, ...] | None:
    """The teams whose configs are listed; ``None``: every team's."""
    if principal.organization_admin:
        return None if wanted is None else (wanted,)
    return tuple(team for team in principal.team_ids if wanted in {None, team})


async def _check_name_free(unit: Reading, team_id: str, name: str) -> None:
    if await unit.config_named(team_id, name) is not None:
        raise FailedPrecondition(
            f"The team has a compute config {name!r}; choose another name.",
            reason="name_taken",
            errors=(FieldError("/name", "is taken; choose another name"),),
        )


def _refuse_immutable(wanted: models.WorkloadConfigChange) -> None:
    given = {
        "workloadType": wanted.workload_type,
        "clusterId": wanted.cluster_id,
        "teamId": wanted.team_id,
    }
    errors = tuple(FieldError(f"/{name}", "cannot be changed") for name, value in given.items() if value is not UNSET)
    if errors:
        raise InvalidArgument(
            f"{errors[0].pointer[1:]} cannot be changed; make a new compute config instead.", errors=errors
        )


def _needed_as_default(config: ConfigRecord) -> FailedPrecondition:
    return FailedPrecondition(
        f"Compute config {config.name!r} serves the sessions that name none, so it must stay under this name; "
        "the server's administrator chooses another in c.LakesailApp.default_config.",
        reason="default_config",
    )


def _page_key(config: ConfigRecord) -> PageKey:
    return PageKey(config.created_at, config.id)


async def config_for_session(
    view: Reading, principal: Principal, team_id: str, wanted: str | None, settings: Settings, clock: Clock
) -> ConfigRecord:
    """The config that a new session runs on: the one it names, the server's default, or a new anonymous one, which
    is yet to be added.

    :raises NotFound: when the one it names is unknown, or not for the caller to see.
    """
    if wanted is not None:
        return await find_config(view, principal, (team_id,), wanted)
    if settings.default_config is not None:
        default = await view.config_named(team_id, settings.default_config)
        if default is not None:
            return default
    return _new_config(clock, None, team_id, principal.id)


async def find_config(view: Reading, principal: Principal, team_ids: Iterable[str], wanted: str) -> ConfigRecord:
    """A config by its id, or by its name in the first of these teams that has it."""
    config = await view.config(wanted) if is_id(wanted) else None
    if config is not None and config.deleted_at is None and access.sees_config(principal, config):
        return config
    for team_id in team_ids:
        named = await view.config_named(team_id, wanted)
        if named is not None and access.sees_config(principal, named):
            return named
    raise NotFound(f"There is no compute config {wanted!r}.", reason="config_not_found")


def _new_config(clock: Clock, name: str | None, team_id: str, created_by: str | None) -> ConfigRecord:
    now = clock.now()
    return ConfigRecord(
        id=new_id(now),
        version=1,
        name=name,
        workload_type="sail",
        cluster_id=LOCAL,
        team_id=team_id,
        sail=models.SailConfig(),
        endpoint_limits=None,
        created_at=now,
        created_by=created_by,
        updated_at=now,
        updated_by=created_by,
    )
