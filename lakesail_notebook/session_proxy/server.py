"""Puts the session proxy together: the gRPC server with its limits, its health, and the order of start and stop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from ..clock import SystemClock
from ..errors import FailedPrecondition, LakesailError
from ..feed import ProxyLaunch
from ..tokens import TokenTime
from .auth import SessionClosed, Tokens
from .connections import close_connection
from .feed_client import FeedClient
from .forwarding import Engines
from .held_messages import HeldMessages
from .operations import OperationBook
from .routes import RouteTable
from .running_rpcs import RunningRpcs
from .service import SparkConnectService

MAX_REQUEST_BYTES = 128 * 1024 * 1024
STOP_SECONDS = 0.5

_SERVER_OPTIONS = (
    ("grpc.so_reuseport", 1),  # the control plane holds the port for us
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.absolute_max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 100),
    ("grpc.compression_enabled_algorithms_bitset", 1),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 15 * 60 * 1000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    ("grpc.keepalive_permit_without_calls", 1),
)


async def serve(launch: ProxyLaunch, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set; say on standard output when the addresses are bound.

    :raises ExceptionGroup: of FailedPrecondition, when an address cannot be bound or a TLS file cannot be read.
    """
    clock = SystemClock()
    time = TokenTime(clock)
    tokens = Tokens(time)
    calls = RunningRpcs(clock)
    operations = OperationBook(time, clock)

    def end(session_id: str, reason: LakesailError) -> None:
        calls.cut(session_id, reason)
        if isinstance(reason, SessionClosed):
            service.session_ended(session_id)

    routes = RouteTable(end)
    engines = Engines(routes.addresses)
    feed = FeedClient(
        launch,
        routes=routes,
        calls=calls,
        operations=operations,
        use_keys=tokens.use_keys,
        time=time,
        clock=clock,
    )
    service = SparkConnectService(
        time=time,
        tokens=tokens,
        routes=routes,
        calls=calls,
        feed=feed,
        engines=engines,
        operations=operations,
        held=HeldMessages(clock, close_connection),
    )
    server = grpc.aio.server(handlers=(service, _Health(feed)), options=_SERVER_OPTIONS)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(feed.run())
        releasing = tasks.create_task(service.release_orphans())
        starting = tasks.create_task(_start(server, feed, launch))
        await stop.wait()
        starting.cancel()
        releasing.cancel()
        await server.stop(STOP_SECONDS)
        following.cancel()
    await engines.close()


async def _start(server: grpc.aio.Server, feed: FeedClient, launch: ProxyLaunch) -> None:
    """Nobody is let in before it is known who may pass."""
    await feed.first_snapshot()
    _bind(server, launch)
    await server.start()
    print(json.dumps({"ready": {"listen": launch.listen}}), flush=True)


def _bind(server: grpc.aio.Server, launch: ProxyLaunch) -> None:
    credentials = _tls(launch)
    for address in launch.listen:
        try:
            if credentials is None:
                server.add_insecure_port(address)
            else:
                server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise FailedPrecondition(f"The session proxy cannot listen on {address}: {error}") from error


def _tls(launch: ProxyLaunch) -> Any:
    if launch.tls_certificate_file is None or launch.tls_key_file is None:
        return None
    try:
        key = Path(launch.tls_key_file).read_bytes()
        certificate = Path(launch.tls_certificate_file).read_bytes()
    except OSError as error:
        raise FailedPrecondition(
            f"The session proxy cannot read {error.filename}: {error.strerror}; see c.LakesailApp.proxy_tls_cert."
        ) from error
    return grpc.ssl_server_credentials([(key, certificate)])


class _Health(grpc.GenericRpcHandler):  # type: ignore[misc]
    """``grpc.health.v1.Health/Check``: serving while the route feed stands.

    It needs no token, so its request is not read: the answer is the same for every service.
    """

    _CHECK = "/grpc.health.v1.Health/Check"
    _SERVING, _NOT_SERVING = b"\x08\x01", b"\x08\x02"

    def __init__(self, feed: FeedClient) -> None:
        self._feed = feed

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method != self._CHECK:
            return None
        return grpc.stream_unary_rpc_method_handler(self._check)

    async def _check(self, _requests: Any, _context: Any) -> bytes:
        return self._SERVING if self._feed.connected else self._NOT_SERVING
