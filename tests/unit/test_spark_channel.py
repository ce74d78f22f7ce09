from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.clock import SystemClock, to_rfc3339
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.models import SessionToken
from lakesail_notebook.spark.rpcs.reconnecting import Reconnecting
from lakesail_notebook.spark.rpcs.session_token import RenewedToken
from lakesail_notebook.spark.sessions.channel import SessionChannelBuilder
from tests.unit.small_endpoint import SmallEndpoint, refused

SECRET = "eyJ-session-token"

Rpc = Callable[[grpc.Channel], object]


@pytest.fixture
def endpoint() -> Iterator[SmallEndpoint]:
    with SmallEndpoint() as endpoint:
        yield endpoint


def renewed(*texts: str, seconds: float = 3600) -> RenewedToken:
    """Gives these texts, each for so long, the last one for ever."""
    left = list(texts)

    def fetch() -> SessionToken:
        text = left.pop(0) if len(left) > 1 else left[0]
        return SessionToken(token=text, expires_at=to_rfc3339(datetime.now(UTC) + timedelta(seconds=seconds)))

    token = RenewedToken(fetch, SystemClock())
    token.renew()
    return token


def ask(channel: grpc.Channel) -> None:
    spark_proto.SparkConnectServiceStub(channel).Config(spark_proto.ConfigRequest(session_id="s"), timeout=30)


def execute(channel: grpc.Channel) -> list[str]:
    stub = spark_proto.SparkConnectServiceStub(channel)
    answers = stub.ExecutePlan(spark_proto.ExecutePlanRequest(session_id="s"), timeout=30)
    return [answer.response_id for answer in answers]


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_every_rpc_on_this_machine_carries_the_token_in_the_clear_and_no_compression(
    endpoint: SmallEndpoint, host: str
) -> None:
    builder = SessionChannelBuilder(f"{host}:{endpoint.port}", renewed(SECRET))
    with builder.toChannel() as channel:
        ask(channel)
        assert execute(channel) == ["0", "1", "2"]
    assert endpoint.tokens == [f"Bearer {SECRET}"] * 2
    assert {metadata.get("grpc-accept-encoding", "identity") for metadata in endpoint.metadata} == {"identity"}


def test_a_channel_outlives_its_tokens(endpoint: SmallEndpoint) -> None:
    builder = SessionChannelBuilder(endpoint.address, renewed("one", "two", seconds=1))
    with builder.toChannel() as channel:
        while "Bearer two" not in endpoint.tokens:
            ask(channel)
    assert endpoint.tokens[0] == "Bearer one"


def test_a_token_that_cannot_be_had_fails_at_once_with_the_proxys_sentence(endpoint: SmallEndpoint) -> None:
    def broken() -> SessionToken:
        raise RuntimeError("a fault")

    endpoint.refusals = [refused(grpc.StatusCode.UNAUTHENTICATED, "Fetch a new token.")]
    builder = SessionChannelBuilder(endpoint.address, RenewedToken(broken, SystemClock()))
    with builder.toChannel() as channel, pytest.raises(grpc.RpcError, match=r"Fetch a new token\."):
        ask(channel)
    assert endpoint.tokens == ["Bearer "]


def test_the_token_is_in_nothing_that_pyspark_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", "of-the-environment")
    builder = SessionChannelBuilder("localhost:1", renewed(SECRET))
    shown = repr(vars(builder)) + builder.url.geturl() + repr(list(builder.metadata())) + builder.userAgent
    builder.bare_channel.close()
    assert "localhost:1" in shown
    assert SECRET not in shown
    assert builder.token is None
    assert builder.secure


def test_proxies_of_the_environment_are_not_used_on_this_machine(
    endpoint: SmallEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with SessionChannelBuilder(endpoint.address, renewed(SECRET)).toChannel() as channel:
        ask(channel)
    assert len(endpoint.tokens) == 1


def test_elsewhere_the_token_goes_through_tls_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # An address that arrives at this machine, but is not known to be its loopback.
        builder = SessionChannelBuilder(f"0.0.0.0:{listener.getsockname()[1]}", renewed(SECRET))
        with builder.bare_channel as channel:
            call = channel.unary_unary("/a/b").future(b"", timeout=10)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                assert connection.recv(1) == b"\x16"  # a TLS handshake
            call.cancel()


@pytest.mark.parametrize("rpc", [ask, execute])
def test_an_rpc_waits_while_the_proxy_restarts(rpc: Rpc) -> None:
    port = free_port()
    builder = SessionChannelBuilder(f"localhost:{port}", renewed(SECRET))
    with builder.toChannel() as channel:
        answered = threading.Event()

        def call() -> None:
            rpc(channel)
            answered.set()

        caller = threading.Thread(target=call)
        caller.start()
        assert not answered.wait(0.3)
        with SmallEndpoint(port) as endpoint:
            caller.join(20)
            assert answered.is_set()
            assert len(endpoint.tokens) == 1


@pytest.mark.parametrize("rpc", [ask, execute])
def test_a_proxy_that_stays_away_is_said_in_a_sentence(rpc: Rpc) -> None:
    builder = SessionChannelBuilder(f"localhost:{free_port()}", renewed(SECRET))
    channel = grpc.intercept_channel(builder.bare_channel, Reconnecting(builder.endpoint, longest_outage_seconds=0.2))
    with channel, pytest.raises(Unavailable, match=r"cannot be reached.*%sail status"):
        rpc(channel)


@pytest.mark.parametrize("rpc", [ask, execute])
def test_an_rpc_that_arrived_is_not_sent_again(endpoint: SmallEndpoint, rpc: Rpc) -> None:
    endpoint.refusals = [refused(grpc.StatusCode.UNAVAILABLE, "try later")]
    with (
        SessionChannelBuilder(endpoint.address, renewed(SECRET)).toChannel() as channel,
        pytest.raises(grpc.RpcError, match="try later"),
    ):
        rpc(channel)
    assert len(endpoint.tokens) == 1
