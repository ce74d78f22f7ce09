"""An engine that answers nothing and lives: what waits for it waits, and what it has lost comes with a next step."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest
from pyspark.errors.exceptions.connect import SparkConnectException
from pyspark.sql.functions import udf

from tests.integration.proxy_rig import ProxyRig, proxy_rig, until
from tests.integration.spark_clients import bearer, call, new_spark_session_id, sql_request, stock_client

HELD_SECONDS = 80.0
"""Longer than gRPC gives the other side to answer its pings: about a minute, whatever smaller numbers it is told."""


@dataclass(frozen=True)
class Held:
    """Queries on an engine that answers nothing for long."""

    rig: ProxyRig
    sent: tuple[Future[Any], ...]
    until: float
    """Of the monotonic clock."""


@pytest.fixture(scope="module", autouse=True)
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """They wait while the other tests run."""
    with proxy_rig(Path(tmp_path_factory.mktemp("held"))) as running:
        session = running.add_session()
        assert answer_later(running, session).result(60).code is grpc.StatusCode.OK  # its connection stands
        running.relay.stall()
        sent = answer_later(running, session), answer_later(running, session, "select sum(id) from range(1000)")
        yield Held(running, sent, time.monotonic() + HELD_SECONDS)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def answer_later(rig: ProxyRig, session: str, sql: str = "select 1") -> Future[Any]:
    """A plan of a Spark session of its own, which begins now."""
    future: Future[Any] = Future()
    token = bearer(rig.token(session))

    def run() -> None:
        request = sql_request(new_spark_session_id(), sql)
        future.set_result(call(rig.endpoint, "ExecutePlan", request, token, seconds=300))

    threading.Thread(target=run, daemon=True).start()
    return future


def test_a_query_waits_for_an_engine_that_is_too_busy_to_greet_a_connection(rig: ProxyRig) -> None:
    session, old = rig.add_session(), rig.proxy_pid
    rig.kill_proxy()
    until(lambda: rig.proxy_pid not in {None, old})
    rig.relay.stall()
    try:
        connecting = answer_later(rig, session)  # the new proxy has no connection to the engine yet
        with pytest.raises(TimeoutError):
            connecting.result(6)
    finally:
        rig.relay.resume()
    assert connecting.result(60).code is grpc.StatusCode.OK


def test_a_query_behind_functions_that_hold_all_of_the_engines_threads_waits_for_them(rig: ProxyRig) -> None:
    def slow(value: int) -> int:
        time.sleep(3)
        return value

    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        begun = rig.relay.requests
        frame = spark.range(0, 4, 1, 4).select(udf(slow, "long", useArrow=False)("id").alias("value"))
        rows: list[Any] = []
        holding = threading.Thread(target=lambda: rows.extend(frame.collect()))
        holding.start()
        until(lambda: rig.relay.requests > begun + 2)
        assert answer_later(rig, session).result(60).code is grpc.StatusCode.OK
        holding.join(60)
    assert sorted(row.value for row in rows) == [0, 1, 2, 3]


def test_an_operation_that_the_engine_never_had_is_told_with_the_next_step(rig: ProxyRig) -> None:
    token = bearer(rig.token(rig.add_session()))
    request = spark_proto.ReattachExecuteRequest(session_id=new_spark_session_id(), operation_id="never-sent")
    answer = call(rig.endpoint, "ReattachExecute", bytes(request.SerializeToString()), token)
    assert answer.code is grpc.StatusCode.INTERNAL
    assert "Run it again" in answer.message
    assert "%sail status" in answer.message
    assert answer.error_info is not None
    assert answer.error_info.reason == "java.lang.IllegalArgumentException"


def test_a_stock_client_whose_query_never_reached_the_engine_reads_what_to_do(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        spark.range(1).collect()
        rig.relay.stall()  # what is sent now stays on the way, and is lost with the proxy that sent it
        failed: list[BaseException] = []

        def run() -> None:
            try:
                spark.range(1).collect()
            except SparkConnectException as error:
                failed.append(error)

        waiting, before = threading.Thread(target=run), rig.proxy_pid
        waiting.start()
        until(lambda: _runs_a_query(rig, session))
        rig.kill_proxy()
        until(lambda: rig.proxy_pid not in {None, before})
        rig.relay.cut()
        rig.relay.resume()
        waiting.join(60)
    assert len(failed) == 1
    assert "Run it again" in str(failed[0])
    assert "operation not found" not in str(failed[0])


def _runs_a_query(rig: ProxyRig, session: str) -> bool:
    """Whether the proxy has told of one."""

    async def read() -> bool:
        async with rig.parts.store.reading() as view:
            return any(query.outcome == "running" for query in await view.queries(session, limit=10))

    return rig.run(read())


def test_queries_behind_an_engine_that_is_busy_for_long_wait_for_it(held: Held) -> None:
    """The last of this file: the others run in the time that it takes."""
    until(lambda: time.monotonic() > held.until or any(one.done() for one in held.sent), HELD_SECONDS + 5)
    assert not any(one.done() for one in held.sent), [one.result().message for one in held.sent if one.done()]
    held.rig.relay.resume()
    assert [one.result(60).code for one in held.sent] == [grpc.StatusCode.OK] * 2
