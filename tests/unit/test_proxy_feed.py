"""The two ends of the route feed together: what the proxy reports arrives, also when it cannot be kept at first."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable

import pytest

from lakesail_notebook.clock import Clock
from lakesail_notebook.control_plane.feed_server import FeedServer
from lakesail_notebook.feed import ProxyLaunch
from lakesail_notebook.session_proxy.feed_client import FeedClient
from lakesail_notebook.session_proxy.operation import SparkSession
from lakesail_notebook.session_proxy.operations import OperationBook
from lakesail_notebook.session_proxy.reporting import MAX_REPORTED
from lakesail_notebook.session_proxy.routes import RouteTable
from lakesail_notebook.session_proxy.running_rpcs import RunningRpc, RunningRpcs
from lakesail_notebook.session_proxy.spark_rpc import EXECUTE_PLAN, Head
from lakesail_notebook.tokens import TokenTime
from tests.feeds import KeepingReports, source
from tests.hasty import LoopClock, run_hastily
from tests.unit.proxy_claims import CLAIMS


def a_book(clock: Clock | None = None) -> OperationBook:
    clock = clock or LoopClock()
    return OperationBook(TokenTime(clock), clock)


@contextlib.asynccontextmanager
async def fed_proxy(
    reports: KeepingReports, operations: OperationBook | None = None
) -> AsyncIterator[tuple[FeedClient, RunningRpcs]]:
    """A proxy's end of a feed whose other end tells these reports."""
    async with feed_of(reports, operations) as (_, client, calls):
        yield client, calls


@contextlib.asynccontextmanager
async def feed_of(
    reports: KeepingReports, operations: OperationBook | None = None
) -> AsyncIterator[tuple[FeedServer, FeedClient, RunningRpcs]]:
    """Both ends of a feed that tells these reports."""
    server = FeedServer()
    server.serve(source(reports=reports))
    host, port = await server.start()
    launch = ProxyLaunch(feed_host=host, feed_port=port, feed_secret=server.new_secret(), listen=())
    clock = LoopClock()
    calls = RunningRpcs(clock)
    routes = RouteTable(lambda session_id, reason: None)
    client = FeedClient(
        launch,
        routes=routes,
        calls=calls,
        operations=operations or a_book(clock),
        use_keys=lambda issuer, keys: None,
        time=TokenTime(clock),
        clock=clock,
    )
    running = asyncio.create_task(client.run())
    try:
        await client.first_snapshot()
        yield server, client, calls
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()


