"""Workload configs: what a session's workload is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .. import models
from ..clock import Clock
from ..errors import FailedPrecondition, FieldError, InvalidArgument, NotFound, PermissionDenied
from ..ids import is_id, new_id
from . import access
from .access import Principal
from .markers import make_marker, read_marker
from .names import check_name
from .ports import PageKey, Reading, Store, Writing
from .records import ConfigRecord
from .settings import LOCAL, Settings
from .views import config_view


class Configs:
    def __init__(self, store: Store, clusters: Collection[str], clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clusters = clusters
        self._clock = clock
        self._settings = settings

    async def ensure_default(self) -> None:
        """Make the default config of a fresh database."""
        name = self._settings.default_config
        if name is None:
            return
        async with self._store.writing() as unit:
            if await unit.config_named(LOCAL, name) is None:
                await unit.add_config(_new_config(self._clock, name, LOCAL, None))

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
            items=tuple(config_view(config) for config in page),
            marker=make_marker(_page_key(page[-1]), scope, self._store.marker_key) if more else None,
        )

    async def create(self, principal: Principal, wanted: models.WorkloadConfigCreate) -> models.WorkloadConfig:
        """A named config, for the sessions of its team.

        :raises LakesailError: when the caller may not, the cluster is unknown, or the team has a config of that name.
        """
        team_id = wanted.team_id or principal.team_ids[0]
        if not access.sees_configs_of(principal, team_id):
            raise NotFound(f"There is no team {team_id}.", reason="team_not_found")
        if not access.changes_configs_of(principal, team_id):
            raise PermissionDenied("Only administrators make compute configs; ask one of your team.")
        check_name(wanted.name)
        if wanted.cluster_id not in self._clusters:
            message = f"must be one of this server's clusters: {', '.join(sorted(self._clusters))}"
            raise InvalidArgument(f"clusterId {message}.", errors=(FieldError("/clusterId", message),))
        config = replace(
            _new_config(self._clock, wanted.name, team_id, principal.id),
            workload_type=wanted.workload_type,
            cluster_id=wanted.cluster_id,
            sail=wanted.config.sail,
            endpoint_limits=wanted.endpoint_limits,
        )
        async with self._store.writing() as unit:
            if await unit.config_named(team_id, wanted.name) is not None:
                raise FailedPrecondition(
                    f"The team has a compute config {wanted.name!r}; choose another name.", reason="name_taken"
                )
            await unit.add_config(config)
        return config_view(config)

    async def describe(self, principal: Principal, config_id: str) -> models.WorkloadConfig:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            return config_view(await find_config(view, principal, principal.team_ids[0], config_id))


def _visible_teams(principal: Principal, wanted: str | None) -> tuple[str, ...] | None:
    """The teams whose configs are listed; ``None``: every team's."""
    if principal.organization_admin:
        return None if wanted is None else (wanted,)
    return tuple(team for team in principal.team_ids if wanted in {None, team})


def _page_key(config: ConfigRecord) -> PageKey:
    return PageKey(config.created_at, config.id)


async def config_of_session(
    unit: Writing, principal: Principal, team_id: str, wanted: str | None, settings: Settings, clock: Clock
) -> ConfigRecord:
    """The config that a new session runs on: the one it names, the server's default, or an anonymous one.

    :raises NotFound: when the one it names is unknown, or not for the caller to see.
    """
    if wanted is not None:
        return await find_config(unit, principal, team_id, wanted)
    if settings.default_config is not None:
        default = await unit.config_named(team_id, settings.default_config)
        if default is not None:
            return default
    anonymous = _new_config(clock, None, team_id, principal.id)
    await unit.add_config(anonymous)
    return anonymous


async def find_config(view: Reading, principal: Principal, team_id: str, wanted: str) -> ConfigRecord:
    """A config by id or name."""
    config = await view.config(wanted) if is_id(wanted) else None
    config = config or await view.config_named(team_id, wanted)
    if config is None or not access.sees_config(principal, config):
        raise NotFound(f"There is no compute config {wanted!r}.", reason="config_not_found")
    return config


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
