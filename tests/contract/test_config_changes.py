"""Who may change compute configs, and what becomes of changes that meet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import InvalidArgument, NotFound, PermissionDenied
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.records import ConfigRecord
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.services.compute_facts import ComputeCatalog
from lakesail_notebook.workloads.services.configs import Configs
from lakesail_notebook.workloads.settings import Settings
from tests.builders import a_config, a_principal
from tests.integration.by_hand import EnginesByHand

from .store_rig import in_store

T = TypeVar("T")
RENAME = models.WorkloadConfigChange(name="renamed")
TEAM = "RED"
MEMBER = a_principal(id="M", team_ids=(TEAM,))
TEAM_ADMIN = a_principal(id="A", team_ids=(TEAM,), admin_of=frozenset({TEAM}))
OTHER_ADMIN = a_principal(id="B", team_ids=("BLUE",), admin_of=frozenset({"BLUE"}))
ORGANIZATION_ADMIN = a_principal(id="O", team_ids=(), organization_admin=True)
SERVICE_ACCOUNT = a_principal(id="S", team_ids=(TEAM,), service_account=True)


def with_config(directory: Path, work: Callable[[Configs, SqlStore, str], Awaitable[T]]) -> T:
    """What ``work`` makes of a store with one config of the team."""

    async def run(store: SqlStore) -> T:
        config = a_config(team_id=TEAM)
        async with store.writing() as unit:
            await unit.add_config(config)
        settings = Settings(single_user=False, team_ids=frozenset({TEAM, "BLUE"}))
        catalog = ComputeCatalog({"LOCAL": EnginesByHand()}, settings.instance_types)
        return await work(Configs(store, catalog, SystemClock(), settings), store, config.id)

    return in_store(f"sqlite:///{directory / 'lakesail.db'}", run)


async def stored(store: SqlStore, config_id: str) -> ConfigRecord:
    async with store.reading() as view:
        found = await view.config(config_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("principal", "refusal"),
    [
        (MEMBER, PermissionDenied),
        (SERVICE_ACCOUNT, PermissionDenied),
        (OTHER_ADMIN, NotFound),
        (TEAM_ADMIN, None),
        (ORGANIZATION_ADMIN, None),
    ],
)
def test_only_administrators_of_the_team_change_and_delete_its_configs(
    tmp_path: Path, principal: Principal, refusal: type[Exception] | None
) -> None:
    async def run(configs: Configs, store: SqlStore, config_id: str) -> None:
        if refusal is None:
            changed = await configs.change(principal, config_id, RENAME)
            assert (changed.name, changed.updated_by) == ("renamed", principal.id)
            await configs.delete(principal, config_id)
            assert (await stored(store, config_id)).deleted_at is not None
            return
        before = await stored(store, config_id)
        with pytest.raises(refusal):
            await configs.change(principal, config_id, RENAME)
        with pytest.raises(refusal):
            await configs.delete(principal, config_id)
        assert await stored(store, config_id) == before

    with_config(tmp_path, run)


def test_each_change_counts_a_version_and_a_change_of_nothing_none(tmp_path: Path) -> None:
    async def run(configs: Configs, store: SqlStore, config_id: str) -> None:
        limited = models.WorkloadConfigChange(endpoint_limits=models.EndpointLimits(spark_connect=2))
        for change, version in ((RENAME, 2), (RENAME, 2), (limited, 3), (models.WorkloadConfigChange(), 3)):
            await configs.change(TEAM_ADMIN, config_id, change)
            assert (await stored(store, config_id)).version == version

    with_config(tmp_path, run)


def test_a_library_on_a_private_host_is_refused_to_a_team(tmp_path: Path) -> None:
    async def run(configs: Configs, store: SqlStore, config_id: str) -> None:
        library = models.Library(whl="https://10.0.0.8/ours-1.0-py3-none-any.whl")
        body = models.WorkloadConfigBody(sail=models.SailConfig(libraries=(library,)))
        with pytest.raises(InvalidArgument) as caught:
            await configs.change(TEAM_ADMIN, config_id, models.WorkloadConfigChange(config=body))
        assert [error.pointer for error in caught.value.errors] == ["/config/sail/libraries/0/whl"]

    with_config(tmp_path, run)
