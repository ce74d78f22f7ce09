"""HTTP/2 by hand: requests and frames that no gRPC client would send."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
_FRAMES_AT_ONCE = 200
Header = tuple[str, str]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def header_block(headers: Sequence[Header]) -> bytes:
    """Each as a literal that nobody keeps."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in headers)


def _text(text: str) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text.encode()


def request_headers(
    path: str, *, method: str = "POST", content_type: str | None = "application/grpc", te: str | None = "trailers"
) -> list[Header]:
    headers = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
    headers += [("te", te)] if te is not None else []
    return [*headers, *([("content-type", content_type)] if content_type is not None else [])]


@dataclass(frozen=True, slots=True)
class Told:
    """What came back of a connection."""

    frames: dict[int, int]
    """Kind of frame -> how many."""
    closed: bool
    """By the other side."""
    sent: int
    """Frames."""

    @property
    def ended(self) -> bool:
        return self.closed or GOAWAY in self.frames


def ask(port: int, headers: Sequence[Header], body: bytes = b"", seconds: float = 60) -> Told:
    """One request on a connection of its own, until it is answered, reset, or the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        block = header_block(headers)
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, block))
        with contextlib.suppress(OSError):
            connection.sendall(frame(DATA, END_STREAM, 1, body))
        received = bytearray()
        while not (kinds := _kinds(received)).keys() & {HEADERS, RST_STREAM, GOAWAY}:
            chunk = connection.recv(65536)
            if not chunk:
                return Told(kinds, True, 2)
            received += chunk
        return Told(kinds, False, 2)


def flood(port: int, frames: Iterator[bytes], seconds: float) -> Told:
    """Send them as fast as they are taken, and read what comes back, until the other side has had enough."""
    received, sent = bytearray(), 0
    connected = socket.create_connection(("127.0.0.1", port), timeout=max(seconds, 5.0))
    with connected as connection, connection.dup() as reader:
        reader.settimeout(seconds + 60)  # silence is no end
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
        closed = threading.Event()

        def read() -> None:
            with contextlib.suppress(OSError):
                while chunk := reader.recv(65536):
                    received.extend(chunk)
            closed.set()

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline and not closed.is_set():
                connection.sendall(b"".join(itertools.islice(frames, _FRAMES_AT_ONCE)))
                sent += _FRAMES_AT_ONCE
        except TimeoutError:  # they take nothing more, and have not ended it
            pass
        except OSError:
            closed.set()
        by_them = closed.wait(0.5)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        reading.join(10)
    return Told(_kinds(received), by_them, sent)


def _kinds(received: bytearray) -> dict[int, int]:
    kinds: dict[int, int] = {}
    position = 0
    while position + 9 <= len(received):
        kind = received[position + 3]
        kinds[kind] = kinds.get(kind, 0) + 1
        position += 9 + int.from_bytes(received[position : position + 3], "big")
    return kinds


def _after_headers(block: bytes, flags: int, following: bytes) -> Iterator[bytes]:
    """A request that begins on stream 1, and what goes on with it for ever."""
    return itertools.chain([frame(HEADERS, flags, 1, block)], itertools.repeat(following))


def _streams(of: Callable[[int], bytes]) -> Iterator[bytes]:
    return (of(stream) for stream in itertools.count(1, 2))


def floods(path: str) -> dict[str, Iterator[bytes]]:
    """Every kind of frame, without end. Those that need a request begin one to ``path``."""
    block = header_block(request_headers(path))
    reset = b"\0\0\0\x08"
    more = header_block([("x-more", "y" * 100)])
    return {
        "PING": itertools.repeat(frame(PING, 0, 0, b"12345678")),
        "SETTINGS": itertools.repeat(frame(SETTINGS, 0, 0)),
        "SETTINGS with a value": itertools.repeat(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535))),
        "HEADERS": _streams(lambda stream: frame(HEADERS, END_HEADERS, stream, block)),
        "HEADERS and RST_STREAM": _streams(
            lambda stream: frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, reset)
        ),
        "RST_STREAM": _streams(lambda stream: frame(RST_STREAM, 0, stream, reset)),
        "empty DATA": _after_headers(block, END_HEADERS, frame(DATA, 0, 1)),
        "DATA of padding": _after_headers(block, END_HEADERS, frame(DATA, PADDED, 1, b"\0")),
        "empty CONTINUATION": _after_headers(block, 0, frame(CONTINUATION, 0, 1)),
        "CONTINUATION": _after_headers(block, 0, frame(CONTINUATION, 0, 1, more)),
        "WINDOW_UPDATE": itertools.repeat(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\x01")),
        "WINDOW_UPDATE of a stream": _after_headers(block, END_HEADERS, frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\x01")),
        "PRIORITY": _streams(lambda stream: frame(PRIORITY, 0, stream, b"\0\0\0\0\x10")),
        "GOAWAY": itertools.repeat(frame(GOAWAY, 0, 0, b"\0" * 8)),
        "a kind that does not exist": itertools.repeat(frame(0x20, 0, 0, b"x")),
    }