async def until(happens: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not happens():
            await asyncio.sleep(0.1)  # by the loop's clock, which jumps


def test_what_could_not_be_kept_is_said_again(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        reports = KeepingReports()
        reports.fail = True
        async with fed_proxy(reports) as (client, calls):
            with RunningRpc(calls, "S") as call:
                call.passes()
            await until(lambda: reports.failures)
            reports.fail = False
            await until(lambda: reports.used)
            assert [use.session_id for use in reports.used] == ["S"]
            assert 1 <= reports.used[0].seconds_since < 10

            reports.fail = True
            client.released(SparkSession("W", "S", "ALICE", "P"))
            before = reports.failures
            await until(lambda: reports.failures > before)
            reports.fail = False
            await until(lambda: reports.released_ids)
            assert reports.released_ids == ["P"]

    with caplog.at_level(logging.WARNING):
        run_hastily(scenario())
    told = [record for record in caplog.records if "could not be kept" in record.message]
    short = [record.exc_info is None for record in told]
    assert [one for one, _ in itertools.groupby(short)] == [True, False], "a fault of ours alone has a stack trace"


def test_what_was_kept_is_not_said_again() -> None:
    async def scenario() -> None:
        reports = KeepingReports()
        async with fed_proxy(reports) as (client, calls):
            with RunningRpc(calls, "S") as call:
                call.passes()
            await until(lambda: reports.used)
            reports.fail = True
            client.released(SparkSession("W", "S", "ALICE", "P"))
            await until(lambda: reports.failures)
            reports.fail = False
            await until(lambda: reports.released_ids)
            assert len(reports.used) == 1

    run_hastily(scenario())


def run_operation(operations: OperationBook, operation_id: str) -> None:
    owner = SparkSession("W", "S", "ALICE", "P")
    head = Head(spark_session_id="P", operation_id=operation_id)
    with operations.following(EXECUTE_PLAN, head, b"", owner, CLAIMS, lambda: None):
        pass


def test_operations_that_could_not_be_kept_are_said_again() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        reports.fail = True
        async with fed_proxy(reports, operations):
            run_operation(operations, "o")
            await until(lambda: reports.failures)
            reports.fail = False
            await until(lambda: reports.operated)
        [told] = reports.operated
        assert (told.session_id, told.operation_id, told.outcome) == ("S", "o", "succeeded")
        assert told.began_ago >= (told.ended_ago or 0) >= 1, "its times are of then, told by now"

    run_hastily(scenario())


def test_operations_that_were_kept_are_not_said_again() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        async with fed_proxy(reports, operations) as (client, _):
            run_operation(operations, "o")
            await until(lambda: reports.operated)
            reports.fail = True
            client.released(SparkSession("W", "S", "ALICE", "P"))
            await until(lambda: reports.failures)
            reports.fail = False
            await until(lambda: reports.released_ids)
            run_operation(operations, "p")
            await until(lambda: reports.operated[1:])
        assert [told.operation_id for told in reports.operated] == ["o", "p"]

    run_hastily(scenario())


def test_refused_rpcs_are_told_merged_and_again_when_the_feed_was_lost() -> None:
    async def scenario() -> None:
        reports = KeepingReports()
        async with fed_proxy(reports) as (client, _):
            for _ in range(500):
                client.refusals.note("S", "UNAUTHENTICATED")
            await until(lambda: reports.refusals)
            [one] = reports.refusals
            assert (one.session_id, one.reason, one.count) == ("S", "UNAUTHENTICATED", 500)
            began = asyncio.get_running_loop().time()
            client.refusals.note("S", "PERMISSION_DENIED")
            client.refusals.note("S", "PERMISSION_DENIED")
            await until(lambda: len(reports.refusals) > 1)
            assert reports.refusals[1].count == 2
            assert asyncio.get_running_loop().time() - began > 0.5  # once a second at most

    run_hastily(scenario())


def test_it_asks_whether_a_session_may_run_python_code() -> None:
    async def scenario() -> None:
        reports = KeepingReports()
        async with fed_proxy(reports) as (client, _):
            answers = await asyncio.gather(client.note_python("S"), client.note_python("OVER"))
            assert list(answers) == [True, False]
            assert sorted(reports.python_sessions) == ["OVER", "S"]

    run_hastily(scenario())


def test_a_reader_of_queries_has_what_happened_just_before() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        async with feed_of(reports, operations) as (server, _, _):
            run_operation(operations, "first")
            await until(lambda: reports.operated)
            for number in range(3 * MAX_REPORTED):
                run_operation(operations, f"o{number}")
            assert await server.flushed(5)
            assert len(reports.operated) == 1 + 3 * MAX_REPORTED
            assert await server.flushed(5), "there may be nothing to report"

    run_hastily(scenario())


def test_a_proxy_that_cannot_report_is_not_waited_for() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        async with feed_of(reports, operations) as (server, client, _):
            reports.fail = True
            run_operation(operations, "o")
            assert not await server.flushed(0.2)
            reports.fail = False
            await until(lambda: reports.operated)
            await until(lambda: client.connected)
            assert await server.flushed(5)
        assert not await server.flushed(0.2), "there is no proxy"

    run_hastily(scenario())


def test_an_interrupt_ends_what_runs_and_is_answered_after_the_report_of_it() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        async with feed_of(reports, operations) as (server, _, _):
            owner, streams = SparkSession("W", "S", "ALICE", "s"), contextlib.ExitStack()
            for number in range(3):
                head = Head(spark_session_id="s", operation_id=f"o{number}")
                streams.enter_context(operations.following(EXECUTE_PLAN, head, b"", owner, CLAIMS, lambda: None))
            assert await server.interrupted("S", "o1", 5) == ("o1",)
            assert {one.operation_id: one.outcome for one in reports.operated} == {
                "o0": "running",
                "o1": "cancelled",
                "o2": "running",
            }
            assert await server.interrupted("S", None, 5) == ("o0", "o2")
            assert await server.interrupted("S", None, 5) == ()
            assert await server.interrupted("OTHER", None, 5) == ()
        assert await server.interrupted("S", None, 5) is None, "there is no proxy"

    run_hastily(scenario())


def test_a_begin_and_an_end_are_reported_soon_and_what_is_between_them_is_not() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        loop = asyncio.get_running_loop()
        async with feed_of(reports, operations):
            head, owner = Head(spark_session_id="s", operation_id="o"), SparkSession("W", "S", "ALICE", "s")
            began = loop.time()
            with operations.following(EXECUTE_PLAN, head, b"", owner, CLAIMS, lambda: None) as passing:
                await until(lambda: reports.operated)
                assert loop.time() - began < 0.5
                passing(b"")
                await asyncio.sleep(0.5)
                assert len(reports.operated) == 1, "what only moves on is told once a second"
            ended = loop.time()
            await until(lambda: reports.operated[-1].outcome != "running")
            assert loop.time() - ended < 0.5

    run_hastily(scenario())


def test_what_begins_and_ends_at_once_is_one_report() -> None:
    async def scenario() -> None:
        reports, operations = KeepingReports(), a_book()
        async with feed_of(reports, operations):
            for number in range(50):
                run_operation(operations, f"o{number}")
            await until(lambda: reports.operated)
            assert [report.outcome for report in reports.operated] == ["succeeded"] * 50

    run_hastily(scenario())
