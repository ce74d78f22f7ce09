"""What happened to sessions, workloads and compute configs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .features import extension_of
from .wire import Answer, EventKind, SequenceNumber

FIRST_KINDS: frozenset[EventKind] = frozenset({"move", "warning", "extension"})
"""What a poll tells that names no kinds: its client may be of a version that knows no others."""


class Event(Answer, frozen=True, kw_only=True):
    """What happened to a session, a workload or a compute config."""

    sequence: int | None
    """Grows with each event; the number to go on from. ``None``: a notice, which is told once and kept nowhere."""
    at: str
    kind: EventKind
    """A change of status; a word that the session will close soon; that it was asked to be kept; a change of a compute
    config; or a notice to a session's owner that queries of it began or ended, or that other kernels use it."""
    session_id: str | None = None
    workload_id: str | None = None
    workload_config_id: Annotated[str | None, extension_of("event_kinds")] = None
    old_status: str | None = None
    new_status: str | None = None
    """Of a compute config: ``created``, ``changed`` or ``deleted``."""
    reason: str | None = None
    message: str | None = None


class EventPage(Answer, frozen=True, kw_only=True):
    events: tuple[Event, ...]
    sequence: int
    """The number to go on from; it also passes events that the caller may not see."""


Kinds = Annotated[str, Meta(pattern=r"^[a-z_]+(,[a-z_]+)*\Z", max_length=200, examples=["move,config,query"])]


class EventQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a poll for events."""

    after: SequenceNumber | None = None
    """A sequence number; without one: from now on."""
    wait: Annotated[int, Meta(ge=0, le=60)] = 0
    """Seconds to wait for an event, when there is none."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    kinds: Annotated[Kinds | None, extension_of("event_kinds")] = None
    """The kinds of events to be told of, with commas between them; without it: move, warning and extension."""


class EventStreamQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a stream of events."""

    after: SequenceNumber | None = None
