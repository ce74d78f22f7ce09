"""Sessions and their tokens."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .compute import ComputeSize
from .features import extension_of, extension_values
from .wire import Answer, EndpointType, Id, Metadata, Name, PageLimit, Request, SessionStatus, TimeoutReason

_FACT = extension_of("session_facts")
_OURS = extension_values("marimo_sessions", "marimo")


class SessionConfig(Request, frozen=True, kw_only=True):
    """A session's own limits, in seconds; ``None`` leaves one to the server's default."""

    idle_timeout_seconds: int | None = None
    idle_close_delay_seconds: int | None = None
    max_duration_seconds: int | None = None


class ConnectionInfo(Answer, frozen=True, kw_only=True):
    """Where a session is reached; told to its owner alone."""

    proxy_auth_url: str | None = None
    grpc_endpoint: str | None = None
    """``HOST:PORT`` of the session proxy, to be dialled with a session token."""


class Session(Answer, frozen=True, kw_only=True):
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
    workload_config_id: Annotated[str | None, Meta(description="Null: a config without a name."), _FACT] = None
    workload_config_name: Annotated[str | None, _FACT] = None
    notebook_path: Annotated[str | None, Meta(description="Where its notebook is now, or was last."), _FACT] = None
    notebook_contents_path: Annotated[
        str | None,
        Meta(description="Its notebook's path in the Contents API of this server; null: not there, or not there now."),
        _FACT,
    ] = None
    owner_name: Annotated[str | None, _FACT] = None
    size: Annotated[
        ComputeSize | None,
        Meta(description="What its engine has, after the cut to the machine that it runs on."),
        _FACT,
    ] = None
    price_per_hour: Annotated[float | None, Meta(description="Of its engine; null: not known."), _FACT] = None
    currency: Annotated[str | None, _FACT] = None
    cost_so_far: Annotated[
        float | None,
        Meta(description="Of its engine, at the price of now, for the time that the session has had it."),
        _FACT,
    ] = None
    timeout_reason: Annotated[TimeoutReason | None, Meta(description="The rule that sets timeoutAt."), _FACT] = None
    extended_until: Annotated[
        str | None, Meta(description="It was asked to be kept until then, which is to come."), _FACT
    ] = None
    closed_by: Annotated[
        str | None, Meta(description="The name of the person who closed it, if that was not its owner."), _FACT
    ] = None
    close_reason: Annotated[str | None, Meta(description="What the person said who closed it."), _FACT] = None
    kernel_ids: Annotated[
        tuple[str, ...] | None,
        Meta(
            description="The kernels of this server that use it: of each, the newest session token is of this session. "
            "Told to its owner alone."
        ),
        extension_of("session_kernels"),
    ] = None


Environment = Annotated[
    dict[str, str] | None,
    Meta(
        description="The environment variables of the engine, in place of the server's own. Write-only: kept in memory "
        "alone, and told by no answer. At most 48 KiB. Jupyter's own variables are left out.",
    ),
    extension_of("environment"),
]


class _WithEnvironment(Request, frozen=True, kw_only=True):
    """A request whose ``repr`` tells no value of a variable."""

    environment: Environment = None

    def __repr__(self) -> str:
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "environment")
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown)}, environment=…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, "…" if name == "environment" else getattr(self, name)) for name in self.__struct_fields__]


class SessionCreate(_WithEnvironment, frozen=True, kw_only=True):
    endpoint_type: Annotated[EndpointType, _OURS] = "spark_connect"
    name: Name | None = None
    team_id: Id | None = None
    member_id: Id | None = None
    service_account_id: Id | None = None
    notebook_id: Id | None = None
    config: SessionConfig | None = None
    metadata: Metadata = {}  # noqa: RUF012 - msgspec copies it
    workload_config_id: Name | None = None
    """A config's id, or its name."""
    allow_shared: bool = False


class SessionRelaunch(_WithEnvironment, frozen=True, kw_only=True):
    """Without an environment, the new session's engine gets that of the old one, where the server still has it."""


class EnvironmentComparison(_WithEnvironment, frozen=True, kw_only=True):
    """The environment of a kernel as it is now."""


class EnvironmentDifference(Answer, frozen=True, kw_only=True):
    """How a kernel's environment differs from the one that its session's engine was given."""

    known: bool
    """Whether the server knows what the engine was given."""
    changed: tuple[str, ...]
    """The names of the variables that were added, removed or given another value."""


class SessionExtend(Request, frozen=True, kw_only=True):
    duration_seconds: int | None = None
    """From now on."""


class SessionClose(Request, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """For its owner to read. Whoever closes another's session must give one."""


class SessionLogsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tail: Annotated[int, Meta(ge=0, le=500)] = 100
    """How many lines, the last ones."""


class SessionLogs(Answer, frozen=True, kw_only=True):
    lines: tuple[str, ...]


class EngineUse(Answer, frozen=True, kw_only=True):
    """What a session's engine has used of its machine; of an engine with several sessions, all of them together."""

    cpu_seconds: float | None
    """Of all cores, since it started; null where it cannot be seen."""
    computes: bool | None = None
    """Whether threads of it compute or wait for a core at this moment; null where the system does not tell."""


class TokenCreate(Request, frozen=True, kw_only=True):
    duration_seconds: int | None = None


class SessionToken(Answer, frozen=True, kw_only=True):
    token: str
    expires_at: str

    def __repr__(self) -> str:
        return f"SessionToken(token='…', expires_at={self.expires_at!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("token", "…"), ("expires_at", self.expires_at)]


class SessionListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}):
    """The parameters of a session list; ``endpoint_type`` is spelt so in the API."""

    team_id: Id | None = None
    endpoint_type: Annotated[EndpointType | None, _OURS] = None
    status: SessionStatus | None = None
    limit: PageLimit = 100
    marker: str | None = None
