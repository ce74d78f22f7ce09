"""What travels over the workloads API: frozen values, camelCase on the wire, every field of the reference.

Requests refuse unknown fields; answers are read by :mod:`lakesail_notebook.answers`, which leaves them out.
Times are RFC 3339 text (see :mod:`lakesail_notebook.clock`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .ids import ID_REGEX

SessionStatus = Literal["pending", "active", "idle", "closed", "failed"]
InfraStatus = Literal["requested", "starting", "ready", "stopping", "stopped", "failed"]
EndpointType = Literal["spark_connect"]
ExecutionMode = Literal["standalone", "cluster"]
CapacityType = Literal["on-demand", "spot"]

EventKind = Literal["move", "warning", "extension"]

# `$` would also match before a line's end; the API's document has its own spelling.
Id = Annotated[
    str,
    Meta(
        pattern=rf"^{ID_REGEX}\Z",
        min_length=1,
        max_length=20,
        description="1 to 20 of A-Z and 0-9",
        examples=["A1B2C3D4E5"],
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
PageLimit = Annotated[int, Meta(ge=0, le=100, extra_json_schema={"format": "int32"})]
IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r"^[\x21-\x7e]{1,200}\Z",
        min_length=1,
        max_length=200,
        description="1 to 200 visible ASCII characters without spaces",
    ),
]
Metadata = dict[str, str]
SequenceNumber = Annotated[int, Meta(ge=0)]

PYTHON_KEY = "lakesail/python"
"""Session metadata: the interpreter that runs the engine, and so the UDFs."""
DIRECTORY_KEY = "lakesail/cwd"
"""Session metadata: the engine's working directory."""
NOTEBOOK_KEY = "lakesail/notebook"
"""Session metadata: the notebook's path, for people."""
KERNEL_KEY = "lakesail/kernel"
"""Session metadata: the kernel that the session was made in; set by the server."""


class _Answer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something the API says."""


class _Request(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something the API is told."""


# Sessions


class SessionConfig(_Request, frozen=True, kw_only=True):
    """A session's own limits, in seconds; ``None`` leaves one to the server's default."""

    idle_timeout_seconds: int | None = None
    idle_close_delay_seconds: int | None = None
    max_duration_seconds: int | None = None


class ConnectionInfo(_Answer, frozen=True, kw_only=True):
    """Where a session is reached; told to its owner alone."""

    proxy_auth_url: str | None = None
    grpc_endpoint: str | None = None
    """``HOST:PORT`` of the session proxy, to be dialled with a session token."""


class Session(_Answer, frozen=True, kw_only=True):
    id: str
    endpoint_type: str
    name: str | None = None
    status: SessionStatus
    workload_id: str | None = None
    team_id: str | None = None
    member_id: str | None = None
    service_account_id: str | None = None
    notebook_id: str | None = None
    termination_reason: str | None = None
    status_message: str | None = None
    connection_info: ConnectionInfo | None = None
    last_activity_at: str | None = None
    idle_since: str | None = None
    closed_at: str | None = None
    timeout_at: str | None = None
    config: SessionConfig
    metadata: Metadata
    created_at: str
    updated_at: str


class SessionCreate(_Request, frozen=True, kw_only=True):
    endpoint_type: EndpointType = "spark_connect"
    name: Name | None = None
    team_id: Id | None = None
    member_id: Id | None = None
    service_account_id: Id | None = None
    notebook_id: Id | None = None
    config: SessionConfig | None = None
    metadata: Metadata = {}
    workload_config_id: Name | None = None
    """A config's id, or its name."""
    allow_shared: bool = False


class SessionExtend(_Request, frozen=True, kw_only=True):
    duration_seconds: int | None = None
    """From now on."""


class SessionLogsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tail: Annotated[int, Meta(ge=0, le=500)] = 100
    """How many lines, the last ones."""


class SessionLogs(_Answer, frozen=True, kw_only=True):
    lines: tuple[str, ...]


class TokenCreate(_Request, frozen=True, kw_only=True):
    duration_seconds: int | None = None


class SessionToken(_Answer, frozen=True, kw_only=True):
    token: str
    expires_at: str

    def __repr__(self) -> str:
        return f"SessionToken(token='…', expires_at={self.expires_at!r})"


class SessionListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}):
    """The parameters of a session list; ``endpoint_type`` is spelt so in the API."""

    team_id: Id | None = None
    endpoint_type: EndpointType | None = None
    status: SessionStatus | None = None
    limit: PageLimit = 100
    marker: str | None = None


# Who


