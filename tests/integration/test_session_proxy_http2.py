"""What is no gRPC, and floods of frames: what the session proxy's port makes of them. ARCHITECTURE.md has the table."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest

from tests.integration.proxy_rig import ProxyRig, proxy_rig
from tests.integration.spark_clients import call
from tests.raw_http2 import HEADERS, RST_STREAM, ask, flood, floods, request_headers

EXECUTE = "/spark.connect.SparkConnectService/ExecutePlan"
EMPTY_MESSAGE = b"\0\0\0\0\0"
ENDED = {"PING", "empty DATA", "empty CONTINUATION"}
"""The floods that gRPC 1.85 ends by itself."""
FLOOD_SECONDS = 1.0
ENDED_WITHIN_SECONDS = 120.0
"""Of floods that the proxy ends: a busy machine may let it read little of one in a second."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def port_of(rig: ProxyRig) -> int:
    return int(rig.endpoint.rpartition(":")[2])


def healthy(rig: ProxyRig) -> bool:
    return call(rig.endpoint, "/grpc.health.v1.Health/Check", b"", (), seconds=60).code is grpc.StatusCode.OK


@pytest.mark.parametrize(
    "request_line",
    ["GET / HTTP/1.1", "POST / HTTP/1.1", f"POST {EXECUTE} HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT x:1 HTTP/1.1"],
)
def test_http_1_is_turned_away(rig: ProxyRig, request_line: str) -> None:
    before = rig.relay.requests
    with socket.create_connection(("127.0.0.1", port_of(rig)), timeout=60) as connection:
        connection.sendall(f"{request_line}\r\nHost: localhost\r\nContent-Type: application/grpc\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    assert b"HTTP/1" not in answer
    assert rig.relay.requests == before
    assert healthy(rig)


@pytest.mark.parametrize(
    "headers",
    [
        request_headers(EXECUTE, method="GET"),
        request_headers(EXECUTE, method="PUT"),
        request_headers(EXECUTE, te=None),
        request_headers(EXECUTE, method="OPTIONS", content_type="text/html", te=None),
    ],
)
def test_a_plain_http_2_request_is_reset(rig: ProxyRig, headers: list[tuple[str, str]]) -> None:
    before = rig.relay.requests
    told = ask(port_of(rig), headers, EMPTY_MESSAGE)
    assert RST_STREAM in told.frames
    assert rig.relay.requests == before


@pytest.mark.parametrize(
    "content_type",
    [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc+json",
        "application/json",
        "text/html",
        None,
    ],
)
def test_whatever_a_request_calls_itself_nothing_passes_without_a_token(
    rig: ProxyRig, content_type: str | None
) -> None:
    before = rig.relay.requests
    told = ask(port_of(rig), request_headers(EXECUTE, content_type=content_type), EMPTY_MESSAGE)
    assert told.frames[HEADERS] == 1, "its status alone"
    assert rig.relay.requests == before


@pytest.mark.parametrize("kind", floods(EXECUTE))
def test_a_flood_ends_or_harms_nobody_else(rig: ProxyRig, kind: str) -> None:
    pid = rig.proxy_pid
    assert pid is not None
    before, requests = psutil.Process(pid).memory_info().rss, rig.relay.requests
    others: list[bool] = []
    over = threading.Event()

    def ask_for_health() -> None:
        while not over.is_set():
            others.append(healthy(rig))
            over.wait(0.1)

    beside = threading.Thread(target=ask_for_health)
    beside.start()
    seconds = ENDED_WITHIN_SECONDS if kind in ENDED else FLOOD_SECONDS
    told = flood(port_of(rig), floods(EXECUTE)[kind], seconds)
    over.set()
    beside.join()
    assert others
    assert all(others)
    assert told.ended or kind not in ENDED, told
    assert told.frames.get(HEADERS, 0) <= 100, "more requests at once than a connection may have"
    assert psutil.Process(pid).memory_info().rss - before < 100_000_000
    assert rig.relay.requests == requests
    assert rig.proxy_pid == pid
