"""Which stream is to end when clients that take nothing hold too much of the session proxy's memory. Pure.

A stream holds the message that its client has not taken yet. A client that takes at least
:data:`SLOWEST_BYTES_PER_SECOND` is not stalled, so large results that are being read do not end each other again and
again. Only above :data:`CEILING_BYTES` does the longest-held message go, however briskly it is being read.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

BUDGET_BYTES = 64 * 1024 * 1024
"""More than that is not held for clients that are stalled. One message that is larger may pass alone."""
CEILING_BYTES = 2 * BUDGET_BYTES
"""More than that is held for nobody, except one message alone."""
SLOWEST_BYTES_PER_SECOND = 16 * 1024 * 1024
GRACE_SECONDS = 0.25
"""The least time before a client counts as stalled, however small its message."""

Stream = TypeVar("Stream", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Held:
    """What one stream holds."""

    bytes: int
    since: float
    """Of the monotonic clock, in seconds."""

    @property
    def stalls_at(self) -> float:
        """From when on its client counts as stalled, if it has not taken the message by then."""
        return self.since + GRACE_SECONDS + self.bytes / SLOWEST_BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Verdict(Generic[Stream]):
    end: Stream | None = None
    """The stream to end now."""
    look_again_at: float | None = None
    """When to decide anew, if nothing changes before; ``None``: not at all."""


def decide(held: Mapping[Stream, Held], now: float) -> Verdict[Stream]:
    """Which stream has to end now, so that the others fit.

    :param held: what each stream holds that is not ending already.
    """
    total = sum(one.bytes for one in held.values())
    if total <= BUDGET_BYTES or len(held) < 2:
        return Verdict()
    if total > CEILING_BYTES:
        return Verdict(end=min(held, key=lambda stream: held[stream].since))
    stalled = [stream for stream, one in held.items() if one.stalls_at <= now]
    if stalled:
        return Verdict(end=min(stalled, key=lambda stream: held[stream].since))
    return Verdict(look_again_at=min(one.stalls_at for one in held.values()))