class Member(_Answer, frozen=True, kw_only=True):
    id: str
    organization_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    email: str | None = None
    preferences: dict[str, Any] | None = None
    invited_by_member_id: str | None = None
    invite_expires_at: str | None = None
    invite_accepted_at: str | None = None
    last_login_at: str | None = None
    last_active_at: str | None = None
    is_enabled: bool = True
    account_type: str | None = None
    created_at: str | None = None
    created_by: str | None = None
    updated_at: str | None = None
    updated_by: str | None = None


class ServiceAccount(_Answer, frozen=True, kw_only=True):
    id: str
    username: str
    description: str | None = None
    created_at: str | None = None
    created_by: str | None = None
    updated_at: str | None = None
    updated_by: str | None = None


class TeamServiceAccount(ServiceAccount, frozen=True, kw_only=True):
    team_id: str


class NewServiceAccount(TeamServiceAccount, frozen=True, kw_only=True):
    key: str
    """``Authorization: Bearer`` for the API; told this once."""

    def __repr__(self) -> str:
        return f"NewServiceAccount(id={self.id!r}, username={self.username!r}, team_id={self.team_id!r}, key='…')"


class ServiceAccountPage(_Answer, frozen=True, kw_only=True):
    items: tuple[TeamServiceAccount, ...]


class ServiceAccountCreate(_Request, frozen=True, kw_only=True):
    username: Name
    description: Annotated[str, Meta(max_length=1000)] | None = None
    team_id: Id | None = None


class ServiceAccountListQuery(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}
):
    """The parameters of a list of service accounts."""

    team_id: Id | None = None


class DurationLimit(_Answer, frozen=True, kw_only=True):
    """A duration that a caller may set, in seconds; without a default, there is none unless it is set."""

    default: int | None
    floor: int
    ceiling: int


class Limits(_Answer, frozen=True, kw_only=True):
    """The limits of sessions and their tokens."""

    idle_timeout_seconds: DurationLimit
    idle_close_delay_seconds: DurationLimit
    max_duration_seconds: DurationLimit
    token_duration_seconds: DurationLimit
    extension_seconds: DurationLimit
    detached_seconds: int
    start_timeout_seconds: int
    spark_sessions_per_session: int


class Quotas(_Answer, frozen=True, kw_only=True):
    """How much there may be of a thing; null: any number."""

    live_sessions_per_member: int | None = None
    live_sessions_per_team: int | None = None
    live_sessions_per_server: int | None = None
    creates_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Cluster(_Answer, frozen=True, kw_only=True):
    """Where workloads may run, and what it offers."""

    id: str
    endpoint_types: tuple[str, ...]
    execution_modes: tuple[str, ...]
    unused_fields: tuple[str, ...]
    """Pointers to fields of a compute config that are stored, and change nothing on this cluster."""
    linger_seconds: int
    """How long a workload waits for its next session."""
    survives_restart: bool
    """Whether sessions live on when the server that serves this API ends."""


class Me(_Answer, frozen=True, kw_only=True):
    """Who is asking, as the server sees it, and what the server has for them."""

    member_id: str | None
    """``None`` for a service account."""
    service_account_id: str | None = None
    login: str | None = None
    name: str | None = None
    team_ids: tuple[str, ...]
    admin_of: tuple[str, ...] = ()
    """The teams that the caller administers."""
    organization_admin: bool
    kernel_id: str | None = None
    """Of the kernel whose token asks."""
    notebook_id: str | None = None
    notebook_path: str | None = None
    single_user: bool | None = None
    """Whether this server has one user, so that what only teams need can be left out."""
    limits: Limits | None = None
    quotas: Quotas | None = None
    clusters: tuple[Cluster, ...] = ()
    default_config: str | None = None
    """Name of the compute config of sessions that name none."""


# Events


class Event(_Answer, frozen=True, kw_only=True):
    """What happened to a session or a workload."""

    sequence: int
    """Grows with each event; the number to go on from."""
    at: str
    kind: EventKind
    """A change of status; a word that the session will close soon; or that it was asked to be kept."""
    session_id: str | None = None
    workload_id: str | None = None
    old_status: str | None = None
    new_status: str | None = None
    reason: str | None = None
    message: str | None = None


class EventPage(_Answer, frozen=True, kw_only=True):
    events: tuple[Event, ...]
    sequence: int
    """The number to go on from; it also passes events that the caller may not see."""


class EventQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a poll for events."""

    after: SequenceNumber | None = None
    """A sequence number; without one: from now on."""
    wait: Annotated[int, Meta(ge=0, le=60)] = 0
    """Seconds to wait for an event, when there is none."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class EventStreamQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a stream of events."""

    after: SequenceNumber | None = None


# Compute


class EbsConfig(_Request, frozen=True, kw_only=True):
    volume_type: str | None = None
    volume_size: Annotated[int, Meta(ge=1)] | None = None
    iops: Annotated[int, Meta(ge=1)] | None = None
    throughput: Annotated[int, Meta(ge=1)] | None = None
    delete_on_termination: bool | None = None


