"""What other rows say of a session, and to whom."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from lakesail_notebook import models
from lakesail_notebook.workloads.ports import GrantedSize
from lakesail_notebook.workloads.records import ConfigRecord, NotebookRecord, Owner, ServiceAccountRecord
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE, InstanceType
from lakesail_notebook.workloads.rules.prices import NodeCount
from lakesail_notebook.workloads.services.compute_facts import ComputeCatalog
from lakesail_notebook.workloads.services.endpoints import Endpoints
from lakesail_notebook.workloads.services.session_views import Around, SessionViews
from tests.builders import NOW, a_config, a_member, a_principal, a_session, a_workload
from tests.integration.by_hand import EnginesByHand, Owners, RoutesOnly

OWNER = a_principal(id="MEMBER")
CONFIG = a_config(id="CONFIG", name="small")
WORKLOAD = a_workload(id="WORKLOAD", infra_status="ready", provisioned_at=NOW - timedelta(hours=2))
NOTEBOOK = NotebookRecord(
    id="NB", server="/home/ada", path="sales/etl.ipynb", file=None, left_at=None, created_at=NOW, updated_at=NOW
)
ACCOUNT = ServiceAccountRecord(
    id="BOT",
    team_id="LOCAL",
    username="nightly",
    description=None,
    key_hash="",
    created_at=NOW,
    created_by=None,
    updated_at=NOW,
    updated_by=None,
)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Desks(EnginesByHand):
    """Gives each engine one desk."""

    def size_of(self, sail: models.SailConfig) -> GrantedSize:
        return GrantedSize(vcpus=4, memory_bytes=8 * GIBIBYTE, nodes=(NodeCount(instance_type="desk", count=1),))


class OneKernel:
    """Holds the tokens of each session."""

    def kernels_of(self, session_id: str) -> tuple[str, ...]:
        return (f"kernel of {session_id}",)


def shown(principal: Principal = OWNER, *, price: float | None = 0.5, **changes: Any) -> models.Session:
    """A session with all the rows that it names, by default."""
    rows: dict[str, Any] = {name: changes.pop(name) for name in ("config", "notebook", "member") if name in changes}
    types = {"desk": InstanceType(vcpus=4, memory_bytes=8 * GIBIBYTE, price_per_hour=price, currency="EUR")}
    endpoints = Endpoints(RoutesOnly(), Owners(Owner("boot", 1, 1.0)))
    root = changes.pop("root", None)
    views = SessionViews(ComputeCatalog({"LOCAL": Desks()}, types), endpoints, OneKernel(), StoppedClock(), root)
    config, notebook = rows.get("config", CONFIG), rows.get("notebook", NOTEBOOK)
    around = Around(
        workloads={"WORKLOAD": WORKLOAD},
        configs={} if config is None else {"CONFIG": config},
        notebooks={} if notebook is None else {"NB": notebook},
        members={"MEMBER": rows.get("member", a_member())},
        service_accounts={"BOT": ACCOUNT},
    )
    plausible = {"notebook_id": "NB", "status": "active", "created_at": NOW - timedelta(hours=1)}
    return views.view(a_session(**plausible | changes), around, principal)


def test_a_session_tells_its_config() -> None:
    told = shown()
    assert (told.workload_config_id, told.workload_config_name) == ("CONFIG", "small")


@pytest.mark.parametrize("config", [a_config(id="CONFIG", name=None), a_config(id="CONFIG", team_id="RED"), None])
def test_a_config_without_a_name_or_of_another_team_is_not_told(
    config: ConfigRecord | None,
) -> None:
    told = shown(config=config)
    assert (told.workload_config_id, told.workload_config_name) == (None, None)


def test_a_session_tells_where_its_notebook_is_now() -> None:
    old = {models.NOTEBOOK_KEY: "/home/ada/before.ipynb"}
    assert shown(metadata=old).notebook_path == "/home/ada/sales/etl.ipynb"
    assert shown(metadata=old, notebook=None).notebook_path == "/home/ada/before.ipynb"
    assert shown(notebook_id=None).notebook_path is None


def test_a_page_of_the_server_that_has_the_notebook_is_told_where_to_open_it() -> None:
    assert shown(root="/home/ada").notebook_contents_path == "sales/etl.ipynb"
    assert shown(root="/home/ada", notebook=dataclasses.replace(NOTEBOOK, left_at=NOW)).notebook_contents_path is None
    assert shown(root="/home/ben").notebook_contents_path is None
    assert shown().notebook_contents_path is None
    assert shown(root="/home/ada", notebook_id=None).notebook_contents_path is None


@pytest.mark.parametrize(
    ("file", "whole", "below"),
    [
        ("sales/delays.py", "/home/ada/sales/delays.py", "sales/delays.py"),
        ("/home/ada/sales/../delays.py", "/home/ada/delays.py", "delays.py"),
        ("/home/adam/delays.py", "/home/adam/delays.py", None),
        ("../delays.py", "/home/delays.py", None),
    ],
)
def test_the_notebook_of_a_marimo_session_is_the_file_that_marimo_serves(
    file: str, whole: str, below: str | None
) -> None:
    told = shown(root="/home/ada", endpoint_type="marimo", metadata={models.MARIMO_FILE_KEY: file})
    assert (told.notebook_path, told.notebook_contents_path) == (whole, below)


def test_a_file_of_marimo_is_no_notebook_of_a_session_that_kernels_use() -> None:
    told = shown(root="/home/ada", notebook_id=None, metadata={models.MARIMO_FILE_KEY: "delays.py"})
    assert (told.notebook_path, told.notebook_contents_path) == (None, None)


def test_a_session_tells_its_owners_name_or_login() -> None:
    assert shown().owner_name == "Ada"
    assert shown(member=a_member(name=None, login="ada")).owner_name == "ada"
    assert shown(member_id=None, service_account_id="BOT").owner_name == "nightly"
    assert shown(member_id="GONE").owner_name is None


def test_a_session_tells_its_size_and_what_it_costs() -> None:
    told = shown()
    assert told.size == models.ComputeSize(vcpus=4, memory_bytes=8 * GIBIBYTE)
    assert (told.price_per_hour, told.currency, told.cost_so_far) == (0.5, "EUR", 0.5)


def test_without_a_price_nothing_is_said_of_costs() -> None:
    told = shown(price=None)
    assert told.size is not None
    assert (told.price_per_hour, told.currency, told.cost_so_far) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "ahead", "told"),
    [("idle", 60, "2026-05-01T12:01:00.000Z"), ("idle", -1, None), ("closed", 60, None)],
)
def test_an_extension_is_told_while_it_lies_ahead(status: str, ahead: int, told: str | None) -> None:
    until = NOW + timedelta(seconds=ahead)
    assert shown(status=status, extended_until=until).extended_until == told


def test_the_rule_is_told_that_ends_a_session() -> None:
    assert shown().timeout_reason == "idle_timeout"
    assert shown(status="closed").timeout_reason is None


def test_who_closed_a_session_is_told_with_what_was_said() -> None:
    told = shown(status="closed", closed_at=NOW, closed_by="Ola", close_reason="The machine is needed")
    assert (told.closed_by, told.close_reason) == ("Ola", "The machine is needed")


def test_its_owner_alone_is_told_which_kernels_use_a_session() -> None:
    assert shown(id="S1").kernel_ids == ("kernel of S1",)
    assert shown(a_principal(id="BOSS", organization_admin=True), id="S1").kernel_ids is None
