"""The messages that the session proxy holds for clients, and the end of streams whose clients take none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from ..clock import Clock
from ..errors import LakesailError, Unavailable
from .held_bytes import Held, decide

LEAVE_SECONDS = 0.25
"""So long a client whose stream is ended may still take the answer that says so; then its connection is closed."""

log = logging.getLogger(__name__)


class Cuttable(Protocol):
    """An RPC that runs."""

    def cut(self, error: LakesailError) -> None:
        """End it now, with this error."""
        ...


class HeldMessages:
    """What all streams hold.

    :param close_connection: closes the connection that an RPC came by, by its peer as gRPC names it. While a client
        takes nothing, gRPC gives a message back in no other way: the status that ends a stream waits behind it.
    """

    def __init__(self, clock: Clock, close_connection: Callable[[str], None]) -> None:
        self._clock = clock
        self._close_connection = close_connection
        self._streams: set[Stream] = set()
        self._timer: asyncio.TimerHandle | None = None

    @contextlib.contextmanager
    def stream(self, peer: str) -> Iterator[Stream]:
        """The stream of one RPC, until gRPC has let go of it."""
        stream = Stream(self, peer)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            stream.stop_leaving()

    def now(self) -> float:
        return self._clock.monotonic()

    def close_connection(self, peer: str) -> None:
        log.warning("session proxy: a client that takes no results is disconnected; it may come back for them")
        self._close_connection(peer)

    def look(self) -> None:
        """End streams until the others fit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while True:
            held = {one: one.held for one in self._streams if one.held is not None and not one.leaving}
            now = self.now()
            verdict = decide(held, now)
            if verdict.end is None:
                break
            verdict.end.end(
                Unavailable(
                    "The session proxy holds too much for clients that take no results; reattach to go on.",
                    retry_after_seconds=1,
                )
            )
        if verdict.look_again_at is not None:
            self._timer = asyncio.get_running_loop().call_later(verdict.look_again_at - now, self.look)


class Stream:
    """The responses of one RPC on their way to its client."""

    def __init__(self, messages: HeldMessages, peer: str) -> None:
        self._messages = messages
        self._peer = peer
        self._rpc: Cuttable | None = None
        self._closing: asyncio.TimerHandle | None = None
        self.held: Held | None = None
        """``None`` while the client has taken all that there was."""

    @contextlib.contextmanager
    def of(self, rpc: Cuttable) -> Iterator[None]:
        """While the RPC runs; afterwards only its answer is left to take."""
        self._rpc = rpc
        try:
            yield
        finally:
            self._rpc = None

    @property
    def leaving(self) -> bool:
        return self._closing is not None

    def holds(self, size: int) -> None:
        """A message of so many bytes is about to be written."""
        self.held = Held(size, self._messages.now())
        self._messages.look()

    def took(self) -> None:
        """The client has taken it."""
        self.held = None

    def end(self, error: LakesailError) -> None:
        """End the RPC with this error, and its connection if the client takes not even that."""
        if self._rpc is not None:
            self._rpc.cut(error)
        self.leave()

    def leave(self) -> None:
        """The RPC ends while the client takes nothing: its connection is closed, unless it soon does."""
        if self._closing is None:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(LEAVE_SECONDS, self._messages.close_connection, self._peer)

    def stop_leaving(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