class DriverCompute(_Request, frozen=True, kw_only=True):
    instance_type: str | None = None
    ebs_config: EbsConfig | None = None


class WorkerCompute(_Request, frozen=True, kw_only=True):
    instance_type: str | None = None
    ebs_config: EbsConfig | None = None
    max_nodes: Annotated[int, Meta(ge=1)] | None = None
    capacity_type: CapacityType | None = None


class Compute(_Request, frozen=True, kw_only=True):
    driver: DriverCompute | None = None
    worker: WorkerCompute | None = None


class PypiLibrary(_Request, frozen=True, kw_only=True):
    package: str
    repo: str | None = None


class RequirementsLibrary(_Request, frozen=True, kw_only=True):
    source: str | None = None
    uri: str | None = None


class Library(_Request, frozen=True, kw_only=True):
    pypi: PypiLibrary | None = None
    requirements: RequirementsLibrary | None = None
    whl: str | None = None


class SailConfig(_Request, frozen=True, kw_only=True):
    execution_mode: ExecutionMode = "standalone"
    compute: Compute | None = None
    lakesail_image_uri: str | None = None
    libraries: tuple[Library, ...] = ()
    extra_env: dict[str, str] = {}


class WorkloadConfigBody(_Request, frozen=True, kw_only=True):
    sail: SailConfig = SailConfig()


class EndpointLimits(_Request, rename=None, frozen=True, kw_only=True):
    """How many live sessions one workload may carry; null and 0 set no limit of their own."""

    spark_connect: Annotated[int, Meta(ge=0)] | None = None


class WorkloadConfig(_Answer, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    workload_type: str
    cluster_id: str
    team_id: str | None = None
    config: WorkloadConfigBody
    endpoint_limits: EndpointLimits | None = None
    created_at: str
    created_by: str | None = None
    updated_at: str
    updated_by: str | None = None


class WorkloadConfigCreate(_Request, frozen=True, kw_only=True):
    name: Name
    workload_type: Literal["sail"] = "sail"
    cluster_id: Id = "LOCAL"
    team_id: Id | None = None
    config: WorkloadConfigBody = WorkloadConfigBody()
    endpoint_limits: EndpointLimits | None = None


class WorkloadConfigChange(_Request, frozen=True, kw_only=True):
    """What is absent stays as it is. The last three cannot be changed; they are here to say so."""

    name: Name | UnsetType = UNSET
    config: WorkloadConfigBody | UnsetType = UNSET
    endpoint_limits: EndpointLimits | UnsetType | None = UNSET
    workload_type: str | UnsetType | None = UNSET
    cluster_id: str | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET


class Workload(_Answer, frozen=True, kw_only=True):
    id: str
    workload_config_id: str | None = None
    infra_status: InfraStatus
    shutdown_policy: str | None = None
    endpoints: dict[str, str] = {}
    provisioned_at: str | None = None
    cleaned_at: str | None = None
    last_activity_at: str | None = None
    status_message: str | None = None
    created_at: str
    created_by: str | None = None
    updated_at: str
    updated_by: str | None = None


class WorkloadConfigListQuery(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}
):
    """The parameters of a config list."""

    team_id: Id | None = None
    limit: PageLimit = 100
    marker: str | None = None


# Pages


class SessionReference(_Answer, frozen=True, kw_only=True):
    """A row of a session list; the objects it names stand in ``included``."""

    id: str
    compute_instance_id: str | None = None
    member_id: str | None = None
    service_account_id: str | None = None


class SessionIncluded(_Answer, frozen=True, kw_only=True):
    sessions: tuple[Session, ...] = ()
    members: tuple[Member, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    workloads: tuple[Workload, ...] = ()
    workload_configs: tuple[WorkloadConfig, ...] = ()


class SessionPage(_Answer, omit_defaults=True, frozen=True, kw_only=True):
    total: int
    items: tuple[SessionReference, ...]
    included: SessionIncluded
    marker: str | None = None


class WorkloadConfigPage(_Answer, omit_defaults=True, frozen=True, kw_only=True):
    items: tuple[WorkloadConfig, ...]
    marker: str | None = None


# Errors


class ProblemField(_Answer, frozen=True, kw_only=True):
    pointer: str
    message: str


class Problem(_Answer, frozen=True, kw_only=True):
    """An ``application/problem+json`` answer (RFC 9457).

    ``code`` is the stable contract; ``message`` says the same as ``detail`` because Jupyter's clients read it.
    """

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    message: str
    reason: str | None = None
    instance: str | None = None
    request_id: str
    errors: tuple[ProblemField, ...] = ()
    retry_after_seconds: float | None = None


def encode(value: Struct) -> bytes:
    return msgspec.json.encode(value)
