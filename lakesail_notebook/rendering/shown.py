"""What a command says: the API's JSON for programs, and the same for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from .. import models
from ..spark.choice import Candidate, candidates_of
from ..spark.doctor import Finding
from .text_tables import facts, facts_of, moment, moment_ahead, printable, table

_SESSIONS = ("SESSION", "NAME", "STATUS", "CONFIG", "NOTEBOOK", "OWNER", "CREATED", "CLOSES IF UNUSED", "REASON")
_CONFIGS = ("CONFIG", "NAME", "MODE", "DRIVER", "WORKERS", "CLUSTER", "TEAM", "UPDATED")
_QUERIES = ("STARTED", "TOOK", "OUTCOME", "ROWS", "BYTES", "WHAT")
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


def session_shown(session: models.Session) -> Shown:
    info = session.connection_info
    rows = [
        ("session", session.id),
        ("name", session.name),
        ("status", session.status),
        ("reason", session.termination_reason),
        ("message", session.status_message),
        ("endpoint", None if info is None else info.grpc_endpoint or info.proxy_auth_url),
        ("team", session.team_id),
        ("owner", session.member_id or session.service_account_id),
        ("notebook", session.metadata.get(models.NOTEBOOK_KEY)),
        ("created", moment(session.created_at)),
        ("last used", moment(session.last_activity_at)),
        ("idle since", moment(session.idle_since)),
        ("closes", moment(session.timeout_at)),
        ("closed", moment(session.closed_at)),
    ]
    return Shown(facts(rows), models.encode(session))


def sessions_shown(page: models.SessionPage, now: datetime, *, nothing: str) -> Shown:
    """:param nothing: the sentence for an empty list."""
    candidates = candidates_of(page)
    names = {member.id: member.name or member.id for member in page.included.members}
    names |= {account.id: account.username for account in page.included.service_accounts}
    several_owners = len({_owner_id(candidate.session) for candidate in candidates}) > 1
    rows = [_session_row(candidate, names if several_owners else {}, now) for candidate in candidates]
    return Shown(table(_SESSIONS, rows) if rows else nothing, models.encode(page))


def configs_shown(configs: Iterable[models.WorkloadConfig]) -> Shown:
    configs = tuple(configs)
    text = table(_CONFIGS, map(_config_row, configs)) if configs else "There is no compute config."
    return Shown(text, models.encode(models.WorkloadConfigPage(items=configs)))


def queries_shown(queries: tuple[models.Query, ...]) -> Shown:
    rows = [
        (
            moment(query.started_at),
            f"{query.seconds:.2f} s",
            query.outcome,
            f"{query.rows:,}",
            f"{query.bytes:,}",
            query.what,
        )
        for query in queries
    ]
    text = table(_QUERIES, rows) if rows else "Nothing was run on it yet."
    return Shown(text, models.encode(models.SessionQueries(items=queries)))


def service_accounts_shown(accounts: tuple[models.TeamServiceAccount, ...]) -> Shown:
    rows = [
        (account.id, account.username, account.team_id, moment(account.created_at), account.description)
        for account in accounts
    ]
    text = table(_SERVICE_ACCOUNTS, rows) if rows else "There is no service account."
    return Shown(text, models.encode(models.ServiceAccountPage(items=accounts)))


def event_shown(event: models.Event) -> Shown:
    subject = f"session {event.session_id}" if event.session_id else f"workload {event.workload_id}"
    move = f"{event.old_status or 'new'} -> {event.new_status}" if event.kind == "move" else event.kind
    parts = (moment(event.at), subject, move, event.reason, event.message)
    return Shown(printable("  ".join(part for part in parts if part)), models.encode(event))


def finding_shown(finding: Finding) -> Shown:
    return Shown(f"{finding.status:<8}{finding.name:<15}{printable(finding.text)}".rstrip())


def _session_row(candidate: Candidate, owners: Mapping[str, str], now: datetime) -> tuple[str | None, ...]:
    session = candidate.session
    return (
        session.id,
        session.name,
        session.status,
        None if candidate.config is None else candidate.config.name,
        session.metadata.get(models.NOTEBOOK_KEY),
        owners.get(_owner_id(session)),
        moment(session.created_at),
        moment_ahead(session.timeout_at, now) if candidate.live else None,
        None if candidate.live else session.termination_reason,
    )


def _owner_id(session: models.Session) -> str:
    return session.member_id or session.service_account_id or ""


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
