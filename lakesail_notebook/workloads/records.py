"""What the domain knows about sessions, workloads and configs: frozen values with real types.

They hold more than the API shows (owners, handles, addresses); :mod:`.views` turns them into what travels.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ..models import EndpointLimits, EventKind, InfraStatus, Metadata, QueryOutcome, SailConfig, SessionStatus

Target = Literal["running", "stopped"]
Handle = Mapping[str, Any]
"""What a backend needs to find a workload again: JSON, its own secret."""

TerminationReason = Literal[
    "user_closed",
    "admin_closed",
    "idle_timeout",
    "max_duration",
    "detached",
    "start_failed",
    "start_timeout",
    "engine_crashed",
    "server_stopped",
    "evicted",
]


@dataclass(frozen=True, slots=True)
class Owner:
    """The control plane process that alone may touch a local workload."""

    boot_id: str
    pid: int
    started_at: float
    pid_namespace: str = ""
    """Pids mean the same to those alone who share it: a container has one of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """A session's limits in force, in seconds."""

    idle_timeout: int
    idle_close_delay: int
    max_duration: int | None
    detached: int


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was issued to a login or to the key of a service account."""

    number: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EndedKernel:
    """A kernel that is gone, by the mark in its tokens, and when the last of these expires."""

    kernel: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """What is to be known of a session's tokens. The tokens themselves are kept nowhere."""

    issued: int = 0
    """How many were issued to logins and keys of service accounts; each has its number."""
    live: tuple[IssuedToken, ...] = ()
    """Those of them that count, the oldest first."""
    logins_from: int = 0
    """Those with a smaller number are dead."""
    ended_kernels: tuple[EndedKernel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    id: str
    endpoint_type: str
    name: str | None
    status: SessionStatus
    workload_id: str
    team_id: str
    member_id: str | None
    service_account_id: str | None
    notebook_id: str | None
    kernel_id: str | None
    timeouts: Timeouts
    metadata: Metadata
    generation: int
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    active_since: datetime | None = None
    idle_since: datetime | None = None
    detached_since: datetime | None = None
    extended_until: datetime | None = None
    """Somebody asked that it be kept until then."""
    warned_at: datetime | None = None
    """When it was said last that it will close soon."""
    closed_at: datetime | None = None
    termination_reason: TerminationReason | None = None
    status_message: str | None = None
    allow_shared: bool = False
    tokens: SessionTokens | None = None
    tokens_changed: int | None = None
    """Numbers the endings of tokens, over all sessions: the last one of this session."""
    closed_by: str | None = None
    """The name of the person who closed it, where that was not its owner; as it was then."""
    close_reason: str | None = None
    """What the person said who closed it."""

    @property
    def caller_id(self) -> str:
        """The member or service account that the session belongs to: a token's ``sub``."""
        return self.member_id or self.service_account_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRecord:
    """A notebook: its id stays the same when its file is renamed or moved."""

    id: str
    server: str
    """The root directory of the Jupyter servers that serve it."""
    path: str
    """Below that root, in the form of Jupyter's Contents API."""
    file: str | None
    """Says which file it is, whatever its name; ``None``: there was none, or it is not a file of this machine."""
    left_at: datetime | None
    """When it was last seen to be no longer at ``path``, if it has not been found elsewhere."""
    created_at: datetime
    updated_at: datetime

    @property
    def shown_path(self) -> str:
        """For people: where it is, or where it was."""
        path = posixpath.join(self.server, self.path)
        return path if self.left_at is None else f"{path} (moved or deleted)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """What a backend starts."""

    sail: SailConfig
    python: str | None = None
    """The interpreter that runs the engine and so the UDFs; ``None``: the backend's own."""
    working_directory: str | None = None
    unreadable_env: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those of ``sail`` whose values cannot be read here, as they are stored."""
    own_environment: bool = False
    """Whether the engine gets an environment that came with its session; that is kept in memory alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadRecord:
    id: str
    config_id: str
    config_version: int
    team_id: str
    cluster_id: str
    infra_status: InfraStatus
    target: Target
    shutdown_policy: str
    reuse_key: str
    """Workloads of one key are interchangeable: member, config and version, interpreter, working directory."""
    spec: LaunchSpec
    shared: bool = False
    """Whether it may carry several sessions at once, all of which agreed to it."""
    capacity: int | None = None
    """How many live sessions a shared one may carry; ``None``: any number."""
    owner: Owner | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    start_deadline: datetime
    handle: Handle | None = None
    address: str | None = None
    """``HOST:PORT`` of the engine."""
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """What the API shows: endpoint type -> the session proxy's address."""
    provisioned_at: datetime | None = None
    freed_at: datetime | None = None
    """When its last session ended: it lingers from then on."""
    rested_at: datetime | None = None
    """When it was seen to compute nothing after that; before, no other session is given it."""
    python_at: datetime | None = None
    """When a session first had it run Python code; from then on no other session is given it."""
    cleaned_at: datetime | None = None
    last_activity_at: datetime | None = None
    status_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRecord:
    id: str
    version: int
    name: str | None
    """``None`` for an anonymous config, which is never listed."""
    workload_type: str
    cluster_id: str
    team_id: str
    sail: SailConfig
    endpoint_limits: EndpointLimits | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None
    deleted_at: datetime | None = None
    unreadable_env: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those of ``sail`` whose values cannot be read here, as they are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountRecord:
    id: str
    team_id: str
    username: str
    description: str | None
    key_hash: str
    """SHA-256 of its key; the key itself is kept nowhere."""
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    id: str
    login: str
    """The name that the identity provider gives, or the one local user's."""
    name: str | None
    team_ids: tuple[str, ...]
    """As they were when it was last seen."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """What happened to a session, a workload or a config, written in the transaction that made it happen."""

    sequence: int
    at: datetime
    kind: EventKind
    """A change of status; a word that the session will close soon; that it was asked to be kept; or a change of a
    config."""
    session_id: str | None
    workload_id: str | None
    caller_id: str | None
    """Whose session or workload it is; ``None`` for a config, which is its team's."""
    team_id: str
    old_status: str | None
    new_status: str | None
    reason: str | None
    message: str | None
    by: str | None = None
    """The principal who asked for it; ``None``: time, or a fault."""
    workload_config_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRecord:
    """The session proxy's last word on an operation of a session."""

    session_id: str
    id: str
    """The operation's, which the client chose: it is one of a kind within its session."""
    what: str
    """The SQL text, or what else it does, for its session's owner."""
    started_at: datetime
    ended_at: datetime | None
    heard_at: datetime
    """When the session proxy last spoke of it."""
    outcome: QueryOutcome
    rows: int
    data_bytes: int
    """Of Arrow data."""
    part: str
    """The part of the operation that the last word was about: what one proxy saw of it."""
    earlier_rows: int
    earlier_data_bytes: int
    """Of ``rows`` and ``data_bytes``: what the parts before gave."""
    error: str | None = None
    """Why it failed, for its session's owner."""
    action_id: str | None = None
    """What its client calls the action of its user that it belongs to."""
    engine_answered: bool | None = None
    """Of one that was cancelled: whether the engine has answered since; ``None``: not known."""


@dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """The session that a create with an idempotency key made, and what was asked then."""

    fingerprint: str
    session_id: str
