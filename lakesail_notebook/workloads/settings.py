"""The limits in force, as one frozen value: traits stop at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..clock import in_words
from ..errors import FieldError, InvalidArgument
from ..models import SessionConfig
from .records import Timeouts
from .rules.instance_types import InstanceType, shipped_instance_types
from .rules.names import kind_of
from .rules.quotas import Quotas

LOCAL = "LOCAL"
"""The id of the one team and the one cluster of a single-user server."""


@dataclass(frozen=True, slots=True)
class DurationRange:
    """A duration that a caller may set, in seconds."""

    default: int | None
    floor: int
    ceiling: int

    def value(self, wanted: int | None, pointer: str) -> int | None:
        """:raises InvalidArgument: when ``wanted`` lies outside; the message names the limit."""
        if wanted is None:
            return self.default
        if not self.floor <= wanted <= self.ceiling:
            message = f"must lie between {self.floor} and {self.ceiling} seconds ({in_words(self.ceiling)})"
            raise InvalidArgument(f"{pointer.rpartition('/')[2]} {message}.", errors=(FieldError(pointer, message),))
        return wanted


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The single-user defaults: durations in seconds, and how many there may be of a thing."""

    idle_timeout: DurationRange = DurationRange(1800, 60, 28800)
    idle_close_delay: DurationRange = DurationRange(28800, 0, 28800)
    max_duration: DurationRange = DurationRange(None, 300, 604800)
    token_duration: DurationRange = DurationRange(28800, 60, 7776000)
    extension: DurationRange = DurationRange(1800, 60, 28800)
    detached_seconds: int = 300
    start_timeout_seconds: int = 60
    spark_sessions_per_session: int = 64

    def timeouts(self, config: SessionConfig | None) -> Timeouts:
        """A session's limits in force.

        :raises InvalidArgument: when the session asks for one outside the floor and the ceiling.
        """
        wanted = config or SessionConfig()
        idle = self.idle_timeout.value(wanted.idle_timeout_seconds, "/config/idleTimeoutSeconds")
        delay = self.idle_close_delay.value(wanted.idle_close_delay_seconds, "/config/idleCloseDelaySeconds")
        return Timeouts(
            idle_timeout=idle or 0,
            idle_close_delay=delay or 0,
            max_duration=self.max_duration.value(wanted.max_duration_seconds, "/config/maxDurationSeconds"),
            detached=self.detached_seconds,
        )


TEAM_LIMITS = SessionLimits(
    idle_close_delay=DurationRange(300, 0, 28800),
    max_duration=DurationRange(43200, 300, 604800),
    start_timeout_seconds=600,
)
"""The defaults of a server that knows its users apart."""


def limits_from(trait: Mapping[str, Any], base: SessionLimits | None = None) -> SessionLimits:
    """``{"idle_timeout": {"default": 600, "floor": 5}, "start_timeout_seconds": 30}`` over the defaults.

    :raises ValueError: for a name or a value that is no limit; the message lists the names.
    """
    limits = base or SessionLimits()
    known = {item.name for item in fields(SessionLimits)}
    for name, value in trait.items():
        if name not in known:
            raise ValueError(f"limits has no {name!r}; it knows {', '.join(sorted(known))}")
        old = getattr(limits, name)
        changed: Any = _limit(name, old, value) if isinstance(old, DurationRange) else _count(name, value)
        limits = replace(limits, **{name: changed})
    return limits


def _limit(name: str, old: DurationRange, value: Any) -> DurationRange:
    if not isinstance(value, Mapping) or not set(value) <= {"default", "floor", "ceiling"}:
        raise ValueError(f"limits[{name!r}] is a mapping of default, floor and ceiling (seconds), not {kind_of(value)}")
    limit = replace(old, **{key: _count(f"{name}.{key}", seconds) for key, seconds in value.items()})
    default = limit.floor if limit.default is None else limit.default
    if not limit.floor <= default <= limit.ceiling:
        raise ValueError(f"limits[{name!r}] has its default {default} outside {limit.floor} to {limit.ceiling} seconds")
    return limit


def _count(name: str, value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"limits: {name} is a whole number, not {kind_of(value)}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMember:
    """Somebody whom the administrator named, and who may never have logged in."""

    id: str
    login: str
    team_ids: tuple[str, ...]
    """Those that name them; groups may add more at a login."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the administrator decided."""

    limits: SessionLimits = field(default_factory=SessionLimits)
    default_config: str | None = "default"
    """Name of the config of sessions that name none."""
    team_ids: frozenset[str] = frozenset({LOCAL})
    """All teams there are."""
    single_user: bool = True
    """One person's server: their sessions may choose the interpreter and the directory of a local engine."""
    quotas: Quotas = field(default_factory=Quotas)
    instance_types: Mapping[str, InstanceType] = field(default_factory=shipped_instance_types)
    """What the sizes of compute configs mean, by name."""
    known_members: Mapping[str, KnownMember] = field(default_factory=dict)
    """By id."""
    allowed_index_hosts: frozenset[str] = frozenset()
    """``HOST`` or ``HOST:PORT`` of package indexes that compute configs may name, on a server of several people."""

    @property
    def index_hosts(self) -> frozenset[str] | None:
        """The same, ``None`` being any: one person may use what they like."""
        return None if self.single_user else self.allowed_index_hosts
