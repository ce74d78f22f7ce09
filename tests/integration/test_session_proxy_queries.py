"""The ledger of queries, from a real engine's streams to what a session's owner reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest
from pyspark.errors.exceptions.connect import SparkConnectException
from pyspark.sql.functions import udf

from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.queries import LOST_AFTER, state_of
from tests.integration.proxy_rig import ProxyRig, proxy_rig, until
from tests.integration.spark_clients import answer_of, bearer, new_spark_session_id, sql_request, stock_client

ENDLESS = "select id from range(1000000000000)"
ROWS = 1_000_000


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def queries(rig: ProxyRig, session_id: str) -> list[QueryRecord]:
    """Newest first."""

    async def read() -> list[QueryRecord]:
        async with rig.parts.store.reading() as view:
            return await view.queries(session_id, limit=100)

    return rig.run(read())


def once(rig: ProxyRig, session_id: str, fits: Callable[[list[QueryRecord]], object]) -> list[QueryRecord]:
    """The session's queries as soon as they are so."""

    def look() -> list[QueryRecord] | None:
        found = queries(rig, session_id)
        return found if found and fits(found) else None

    found = until(look)
    assert found is not None
    return found


def all_ended(found: list[QueryRecord]) -> bool:
    return all(query.outcome != "running" for query in found)


def reattachable(request_bytes: bytes) -> bytes:
    request = spark_proto.ExecutePlanRequest.FromString(request_bytes)
    request.request_options.add().reattach_options.reattachable = True
    return bytes(request.SerializeToString())


def test_what_a_stock_client_runs_is_told_with_its_results(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        spark.range(1000).createOrReplaceTempView("numbers")
        assert len(spark.sql("select  id\n from numbers\n where id < 20").collect()) == 20
        spark.range(30).groupBy("id").count().collect()
        spark.range(10).show()
        found = once(rig, session, lambda queries: len(queries) >= 4 and all_ended(queries))
    told = {(query.what, query.rows, query.outcome) for query in found}
    assert told == {
        ("range > create view numbers", 0, "succeeded"),
        ("select id from numbers where id < 20", 20, "succeeded"),  # spark.sql() alone runs nothing
        ("range > aggregate", 30, "succeeded"),
        ("range > show", 1, "succeeded"),
    }
    assert all(query.ended_at is not None and query.started_at <= query.ended_at for query in found)


def test_a_query_that_fails_is_told_as_failed(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        with pytest.raises(SparkConnectException):
            spark.sql("select raise_error('no')").collect()
        found = once(rig, session, all_ended)
    assert [(query.what, query.outcome) for query in found] == [("select raise_error('no')", "failed")]
    assert found[0].error is not None
    assert "no" in found[0].error


def test_the_rows_and_bytes_of_a_large_result_are_those_that_arrived(rig: ProxyRig) -> None:
    session = rig.add_session()
    request = sql_request(new_spark_session_id(), f"select id from range({ROWS})", operation_id="large")
    rows = data_bytes = 0
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        for message in execute(request, metadata=bearer(rig.token(session)), timeout=60):
            batch = spark_proto.ExecutePlanResponse.FromString(message).arrow_batch
            rows, data_bytes = rows + batch.row_count, data_bytes + len(batch.data)
    [query] = once(rig, session, all_ended)
    assert rows == ROWS
    assert (query.id, query.rows, query.data_bytes, query.outcome) == ("large", rows, data_bytes, "succeeded")


def test_a_query_is_seen_while_it_runs_and_cancelled_when_its_client_goes(rig: ProxyRig) -> None:
    session = rig.add_session()
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        rpc = execute(sql_request(new_spark_session_id(), ENDLESS), metadata=bearer(rig.token(session)))
        next(rpc)
        [running] = once(rig, session, lambda found: found[0].rows > 0)
        assert (running.outcome, running.ended_at) == ("running", None)
        next(rpc)
        rpc.cancel()
    [query] = once(rig, session, all_ended)
    assert (query.outcome, query.what) == ("cancelled", ENDLESS)


def test_a_query_that_its_user_interrupts_is_cancelled(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        running = threading.Thread(target=_swallow_the_end_of, args=(lambda: spark.sql(ENDLESS).toArrow(),))
        running.start()
        once(rig, session, lambda found: found[0].rows > 0)
        spark.interruptAll()
        found = once(rig, session, all_ended)
        running.join(60)
        assert not running.is_alive()
    assert (found[0].what, found[0].outcome) == (ENDLESS, "cancelled")


def _swallow_the_end_of(work: Callable[[], Any]) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is PySpark's business
        work()


def test_what_runs_when_its_session_is_closed_is_left_to_the_sessions_end(rig: ProxyRig) -> None:
    session = rig.add_session()
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        request = reattachable(sql_request(new_spark_session_id(), ENDLESS, operation_id="o"))
        rpc = execute(request, metadata=bearer(rig.token(session)), timeout=60)
        next(rpc)
        once(rig, session, lambda found: found[0].rows > 0)
        rig.close_session(session)
        assert "was closed by you" in answer_of(rpc).message
    [query] = queries(rig, session)
    assert query.outcome == "running", "the view says how it ended: with its session"


def test_a_query_whose_proxy_is_killed_counts_once_and_whole(rig: ProxyRig, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"

    def slow(value: int) -> int:
        while not go_on.exists():  # the query must outlive its proxy
            time.sleep(0.05)
        return value

    session, old = rig.add_session(), rig.proxy_pid
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        rows: list[Any] = []
        frame = spark.range(1).select(udf(slow, "long", useArrow=False)("id").alias("value"))
        reading = threading.Thread(target=lambda: rows.extend(frame.collect()))
        reading.start()
        [begun] = once(rig, session, lambda found: found[0].outcome == "running")
        rig.kill_proxy()
        until(lambda: rig.proxy_pid not in {None, old})
        killed_at = datetime.now(UTC)
        go_on.touch()
        reading.join(60)
        assert len(rows) == 1
        [query] = once(rig, session, all_ended)
    assert query.part != begun.part, "another proxy saw its end"
    assert (query.id, query.what, query.started_at) == (begun.id, "range > project", begun.started_at)
    assert (query.rows, query.outcome) == (1, "succeeded")
    assert query.ended_at is not None
    assert query.ended_at > killed_at


def test_a_query_whose_proxy_and_client_are_gone_runs_until_it_is_lost(rig: ProxyRig) -> None:
    session = rig.add_session()
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        rpc = execute(sql_request(new_spark_session_id(), ENDLESS), metadata=bearer(rig.token(session)))
        next(rpc)
        once(rig, session, lambda found: found[0].rows > 0)
        rig.kill_proxy()
        rpc.cancel()
    [query] = queries(rig, session)
    session_record, heard_at = rig.session(session), query.heard_at
    assert state_of(query, session_record, heard_at + LOST_AFTER / 2)[0] == "running"
    assert state_of(query, session_record, heard_at + 2 * LOST_AFTER)[0] == "failed"
