"""What the proxy's front passes on to its parts."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from lakesail_notebook.feed import ProxyLaunch
from lakesail_notebook.session_proxy.auth import Tokens
from lakesail_notebook.session_proxy.connections import close_connection
from lakesail_notebook.session_proxy.feed_client import FeedClient
from lakesail_notebook.session_proxy.forwarding import Engines
from lakesail_notebook.session_proxy.held_messages import HeldMessages
from lakesail_notebook.session_proxy.operation import SparkSession
from lakesail_notebook.session_proxy.operations import GONE_SECONDS, OperationBook
from lakesail_notebook.session_proxy.routes import RouteTable
from lakesail_notebook.session_proxy.running_rpcs import RunningRpcs
from lakesail_notebook.session_proxy.service import SparkConnectService
from lakesail_notebook.session_proxy.spark_rpc import EXECUTE_PLAN, REATTACH_EXECUTE, Head
from lakesail_notebook.tokens import TokenTime
from tests.unit.proxy_claims import CLAIMS
from tests.unit.test_proxy_auth import SetClock


def service_on(clock: SetClock, operations: OperationBook) -> SparkConnectService:
    """One without a control plane."""
    time, calls, routes = TokenTime(clock), RunningRpcs(clock), RouteTable(lambda session_id, reason: None)
    tokens = Tokens(time)
    launch = ProxyLaunch(feed_host="127.0.0.1", feed_port=0, feed_secret="", listen=())
    feed = FeedClient(
        launch, routes=routes, calls=calls, operations=operations, use_keys=tokens.use_keys, time=time, clock=clock
    )
    return SparkConnectService(
        time=time,
        tokens=tokens,
        routes=routes,
        calls=calls,
        feed=feed,
        engines=Engines(tuple),
        operations=operations,
        held=HeldMessages(clock, close_connection),
    )


def test_a_query_whose_client_is_away_ends_with_its_session_and_not_by_its_own_time() -> None:
    async def scenario() -> list[str]:
        clock = SetClock()
        operations = OperationBook(TokenTime(clock), clock)
        for session_id, method in (("S", EXECUTE_PLAN), ("T", REATTACH_EXECUTE)):
            owner = SparkSession(f"W-{session_id}", session_id, "ALICE", "P")
            head = Head(spark_session_id="P", operation_id="o")
            with (
                suppress(asyncio.CancelledError),
                operations.following(method, head, b"\x2a\x04\x0a\x02\x08\x01", owner, CLAIMS, lambda: None),
            ):
                raise asyncio.CancelledError
        operations.reports.take()
        service_on(clock, operations).session_ended("S")
        clock.pass_seconds(GONE_SECONDS)
        return [operation.spark_session.session_id for operation in operations.reports.take()]

    assert asyncio.run(scenario()) == ["T"]
