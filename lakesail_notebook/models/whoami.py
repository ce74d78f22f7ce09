"""Who is asking, and what the server allows and offers."""

from __future__ import annotations

from typing import Annotated

from .compute import ComputeSize
from .features import extension_of
from .wire import Answer


class DurationLimit(Answer, frozen=True, kw_only=True):
    """A duration that a caller may set, in seconds; without a default, there is none unless it is set."""

    default: int | None
    floor: int
    ceiling: int


class Limits(Answer, frozen=True, kw_only=True):
    """The limits of sessions and their tokens."""

    idle_timeout_seconds: DurationLimit
    idle_close_delay_seconds: DurationLimit
    max_duration_seconds: DurationLimit
    token_duration_seconds: DurationLimit
    extension_seconds: DurationLimit
    detached_seconds: int
    start_timeout_seconds: int
    spark_sessions_per_session: int


class Quotas(Answer, frozen=True, kw_only=True):
    """How much there may be of a thing; null: any number."""

    live_sessions_per_member: int | None = None
    live_sessions_per_team: int | None = None
    live_sessions_per_server: int | None = None
    creates_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Cluster(Answer, frozen=True, kw_only=True):
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
    machine: ComputeSize | None = None
    """What one engine takes whose compute config names no size; ``None``: not known."""


class Marimo(Answer, frozen=True, kw_only=True):
    """Whether marimo sessions can be started."""

    available: bool
    reason: str | None = None
    """Why not, and what to do."""


class Me(Answer, frozen=True, kw_only=True):
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
    marimo: Annotated[Marimo | None, extension_of("marimo_sessions")] = None
    default_config: str | None = None
    """Name of the compute config of sessions that name none."""
    version: str | None = None
    """Of the server's lakesail-notebook; ``None`` before 0.1.0 was released."""
    features: tuple[str, ...] = ()
    """What the server has beyond the LakeSail API, by name."""
