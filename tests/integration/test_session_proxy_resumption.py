"""A client that reattaches gets all rows that follow, or an error: no row is lost without one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest
from pyspark.errors.exceptions.connect import SparkConnectGrpcException

from tests.integration.proxy_rig import ProxyRig, proxy_rig, until
from tests.integration.spark_clients import Answer, answer_of, bearer, new_spark_session_id, sql_request, stock_client

ROWS = 3_000_000
"""In messages of 1024 rows: thousands, of which the engine keeps the last 128."""
WIDE_ROWS = 200_000
"""With 400 bytes each: 195 messages, of which a client that takes none holds up all but a few."""
BYTES_FAR_BEYOND = 2_000_000
"""More than the 128 messages that the engine keeps; it sends twice as much to a client that takes one."""
MISSING = "the engine no longer has the results that come next"
Execute = tuple[grpc.Call, str, str]
"""A running RPC with its Spark session id and its operation id."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def settled(rig: ProxyRig) -> bool:
    """Whether the engine sends no more, since the clients take none."""
    before = rig.relay.bytes_to_client
    time.sleep(0.8)
    return before == rig.relay.bytes_to_client


def tables_of(spark: Any, frame: Any) -> Iterator[Any]:
    """Its results one by one, the schema first."""
    tables: Iterator[Any] = spark.client.to_table_as_iterator(frame._plan.to_proto(spark.client), {})
    return tables


def rest_of(tables: Iterator[Any]) -> int | str:
    """How many rows they have, or the error in which they end."""
    try:
        return sum(int(table.num_rows) for table in tables)
    except SparkConnectGrpcException as error:
        return str(error)


def test_over_a_killed_proxy_results_are_whole_or_an_error(rig: ProxyRig) -> None:
    with stock_client(rig.endpoint, rig.token(rig.add_session())) as spark:
        wide = spark.range(WIDE_ROWS).selectExpr("id", "repeat('x', 400) as text").toLocalIterator()
        ids = [next(wide).id]
        narrow = {rows: tables_of(spark, spark.range(rows)) for rows in (20_000, 100_000, 200_000, 400_000, ROWS)}
        for tables in narrow.values():
            assert [next(tables), next(tables)][1].num_rows == 1024
        until(lambda: settled(rig))
        killed = rig.proxy_pid
        rig.kill_proxy()
        until(lambda: rig.proxy_pid not in {None, killed})
        ids += [row.id for row in wide]
        assert ids == list(range(WIDE_ROWS))
        with pytest.raises(SparkConnectGrpcException, match=MISSING):
            list(narrow.pop(ROWS))
        for rows, tables in narrow.items():
            rest = rest_of(tables)
            assert rest == rows - 1024 or "Run it again" in str(rest)


def begun(rig: ProxyRig, channel: grpc.Channel, token: Any, sql: str) -> Execute:
    spark_session_id, operation_id = new_spark_session_id(), str(uuid.uuid4())
    request = spark_proto.ExecutePlanRequest.FromString(sql_request(spark_session_id, sql, operation_id=operation_id))
    request.request_options.add().reattach_options.reattachable = True
    rpc = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")(
        request.SerializeToString(), metadata=token
    )
    return rpc, spark_session_id, operation_id


def reattached(channel: grpc.Channel, token: Any, begun: Execute, last_taken: str | None) -> grpc.Call:
    request = spark_proto.ReattachExecuteRequest(
        session_id=begun[1], operation_id=begun[2], last_response_id=last_taken
    )
    return channel.unary_stream("/spark.connect.SparkConnectService/ReattachExecute")(
        request.SerializeToString(), metadata=token
    )


@pytest.mark.parametrize(("taken", "known"), [(0, True), (1, True), (3, True), (3, False)])
def test_a_client_far_behind_the_engine_is_told_that_results_are_missing(
    rig: ProxyRig, taken: int, known: bool
) -> None:
    with grpc.insecure_channel(rig.endpoint) as channel:
        token, before = bearer(rig.token(rig.add_session())), rig.relay.bytes_to_client
        stalled = begun(rig, channel, token, f"select id from range({ROWS})")
        responses = [spark_proto.ExecutePlanResponse.FromString(next(stalled[0])) for _ in range(taken)]
        far = BYTES_FAR_BEYOND if taken else 0
        until(lambda: rig.relay.bytes_to_client - before > far and settled(rig))
        stalled[0].cancel()
        last_taken = responses[-1].response_id if responses else None
        answer = answer_of(reattached(channel, token, stalled, last_taken if known else str(uuid.uuid4())))
        assert_final(answer)
        assert answer.response == b"", "nothing came before the error"


def assert_final(answer: Answer) -> None:
    """PySpark retries no such answer."""
    assert answer.code is grpc.StatusCode.INTERNAL
    assert MISSING in answer.message
    assert answer.rich
    assert answer.retry_info is None


def test_a_client_that_gives_up_what_it_has_taken_continues_after_it(rig: ProxyRig) -> None:
    with grpc.insecure_channel(rig.endpoint) as channel:
        token = bearer(rig.token(rig.add_session()))
        stream = begun(rig, channel, token, f"select id, repeat('x', 1000) as text from range({90 * 1024})")
        rows, last_taken = 0, None
        for _ in range(6):
            for _ in range(10):
                response = spark_proto.ExecutePlanResponse.FromString(next(stream[0]))
                last_taken = response.response_id
                rows += response.arrow_batch.row_count
                release(channel, token, stream, last_taken)
            stream[0].cancel()
            stream = (reattached(channel, token, stream, last_taken), *stream[1:])
        rest = [spark_proto.ExecutePlanResponse.FromString(message) for message in stream[0]]
        assert rows + sum(response.arrow_batch.row_count for response in rest) == 90 * 1024
        assert not any(response.HasField("schema") for response in rest)
        assert rest[-1].HasField("result_complete")


def release(channel: grpc.Channel, token: Any, begun: Execute, until: str) -> None:
    request = spark_proto.ReleaseExecuteRequest(session_id=begun[1], operation_id=begun[2])
    request.release_until.response_id = until
    channel.unary_unary("/spark.connect.SparkConnectService/ReleaseExecute")(
        request.SerializeToString(), metadata=token
    )
