"""Moves the messages of one RPC between a client and an engine: each is read once the one before it is taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from typing import Any

import grpc
import grpc.aio

from ..errors import Unavailable
from .auth import Metadata
from .held_messages import Stream
from .spark_rpc import RELEASE_SESSION, Method

STALL_SECONDS = 900.0
"""A client that takes no message for so long is told to come back: its query goes on, and reattaching resumes it."""
RELEASE_SECONDS = 5.0

_PASSED_METADATA = frozenset({"traceparent", "tracestate", "request-id"})
"""All that the engine is told of a client's metadata; never its authorization."""
DETAILS = "grpc-status-details-bin"
"""The trailer with a rich status."""

_FOREVER_MS = 2**31 - 1
"""gRPC's longest time, 25 days."""
_CHANNEL_OPTIONS = (
    ("grpc.compression_enabled_algorithms_bitset", 1),  # identity: Sail's gzip costs five to ten times the throughput
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 1024 * 1024),
    ("grpc.absolute_max_metadata_size", 1024 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # An engine whose threads are all busy answers no ping and greets no connection, and lives: its process decides
    # whether it does. So there are no pings, and a connection waits for its greeting without a limit worth the name.
    ("grpc.keepalive_time_ms", _FOREVER_MS),
    ("grpc.min_reconnect_backoff_ms", _FOREVER_MS),
    # What a stream takes in before it is read is held beside its message: little, and no more on a quick connection.
    ("grpc.http2.lookahead_bytes", 1024 * 1024),
    ("grpc.http2.bdp_probe", 0),
    # Large results: fewer and larger reads and frames (measured: a quarter more throughput).
    ("grpc.http2.max_frame_size", 4 * 1024 * 1024),
    ("grpc.experimental.tcp_read_chunk_size", 1024 * 1024),
    ("grpc.experimental.tcp_max_read_chunk_size", 4 * 1024 * 1024),
)


class EngineLost(Exception):
    """The engine could not be reached, or the connection to it broke."""


class EngineAnswer(Exception):
    """The engine ended the RPC with a status of its own, to be passed on as it is."""

    def __init__(self, code: grpc.StatusCode, details: str, trailers: tuple[tuple[str, str | bytes], ...]) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.trailers = trailers


class Engines:
    """One channel to each engine in use.

    :param routed: says to which addresses routes lead.
    """

    def __init__(self, routed: Callable[[], Collection[str]]) -> None:
        self._routed = routed
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._releasing: Counter[str] = Counter()
        self._closing: set[asyncio.Task[None]] = set()

    def channel(self, address: str) -> grpc.aio.Channel:
        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
        return self._channels[address]

    async def release(self, address: str, requests: Iterable[bytes]) -> None:
        """End Spark sessions in an engine, as far as it obeys: their end is ours to say, not the engine's."""
        channel = self.channel(address)
        self._releasing[address] += 1
        try:
            await asyncio.gather(*(_release(channel, request) for request in requests))
        finally:
            self._releasing[address] -= 1
            self.close_unused()

    def close_unused(self) -> None:
        """Close the channels to engines that no route leads to, and where nothing is being released."""
        releasing = {address for address, count in self._releasing.items() if count}
        self._close(self._channels.keys() - set(self._routed()) - releasing)

    def _close(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            task = asyncio.create_task(self._channels.pop(address).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        self._close(list(self._channels))
        await asyncio.gather(*self._closing, return_exceptions=True)


async def forward(
    channel: grpc.aio.Channel,
    method: Method,
    first: bytes,
    rest: AsyncIterator[bytes],
    context: Any,
    passing: Callable[[bytes], bool],
    stream: Stream,
) -> bytes:
    """Run one RPC on the engine; the answer to a method with one response, ``b""`` after a stream of them.

    :param passing: shown each message of a stream of responses; says whether it goes to the client.
    :param stream: told what it holds for the client.
    :raises EngineLost: when the engine does not answer.
    :raises EngineAnswer: when it answers with an error.
    :raises Unavailable: when the client takes nothing for :data:`STALL_SECONDS`.
    """
    metadata = passed_metadata(context.invocation_metadata())
    try:
        if method.streams_responses:
            await _stream_responses(
                channel.unary_stream(method.path)(first, metadata=metadata), context, passing, stream
            )
            return b""
        if method.streams_requests:
            return await _stream_requests(channel.stream_unary(method.path)(metadata=metadata), first, rest, context)
        return await _finish(channel.unary_unary(method.path)(first, metadata=metadata), context)
    except grpc.aio.AioRpcError as error:
        raise _engine_error(error) from error


async def _release(channel: grpc.aio.Channel, request: bytes) -> None:
    try:
        await channel.unary_unary(RELEASE_SESSION.path)(request, timeout=RELEASE_SECONDS)
    except grpc.aio.AioRpcError:
        return


def passed_metadata(metadata: Metadata) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((key, value) for key, value in metadata if key in _PASSED_METADATA)


async def _stream_responses(call: Any, context: Any, passing: Callable[[bytes], bool], stream: Stream) -> None:
    try:
        await context.send_initial_metadata(())
        # One message at a time. What the engine sends next meanwhile waits in gRPC's window, and no more than that.
        while (message := await call.read()) is not grpc.aio.EOF:
            if passing(message):
                await _write(context, message, stream)
        await _finish_trailers(call, context)
    finally:
        message = b""  # an exception keeps its frames, and what they hold, until the collector comes by
        call.cancel()


async def _write(context: Any, message: bytes, stream: Stream) -> None:
    stream.holds(len(message))
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await context.write(message)
    except TimeoutError as error:
        stream.leave()
        raise Unavailable(
            f"The client took no result for {STALL_SECONDS:.0f} s; reattach to go on.", retry_after_seconds=1
        ) from error
    finally:
        del message  # as above
    stream.took()


async def _stream_requests(call: Any, first: bytes, rest: AsyncIterator[bytes], context: Any) -> bytes:
    try:
        await call.write(first)
        async for message in rest:
            await call.write(message)
        await call.done_writing()
        return await _finish(call, context)
    except asyncio.InvalidStateError:
        # The engine has answered before it was told all, so writing is over; awaiting the call says what it answered.
        return await _finish(call, context)
    finally:
        call.cancel()


async def _finish(call: Any, context: Any) -> bytes:
    try:
        response: bytes = await call
        await _finish_trailers(call, context)
        return response
    finally:
        call.cancel()


async def _finish_trailers(call: Any, context: Any) -> None:
    context.set_trailing_metadata(tuple(await call.trailing_metadata()))


def _engine_error(error: grpc.aio.AioRpcError) -> EngineLost | EngineAnswer:
    trailers = tuple(error.trailing_metadata() or ())
    own_words = any(key == DETAILS for key, _ in trailers)
    if error.code() is grpc.StatusCode.UNAVAILABLE and not own_words:
        return EngineLost(error.details() or "unavailable")
    return EngineAnswer(error.code(), error.details() or "", trailers)
