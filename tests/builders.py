"""Records for tests: what matters is said, the rest is plausible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lakesail_notebook.ids import new_id
from lakesail_notebook.models import SailConfig
from lakesail_notebook.workloads.records import (
    ConfigRecord,
    LaunchSpec,
    MemberRecord,
    Owner,
    QueryRecord,
    SessionRecord,
    Timeouts,
    WorkloadRecord,
)
from lakesail_notebook.workloads.rules.access import Principal

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OWNER = Owner(boot_id="boot", pid=4711, started_at=1234.56)
TIMEOUTS = Timeouts(idle_timeout=1800, idle_close_delay=28800, max_duration=None, detached=300)


def a_session(**changes: Any) -> SessionRecord:
    at = changes.get("created_at", NOW)
    plausible: dict[str, Any] = {
        "id": new_id(at),
        "endpoint_type": "spark_connect",
        "name": None,
        "status": "pending",
        "workload_id": "WORKLOAD",
        "team_id": "LOCAL",
        "member_id": "MEMBER",
        "service_account_id": None,
        "notebook_id": None,
        "kernel_id": None,
        "timeouts": TIMEOUTS,
        "metadata": {},
        "generation": 1,
        "created_at": at,
        "updated_at": at,
        "last_activity_at": at,
    }
    return SessionRecord(**plausible | changes)


def a_workload(**changes: Any) -> WorkloadRecord:
    at = changes.get("created_at", NOW)
    plausible: dict[str, Any] = {
        "id": new_id(at),
        "config_id": "CONFIG",
        "config_version": 1,
        "team_id": "LOCAL",
        "cluster_id": "LOCAL",
        "infra_status": "requested",
        "target": "running",
        "shutdown_policy": "linger:60",
        "reuse_key": "key",
        "spec": LaunchSpec(sail=SailConfig()),
        "owner": OWNER,
        "created_by": "MEMBER",
        "created_at": at,
        "updated_at": at,
        "start_deadline": at + timedelta(seconds=60),
    }
    return WorkloadRecord(**plausible | changes)


def a_config(**changes: Any) -> ConfigRecord:
    at = changes.get("created_at", NOW)
    plausible: dict[str, Any] = {
        "id": new_id(at),
        "version": 1,
        "name": "small",
        "workload_type": "sail",
        "cluster_id": "LOCAL",
        "team_id": "LOCAL",
        "sail": SailConfig(),
        "endpoint_limits": None,
        "created_at": at,
        "created_by": None,
        "updated_at": at,
        "updated_by": None,
    }
    return ConfigRecord(**plausible | changes)


def a_member(**changes: Any) -> MemberRecord:
    plausible: dict[str, Any] = {
        "id": "MEMBER",
        "login": "ada",
        "name": "Ada",
        "team_ids": ("LOCAL",),
        "created_at": NOW,
    }
    return MemberRecord(**plausible | changes)


def a_principal(**changes: Any) -> Principal:
    plausible: dict[str, Any] = {"id": "MEMBER", "login": "ada", "team_ids": ("LOCAL",)}
    return Principal(**plausible | changes)


def a_query(**changes: Any) -> QueryRecord:
    at = changes.get("started_at", NOW)
    plausible: dict[str, Any] = {
        "session_id": "SESSION",
        "id": "operation",
        "what": "select 1",
        "started_at": at,
        "ended_at": None,
        "heard_at": at,
        "outcome": "running",
        "rows": 0,
        "data_bytes": 0,
        "part": "part",
        "earlier_rows": 0,
        "earlier_data_bytes": 0,
    }
    return QueryRecord(**plausible | changes)
