"""What happened to sessions and workloads."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .wire import Answer, EventKind, SequenceNumber


class Event(Answer, frozen=True, kw_only=True):
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


class EventPage(Answer, frozen=True, kw_only=True):
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
