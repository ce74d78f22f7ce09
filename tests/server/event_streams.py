"""Clients of the API for tests of its events."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import websocket
from headless import JupyterServer

PATIENCE_SECONDS = 60.0
SMALL_BUFFER = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)


class EventStream:
    def __init__(self, connection: websocket.WebSocket) -> None:
        self.connection = connection

    def next(self) -> dict[str, Any]:
        """The next event."""
        opcode, data = self.connection.recv_data()
        assert opcode == websocket.ABNF.OPCODE_TEXT, data
        event: dict[str, Any] = json.loads(data)
        return event

    def until(self, **wanted: Any) -> list[dict[str, Any]]:
        """The events up to the first that has these values."""
        events = [self.next()]
        while not wanted.items() <= events[-1].items():
            events.append(self.next())
        return events

    def as_far_as(self, sequence: int) -> list[dict[str, Any]]:
        """The events up to this one; fewer when the server closes before that."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["sequence"] < sequence:
            opcode, data = self.connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
            events.append(json.loads(data))
        return events

    def rest(self) -> tuple[list[dict[str, Any]], int, str]:
        """What still comes before the server closes; then its code and reason."""
        events: list[dict[str, Any]] = []
        code, reason = self._read_into(events)
        return events, code, reason

    def rest_or_cut(self) -> tuple[list[dict[str, Any]], int | None, str]:
        """As :meth:`rest`, without a code when the line is cut: Tornado waits some seconds for who is to read it."""
        events: list[dict[str, Any]] = []
        try:
            return events, *self._read_into(events)
        except websocket.WebSocketConnectionClosedException:
            return events, None, ""

    def _read_into(self, events: list[dict[str, Any]]) -> tuple[int, str]:
        while True:
            opcode, data = self.connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return struct.unpack(">H", data[:2])[0], data[2:].decode()
            events.append(json.loads(data))


@contextlib.contextmanager
def event_stream(
    server: JupyterServer, query: str = "", *, headers: Mapping[str, str] | None = None, **options: Any
) -> Iterator[EventStream]:
    """:raises websocket.WebSocketBadStatusException: when the server refuses the upgrade."""
    connection: Any = websocket.create_connection(
        f"ws{server.url.removeprefix('http')}lakesail/api/v1/events/ws{query}",
        header=dict(headers or {}),
        timeout=PATIENCE_SECONDS,
        http_no_proxy=["*"],
        **{"suppress_origin": True} | options,
    )
    try:
        yield EventStream(connection)
    finally:
        connection.shutdown()


def client_of(server: JupyterServer, headers: Mapping[str, str], *, timeout: float = 90.0) -> httpx.Client:
    root = f"{server.url}lakesail/api/v1/"
    return httpx.Client(base_url=root, headers=dict(headers), timeout=timeout, trust_env=False)
