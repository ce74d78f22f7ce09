"""The messages of the route feed, and which of two routes counts."""

from __future__ import annotations

import msgspec
import pytest

from lakesail_notebook import feed
from lakesail_notebook.feed import Route, supersedes

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
    ("old", "new", "takes_its_place"),
    [
        (None, route("pending"), True),
        (route("pending"), route("ready"), True),
        (route("pending"), route("closed"), True),
        (route("ready"), route("closed"), True),
        (route("ready"), route("pending"), False),
        (route("closed"), route("ready"), False),
        (route("closed"), route("pending"), False),
        (route("closed"), route("closed"), False),
        (route("ready"), route("ready", generation=2), True),
        (route("ready", generation=2), route("ready", generation=1), False),
    ],
)
def test_a_route_that_comes_late_changes_nothing(old: Route | None, new: Route, takes_its_place: bool) -> None:
    assert supersedes(new, old) is takes_its_place
