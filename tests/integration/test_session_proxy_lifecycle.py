"""Sessions that start and end, tokens that expire, processes that die: what clients of the session proxy see."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import grpc
import psutil
import pyspark.sql.connect.proto as spark_proto
import pytest
from pyspark.errors.exceptions.connect import SparkConnectException

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.supervisor import ProxySupervisor
from lakesail_notebook.feed import SessionActivity
from lakesail_notebook.workloads.reconciling.proxy_reports import ProxyReports
from tests.integration.proxy_rig import MAX_SPARK_SESSIONS, ProxyRig, listening_child, proxy_rig, until
from tests.integration.spark_clients import (
    Answer,
    bearer,
    call,
    config_request,
    new_spark_session_id,
    sql_request,
    stock_client,
)

ENDLESS = "select id from range(1000000000000)"
"""A stream without end, which the engine gives up when nobody wants it."""
OBSTINATE = "select count(*) from range(1000000) a cross join range(100000) b where a.id + b.id < 0"
"""A query without a result, which the engine goes on with whatever happens."""
T = TypeVar("T")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


@pytest.fixture
def own_rig(tmp_path: Path) -> Iterator[ProxyRig]:
    """For tests that leave nothing whole."""
    with proxy_rig(tmp_path) as running:
        yield running


def in_thread(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def start_query(rig: ProxyRig, token: str, sql: str = ENDLESS) -> Future[Answer]:
    """A raw query that runs on the engine by now."""
    before = rig.relay.requests
    request = sql_request(new_spark_session_id(), sql)
    answer = in_thread(lambda: call(rig.endpoint, "ExecutePlan", request, bearer(token), seconds=60))
    until(lambda: rig.relay.requests > before)
    return answer


def sleeping_udf(seconds: float, started: Path) -> Any:
    """Gives its argument back after a while; ``started`` exists once the engine runs it."""
    from pyspark.sql.functions import udf

    def slow(value: int) -> int:
        started.touch()
        time.sleep(seconds)
        return value

    return udf(slow, "long", useArrow=False)


@pytest.mark.parametrize(
    ("method", "session_changed"),
    [
        ("ExecutePlan", True),
        ("ReattachExecute", True),
        ("AnalyzePlan", True),
        ("Config", False),
        ("Interrupt", False),
        ("ReleaseExecute", False),
        ("ArtifactStatus", False),
        ("FetchErrorDetails", False),
        ("GetStatus", False),
        ("CloneSession", False),
        ("AddArtifacts", False),
    ],
)
def test_a_closed_session_answers_at_once(rig: ProxyRig, method: str, session_changed: bool) -> None:
    session = rig.add_session()
    token = rig.token(session)
    rig.close_session(session)
    before = rig.relay.requests
    answer = call(rig.endpoint, method, config_request(new_spark_session_id()), bearer(token))
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert answer.message == f"Session {session} was closed by you; run %sail connect to start a new one."
    assert answer.retry_info is None
    assert (answer.error_info is not None) == session_changed
    if answer.error_info is not None:
        assert answer.error_info.metadata["errorClass"] == "INVALID_HANDLE.SESSION_CHANGED"
    assert rig.relay.requests == before


def test_releasing_a_spark_session_of_a_closed_session_is_fine(rig: ProxyRig) -> None:
    session, spark_session = rig.add_session(), new_spark_session_id()
    token = bearer(rig.token(session))
    rig.close_session(session)
    answer = call(rig.endpoint, "ReleaseSession", config_request(spark_session), token)
    assert answer.code is grpc.StatusCode.OK
    assert spark_proto.ReleaseSessionResponse.FromString(answer.response).session_id == spark_session


def test_a_stock_client_of_a_closed_session_reads_the_sentence_and_is_stopped(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        spark.sql("select 1").collect()
        rig.close_session(session)
        with pytest.raises(SparkConnectException, match=f"^Session {session} was closed by you; run %sail connect"):
            spark.sql("select 1").collect()
        assert spark.is_stopped


def test_a_running_stream_of_a_closed_session_ends(rig: ProxyRig) -> None:
    session = rig.add_session()
    running = start_query(rig, rig.token(session))
    rig.close_session(session)
    answer = running.result(60)
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "was closed by you" in answer.message
    assert answer.error_info is not None


def test_closing_one_session_leaves_the_streams_of_its_neighbour_alone(rig: ProxyRig, tmp_path: Path) -> None:
    workload = rig.add_workload()
    closing, staying = rig.add_session(workload), rig.add_session(workload, member="BOB")
    with stock_client(rig.endpoint, rig.token(staying, caller="BOB")) as spark:
        slow = sleeping_udf(2, tmp_path / "started")
        running = in_thread(lambda: spark.range(1).select(slow("id")).collect())
        until((tmp_path / "started").exists)
        call(rig.endpoint, "Config", config_request(new_spark_session_id()), bearer(rig.token(closing)))
        rig.close_session(closing)
        assert len(running.result(60)) == 1


def test_a_pending_session_holds_the_first_request_until_the_engine_is_ready(rig: ProxyRig) -> None:
    session = rig.add_session(rig.add_workload(ready=False))
    token = bearer(rig.token(session))
    held = in_thread(lambda: call(rig.endpoint, "Config", config_request(new_spark_session_id()), token))
    with pytest.raises(TimeoutError):
        held.result(0.7)
    assert rig.session(session).status == "pending"
    rig.make_ready(session)
    assert held.result(60).code is grpc.StatusCode.OK
    until(lambda: rig.session(session).status == "active")


def test_a_pending_session_that_is_closed_answers_what_was_held(rig: ProxyRig) -> None:
    session = rig.add_session(rig.add_workload(ready=False))
    token = bearer(rig.token(session))
    held = in_thread(lambda: call(rig.endpoint, "Config", config_request(new_spark_session_id()), token))
    with pytest.raises(TimeoutError):
        held.result(0.3)
    rig.close_session(session)
    assert held.result(60).code is grpc.StatusCode.FAILED_PRECONDITION


def test_too_many_requests_in_flight_are_refused(rig: ProxyRig) -> None:
    session = rig.add_session(rig.add_workload(ready=False))
    token = bearer(rig.token(session))
    request = config_request(new_spark_session_id())
    with grpc.insecure_channel(rig.endpoint) as channel:
        config = channel.unary_unary("/spark.connect.SparkConnectService/Config")
        calls = [config.future(request, metadata=token, timeout=60) for _ in range(65)]
        (refused,) = until(lambda: [rpc for rpc in calls if rpc.done()])
        assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        curing = [
            channel.unary_unary(f"/spark.connect.SparkConnectService/{method}").future(
                message.SerializeToString(), metadata=token, timeout=60
            )
            for method, message in (
                ("Interrupt", spark_proto.InterruptRequest(session_id=new_spark_session_id(), interrupt_type=1)),
                ("ReleaseExecute", spark_proto.ReleaseExecuteRequest(session_id=new_spark_session_id())),
                ("ReleaseSession", spark_proto.ReleaseSessionRequest(session_id=new_spark_session_id())),
            )
        ]
        rig.make_ready(session)
        assert grpc.StatusCode.RESOURCE_EXHAUSTED not in {rpc.code() for rpc in curing}
        assert {rpc.code() for rpc in calls if rpc is not refused} == {grpc.StatusCode.OK}


def test_what_a_closed_session_had_in_a_shared_engine_is_released_there(rig: ProxyRig) -> None:
    workload = rig.add_workload()
    closing, staying = rig.add_session(workload), rig.add_session(workload)
    gone, kept = [new_spark_session_id() for _ in range(2)], new_spark_session_id()
    for session, spark_session in ((closing, gone[0]), (closing, gone[1]), (staying, kept)):
        request = sql_request(spark_session, "create temporary view mine as select 42 as answer")
        assert call(rig.endpoint, "ExecutePlan", request, bearer(rig.token(session))).code is grpc.StatusCode.OK
    with stock_client(rig.endpoint, rig.token(staying)) as spark:

        def living() -> set[str]:
            rows = spark.sql("select session_id, status from system.session.sessions").collect()
            return {row.session_id for row in rows if row.status == "RUNNING"}

        assert living().issuperset([*gone, kept])
        rig.close_session(closing)
        until(lambda: living().isdisjoint(gone))
        assert kept in living()


def test_a_token_that_expires_while_a_query_runs_does_not_fail_the_query(rig: ProxyRig, tmp_path: Path) -> None:
    session = rig.add_session()
    for seconds in (7, 20, 60):  # on a busy machine a token may expire before its query begins
        started = tmp_path / f"started-{seconds}"
        with stock_client(rig.endpoint, rig.token(session, seconds=seconds)) as spark:
            slow = sleeping_udf(seconds + 1, started)
            with contextlib.ExitStack() as expecting:
                query = in_thread(lambda: spark.range(1).select(slow("id").alias("value")).collect())  # noqa: B023
                until(lambda: started.exists() or query.done())  # noqa: B023
                if not started.exists():
                    continue
                assert [row.value for row in query.result(120)] == [0]
                expecting.enter_context(pytest.raises(SparkConnectException, match="expired"))
                spark.sql("select 1").collect()
            return
    raise AssertionError("no query began before its token expired")


def test_an_expired_token_has_no_grace_without_an_operation(rig: ProxyRig) -> None:
    session, spark_session = rig.add_session(), new_spark_session_id()
    for seconds in (3, 15, 50):  # a busy machine may not ask before it expires
        expiry = time.time() + seconds
        token = bearer(rig.token(session, seconds=seconds))
        if call(rig.endpoint, "Config", config_request(spark_session), token).code is grpc.StatusCode.OK:
            break
    else:
        raise AssertionError("no token was taken before it expired")
    until(lambda: time.time() > expiry + 1)
    answer = call(rig.endpoint, "Config", config_request(spark_session), token)
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_running_query_is_activity_until_it_ends(rig: ProxyRig) -> None:
    session = rig.add_session()
    running = start_query(rig, rig.token(session))
    usage = rig.parts.usage
    first = until(lambda: usage.up_to_date(rig.session(session)).last_activity_at)
    until(lambda: (usage.up_to_date(rig.session(session)).last_activity_at - first).total_seconds() > 1.5)
    rig.close_session(session)
    running.result(60)


def test_the_use_of_a_session_that_has_ended_is_not_noted(rig: ProxyRig) -> None:
    session = rig.add_session()
    parts = rig.parts
    reports = ProxyReports(parts.store, parts.reconciler, parts.usage, SystemClock(), MAX_SPARK_SESSIONS)
    rig.close_session(session)
    rig.run(reports.activity((SessionActivity(session_id=session, running=0, seconds_since=0.0),)))
    assert parts.usage.up_to_date(rig.session(session)) == rig.session(session)


def test_a_clients_cancel_reaches_the_engine(rig: ProxyRig) -> None:
    token = bearer(rig.token(rig.add_session()))
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        rpc = execute(sql_request(new_spark_session_id(), ENDLESS), metadata=token)
        next(rpc)
        before = rig.relay.cancellations
        rpc.cancel()
        until(lambda: rig.relay.cancellations > before)


def test_a_killed_proxy_comes_back_on_its_port_and_the_query_completes(rig: ProxyRig, tmp_path: Path) -> None:
    session = rig.add_session()
    endpoint, old = rig.endpoint, rig.proxy_pid
    with stock_client(endpoint, rig.token(session)) as spark:
        slow = sleeping_udf(3, tmp_path / "started")
        running = in_thread(lambda: spark.range(1).select(slow("id").alias("value")).collect())
        until((tmp_path / "started").exists)
        rig.kill_proxy()
        assert [row.value for row in running.result(60)] == [0]
        assert rig.endpoint == endpoint
        assert rig.proxy_pid not in {None, old}
        assert spark.range(3).count() == 3


def test_a_fresh_proxy_still_says_why_a_session_is_closed(rig: ProxyRig) -> None:
    session, old = rig.add_session(), rig.proxy_pid
    token = bearer(rig.token(session))
    rig.close_session(session)
    rig.kill_proxy()
    until(lambda: rig.proxy_pid not in {None, old})
    answer = call(rig.endpoint, "Config", config_request(new_spark_session_id()), token)
    assert "was closed by you" in answer.message


def test_nobody_can_take_the_port_while_the_proxy_is_down(rig: ProxyRig) -> None:
    old = rig.proxy_pid
    rig.kill_proxy()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            squatter.bind(("127.0.0.1", int(rig.endpoint.rpartition(":")[2])))
    until(lambda: rig.proxy_pid not in {None, old})


def test_a_killed_engine_fails_its_query_with_what_became_of_it(own_rig: ProxyRig) -> None:
    session = own_rig.add_session()
    with stock_client(own_rig.endpoint, own_rig.token(session)) as spark:
        before = own_rig.relay.requests
        running = in_thread(lambda: spark.sql(OBSTINATE).collect())
        until(lambda: own_rig.relay.requests > before + 1)
        own_rig.engine.kill()
        with pytest.raises(SparkConnectException, match=r"its engine ended with signal 9 .*run %sail connect"):
            running.result(60)
        with pytest.raises(SparkConnectException):
            spark.sql("select 1").collect()
    assert own_rig.session(session).termination_reason == "engine_crashed"


def test_a_refusing_engine_that_is_dead_closes_the_session(own_rig: ProxyRig) -> None:
    session = own_rig.add_session()
    own_rig.engine.kill()
    own_rig.relay.refuse()
    request = sql_request(new_spark_session_id(), "select 1")
    answer = call(own_rig.endpoint, "ExecutePlan", request, bearer(own_rig.token(session)))
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert answer.error_info is not None
    assert "signal 9" in answer.message


def test_an_engine_out_of_reach_that_lives_is_worth_a_retry(own_rig: ProxyRig) -> None:
    session = own_rig.add_session()
    token, spark_session = bearer(own_rig.token(session)), new_spark_session_id()
    own_rig.relay.refuse()
    answer = call(own_rig.endpoint, "Config", config_request(spark_session), token)
    assert answer.code is grpc.StatusCode.UNAVAILABLE
    assert answer.retry_info is not None
    own_rig.relay.accept()
    until(lambda: call(own_rig.endpoint, "Config", config_request(spark_session), token).code is grpc.StatusCode.OK)


def test_a_query_survives_a_cut_connection_to_its_engine(own_rig: ProxyRig, tmp_path: Path) -> None:
    with stock_client(own_rig.endpoint, own_rig.token(own_rig.add_session())) as spark:
        slow = sleeping_udf(2, tmp_path / "started")
        running = in_thread(lambda: spark.range(1).select(slow("id").alias("value")).collect())
        until((tmp_path / "started").exists)
        own_rig.relay.cut()
        assert [row.value for row in running.result(60)] == [0]


def test_what_is_no_grpc_is_turned_away(rig: ProxyRig) -> None:
    port = int(rig.endpoint.rpartition(":")[2])
    for noise in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", os.urandom(1000)):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(noise)
            while connection.recv(4096):
                pass
    assert call(rig.endpoint, "/grpc.health.v1.Health/Check", b"", ()).code is grpc.StatusCode.OK


@pytest.mark.parametrize("stuck", [False, True])
def test_a_proxy_ends_with_its_control_plane(stuck: bool) -> None:
    command = [sys.executable, "-m", "tests.integration.control_plane_process"]
    control_plane = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        proxy = psutil.Process(until(lambda: listening_child(control_plane.pid)))
        if stuck:
            proxy.send_signal(signal.SIGSTOP)
            threading.Timer(1, lambda: proxy.send_signal(signal.SIGCONT)).start()
        control_plane.kill()
        until(lambda: not proxy.is_running() or proxy.status() == psutil.STATUS_ZOMBIE)
    finally:
        control_plane.kill()
        control_plane.wait()


def test_a_proxy_without_its_feed_starts_nothing_and_soon_lets_nothing_go_on(own_rig: ProxyRig) -> None:
    token = bearer(own_rig.token(own_rig.add_session()))
    running = start_query(own_rig, own_rig.token(own_rig.add_session()))
    began = time.monotonic()
    with control_plane_blocked(own_rig):
        answer = until(lambda: _unless_ok(own_rig, token))
        assert answer is not None
        assert answer.code is grpc.StatusCode.UNAVAILABLE
        assert answer.retry_info is not None
        cut = running.result(60)
        assert cut.code is grpc.StatusCode.UNAVAILABLE
        assert cut.retry_info is not None
        assert time.monotonic() - began > 8
    request = config_request(new_spark_session_id())
    until(lambda: call(own_rig.endpoint, "Config", request, token).code is grpc.StatusCode.OK)


@contextlib.contextmanager
def control_plane_blocked(rig: ProxyRig) -> Iterator[None]:
    stop, blocked = threading.Event(), threading.Event()

    def block() -> None:
        blocked.set()
        stop.wait(120)

    rig.loop.call_soon_threadsafe(block)
    blocked.wait(60)
    try:
        yield
    finally:
        stop.set()


def _unless_ok(rig: ProxyRig, token: Any) -> Answer | None:
    answer = call(rig.endpoint, "ExecutePlan", sql_request(new_spark_session_id(), "select 1"), token)
    return None if answer.code is grpc.StatusCode.OK else answer


def test_a_proxy_counts_as_listening_from_its_first_connection_on(rig: ProxyRig) -> None:
    async def start() -> bool:
        supervisor = ProxySupervisor()
        supervisor.serve(rig.source)
        try:
            await supervisor.start()
            early = supervisor.listening
            while not supervisor.listening:
                await asyncio.sleep(0.01)
            socket.create_connection(("127.0.0.1", int(supervisor.endpoint.rpartition(":")[2])), timeout=60).close()
            return early
        finally:
            await supervisor.close()

    assert rig.run(start()) is False


def test_a_stopped_proxy_is_replaced(own_rig: ProxyRig) -> None:
    old = own_rig.proxy_pid
    assert old is not None
    os.kill(old, signal.SIGTERM)
    until(lambda: own_rig.proxy_pid not in {None, old})


def test_starting_it_again_changes_nothing(own_rig: ProxyRig) -> None:
    endpoint, children = own_rig.endpoint, {child.pid for child in psutil.Process().children()}

    async def start_twice() -> None:
        await asyncio.gather(own_rig.parts.supervisor.start(), own_rig.parts.supervisor.start())

    own_rig.run(start_twice())
    assert own_rig.endpoint == endpoint
    assert {child.pid for child in psutil.Process().children()} == children
