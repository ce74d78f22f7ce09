"""A TCP relay that counts what passes and injects faults: delay, refused and cut connections, half-open silence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

_CHUNK_BYTES = 64 * 1024
_HTTP2_PREFACE_BYTES = 24
_FRAME_HEADER_BYTES = 9
_HEADERS_FRAME, _RST_STREAM_FRAME = 1, 3


class Relay:
    """Stands on a loopback port of its own, before ``host:port``, in a thread of its own. A context manager.

    Counters grow for the relay's whole life; faults may be set from any thread, and hold until they are lifted.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._pairs: set[_Pair] = set()
        self._flowing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._refusing = False
        self.port = 0
        self.delay_seconds = 0.0
        """Each chunk, in both directions, waits so long."""
        self.connections = 0
        self.bytes_to_target = 0
        self.bytes_to_client = 0
        self.requests = 0
        """HTTP/2 requests that clients sent: HEADERS frames."""
        self.cancellations = 0
        """Requests that clients took back: RST_STREAM frames."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def lead_to(self, port: int) -> None:
        """New connections go to this port of the same host."""
        self._target = (self._target[0], port)

    def refuse(self) -> None:
        """Cut what is open, and every new connection at once."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        self._refusing = False

    def cut(self) -> None:
        """Reset all connections, on both sides."""
        self._run(self._cut())

    def stall(self) -> None:
        """Keep all connections open, and pass nothing on."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def resume(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def __enter__(self) -> Relay:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _start(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()
        self._flowing.set()
        ending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _cut(self) -> None:
        for pair in self._pairs:
            pair.reset()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refusing:
            _reset(writer)
            return
        try:
            target_reader, target_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        pair = _Pair(writer, target_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pump(reader, target_writer, _RequestCounter(self)), self._pump(target_reader, writer, None)
            )
        except (OSError, asyncio.CancelledError):  # a cancelled handler is a task that asyncio would complain about
            return
        finally:
            pair.reset()
            self._pairs.discard(pair)
            await pair.closed()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: _RequestCounter | None
    ) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            await self._flowing.wait()
            if counter is None:
                self.bytes_to_client += len(chunk)
            else:
                self.bytes_to_target += len(chunk)
                counter.feed(chunk)
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


class _Pair:
    """The two ends of one relayed connection."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers

    def reset(self) -> None:
        for writer in self._writers:
            _reset(writer)

    async def closed(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _RequestCounter:
    """Follows a client's HTTP/2 frames and counts those that begin or cancel a request."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._skip = _HTTP2_PREFACE_BYTES
        self._pending = b""

    def feed(self, chunk: bytes) -> None:
        self._pending += chunk
        while self._pending:
            skipped = min(self._skip, len(self._pending))
            self._pending, self._skip = self._pending[skipped:], self._skip - skipped
            if self._skip or len(self._pending) < _FRAME_HEADER_BYTES:
                return
            header, self._pending = self._pending[:_FRAME_HEADER_BYTES], self._pending[_FRAME_HEADER_BYTES:]
            self._skip = int.from_bytes(header[:3], "big")
            self._relay.requests += header[3] == _HEADERS_FRAME
            self._relay.cancellations += header[3] == _RST_STREAM_FRAME


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST, not FIN: the peer sees a broken connection."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
