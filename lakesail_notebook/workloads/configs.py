"""Workload configs: what a session's workload is made of."""

from __future__ import annotations

from .. import models
from ..clock import Clock
from ..errors import NotFound
from ..ids import is_id, new_id
from . import access
from .access import Principal
from .ports import Reading, Store, Writing
from .records import ConfigRecord
from .settings import LOCAL, Settings
from .views import config_view


class Configs:
    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
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

    async def describe(self, principal: Principal, config_id: str) -> models.WorkloadConfig:
        """:raises NotFound: unknown, or not for the caller to see."""
        async with self._store.reading() as view:
            return config_view(await find_config(view, principal, principal.team_ids[0], config_id))


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
