"""What travels over the workloads API: frozen values, camelCase on the wire, every field of the reference.

Requests refuse unknown fields; answers are read by :mod:`lakesail_notebook.answers`, which leaves them out.
Times are RFC 3339 text (see :mod:`lakesail_notebook.clock`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .ids import ID_REGEX

SessionStatus = Literal["pending", "active", "idle", "closed", "failed"]
InfraStatus = Literal["requested", "starting", "ready", "stopping", "stopped", "failed"]
EndpointType = Literal["spark_connect"]
ExecutionMode = Literal["standalone", "cluster"]
CapacityType = Literal["on-demand", "spot"]

# `$` would also match before a line's end; the schema has the API's own spelling.
Id = Annotated[
    str,
    Meta(pattern=rf"^{ID_REGEX}\Z", min_length=1, max_length=20, extra_json_schema={"pattern": f"^{ID_REGEX}$"}),
]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Metadata = dict[str, str]

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
    limit: Annotated[int, Meta(ge=0, le=100)] = 100
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


class Me(_Answer, frozen=True, kw_only=True):
    """Who is asking, as the server sees it."""

    member_id: str
    team_ids: tuple[str, ...]
    organization_admin: bool
    kernel_id: str | None = None
    """Of the kernel whose token asks."""
    notebook_id: str | None = None
    notebook_path: str | None = None


# Compute


class EbsConfig(_Request, frozen=True, kw_only=True):
    volume_type: str | None = None
    volume_size: int | None = None
    iops: int | None = None
    throughput: int | None = None
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
    limit: Annotated[int, Meta(ge=0, le=100)] = 100
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
