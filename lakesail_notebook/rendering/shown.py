"""What a command says: the API's JSON for programs, and the same for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from .. import models
from ..spark.doctor import Finding
from .text_tables import facts_of, moment, printable, table

_CONFIGS = ("CONFIG", "NAME", "MODE", "DRIVER", "WORKERS", "CLUSTER", "TEAM", "UPDATED")
_SERVICE_ACCOUNTS = ("SERVICE ACCOUNT", "NAME", "TEAM", "CREATED", "DESCRIPTION")


@dataclass(frozen=True, slots=True)
class Shown:
    text: str
    """For a person."""
    json: bytes = b""
    """The API's JSON; empty where the API answers nothing."""
    aside: str = ""
    """For a person, but no part of what may be piped on."""


def value_shown(value: msgspec.Struct) -> Shown:
    """Any answer, field by field."""
    return Shown(facts_of(msgspec.to_builtins(value)), models.encode(value))


def configs_shown(configs: Iterable[models.WorkloadConfig]) -> Shown:
    configs = tuple(configs)
    text = table(_CONFIGS, map(_config_row, configs)) if configs else "There is no compute config."
    return Shown(text, models.encode(models.WorkloadConfigPage(items=configs)))


def service_accounts_shown(accounts: tuple[models.TeamServiceAccount, ...]) -> Shown:
    rows = [
        (account.id, account.username, account.team_id, moment(account.created_at), account.description)
        for account in accounts
    ]
    text = table(_SERVICE_ACCOUNTS, rows) if rows else "There is no service account."
    return Shown(text, models.encode(models.ServiceAccountPage(items=accounts)))


def event_shown(event: models.Event) -> Shown:
    parts = (moment(event.at), _subject(event), _happened(event), event.reason, event.message)
    return Shown(printable("  ".join(part for part in parts if part)), models.encode(event))


def _happened(event: models.Event) -> str | None:
    if event.kind == "move":
        return f"{event.old_status or 'new'} -> {event.new_status}"
    if event.kind == "config":
        return event.new_status
    return "a query began or ended" if event.kind == "query" else event.kind


def _subject(event: models.Event) -> str:
    if event.workload_config_id:
        return f"compute config {event.workload_config_id}"
    return f"session {event.session_id}" if event.session_id else f"workload {event.workload_id}"


def finding_shown(finding: Finding) -> Shown:
    return Shown(f"{finding.status:<8}{finding.name:<15}{printable(finding.text)}".rstrip())


def _config_row(config: models.WorkloadConfig) -> tuple[str | None, ...]:
    sail = config.config.sail
    driver = None if sail.compute is None else sail.compute.driver
    worker = None if sail.compute is None else sail.compute.worker
    return (
        config.id,
        config.name,
        sail.execution_mode,
        None if driver is None else driver.instance_type,
        None if worker is None else f"{worker.max_nodes or 1} x {worker.instance_type or 'any'}",
        config.cluster_id,
        config.team_id,
        moment(config.updated_at),
    )
