"""The messages of the route feed, and which of two routes counts."""

from __future__ import annotations

import msgspec
import pytest

from lakesail_notebook import feed
from lakesail_notebook.feed import Route, after

OPERATION = feed.OperationReport(
    session_id="S",
    operation_id="o",
    part="p",
    what="select 1",
    began_ago=1.5,
    ended_ago=0.5,
    rows=1,
    data_bytes=2,
    outcome="succeeded",
)


def route(state: feed.RouteState, generation: int = 1) -> Route:
    return Route(session_id="S", workload_id="W", generation=generation, state=state)


@pytest.mark.parametrize(
    "message",
    [
        feed.Snapshot(sequence=3, issuer="us", keys=({"kid": "k"},), token_time=1.5, routes=(route("ready"),)),
        feed.RouteChange(sequence=4, route=route("closed")),
        feed.Heartbeat(sequence=4, token_time=1.5),
        feed.ClaimAnswer(claim_id=1, granted=False, reason="foreign"),
        feed.ReleaseKept(session_id="S", spark_session_id="P"),
        feed.OperationsKept(),
    ],
)
def test_the_proxy_reads_what_the_control_plane_says(message: feed.FromControlPlane) -> None:
    line = feed.encode_line(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert feed.decode_from_control_plane(line) == message


@pytest.mark.parametrize(
    "message",
    [
        feed.Hello(secret="s"),
        feed.Claim(claim_id=1, session_id="S", caller="A", spark_session_id="P"),
        feed.Released(session_id="S", caller="A", spark_session_id="P"),
        feed.Activity(sessions=(feed.SessionActivity(session_id="S", running=1, seconds_since=0.5),)),
        feed.Operations(operations=(OPERATION,)),
        feed.EngineLost(workload_id="W"),
        feed.Applied(sequence=4),
    ],
)
def test_the_control_plane_reads_what_the_proxy_says(message: feed.FromProxy) -> None:
    assert feed.decode_from_proxy(feed.encode_line(message)) == message


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"type":"hello"}', b'{"type":"unknown"}', b"\xff\n"])
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        feed.decode_from_proxy(line)


def test_neither_side_reads_its_own_messages() -> None:
    with pytest.raises(msgspec.MsgspecError):
        feed.decode_from_proxy(feed.encode_line(feed.Heartbeat(sequence=1, token_time=1.5)))
    with pytest.raises(msgspec.MsgspecError):
        feed.decode_from_control_plane(feed.encode_line(feed.Applied(sequence=1)))


def test_secrets_stand_in_no_repr() -> None:
    launch = feed.ProxyLaunch(feed_host="127.0.0.1", feed_port=1, feed_secret="hidden", listen=("127.0.0.1:2",))
    assert "hidden" not in repr(launch)
    assert "hidden" not in repr(feed.Hello(secret="hidden"))


@pytest.mark.parametrize(
    ("old", "heard", "in_force"),
    [
        (None, route("pending"), route("pending")),
        (route("pending"), route("ready"), route("ready")),
        (route("pending"), route("closed"), route("closed")),
        (route("ready"), route("closed"), route("closed")),
        (route("ready"), route("pending"), route("ready")),
        (route("closed"), route("ready"), route("closed")),
        (route("closed"), route("pending"), route("closed")),
        (route("closed", generation=2), route("closed"), route("closed", generation=2)),
        (route("ready"), route("ready", generation=2), route("ready", generation=2)),
        (route("ready", generation=2), route("ready"), route("ready", generation=2)),
        (route("pending", generation=2), route("ready"), route("ready", generation=2)),
        (route("ready"), route("pending", generation=2), route("ready", generation=2)),
    ],
)
def test_a_route_that_comes_late_takes_nothing_back(old: Route | None, heard: Route, in_force: Route) -> None:
    assert after(old, heard) == in_force


def test_what_has_ended_of_a_sessions_tokens_stays_ended() -> None:
    early = msgspec.structs.replace(route("ready"), logins_from=3, ended_kernels=("a", "b"))
    late = msgspec.structs.replace(route("ready"), logins_from=5, ended_kernels=("b", "c"))
    for old, heard in ((early, late), (late, early)):
        both = after(old, heard)
        assert both.logins_from == 5
        assert set(both.ended_kernels) == {"a", "b", "c"}
    assert after(late, route("pending")) == late
