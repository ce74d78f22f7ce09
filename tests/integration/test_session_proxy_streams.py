"""Results through the session proxy: whole, in bounded memory, cut when nobody may have them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pyspark.sql.connect.proto as spark_proto
import pytest

from tests.integration.proxy_rig import ProxyRig, proxy_rig, until
from tests.integration.spark_clients import answer_of, bearer, new_spark_session_id, sql_request, stock_client

ROWS = 2500_000
"""200 MB of integers."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def proxy_memory(rig: ProxyRig) -> int:
    pid = rig.proxy_pid
    assert pid is not None
    return int(psutil.Process(pid).memory_info().rss)


def test_a_large_result_arrives_whole(rig: ProxyRig) -> None:
    with stock_client(rig.endpoint, rig.token(rig.add_session())) as spark:
        table = spark.range(500_000).toArrow()
        assert table.num_rows == 500_000
        assert table.column("id")[-1].as_py() == 499_999


def test_a_slow_reader_does_not_fill_the_proxy(rig: ProxyRig) -> None:
    token = bearer(rig.token(rig.add_session()))
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        rpc = execute(sql_request(new_spark_session_id(), f"select id from range({ROWS})"), metadata=token)
        memory_before, sent_before = proxy_memory(rig), rig.relay.bytes_to_client
        first = next(rpc)
        sent = until(lambda: _settled(rig)) - sent_before
        assert sent < 100_000_000, "the engine is not held back"
        assert proxy_memory(rig) - memory_before < 40_000_000
        rest = [first, *rpc]
    rows = sum(spark_proto.ExecutePlanResponse.FromString(message).arrow_batch.row_count for message in rest)
    assert rows == ROWS


def _settled(rig: ProxyRig) -> int:
    """The bytes that left the engine, once no more do."""
    before = rig.relay.bytes_to_client
    time.sleep(0.5)
    return before if before == rig.relay.bytes_to_client else 0


def test_a_stream_that_nobody_reads_is_cut_with_its_session(rig: ProxyRig) -> None:
    session = rig.add_session()
    with grpc.insecure_channel(rig.endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        request = sql_request(new_spark_session_id(), f"select id from range({ROWS})")
        rpc = execute(request, metadata=bearer(rig.token(session)), timeout=60)
        next(rpc)
        until(lambda: _settled(rig))
        rig.close_session(session)
        assert "was closed by you" in answer_of(rpc).message


def test_a_stalled_engine_does_not_hold_up_other_sessions(rig: ProxyRig) -> None:
    with stock_client(rig.endpoint, rig.token(rig.add_session())) as spark:
        spark.sql("select 1").collect()
        closing = rig.add_session()
        rig.relay.stall()
        try:
            rig.close_session(closing)
        finally:
            rig.relay.resume()
        assert spark.sql("select 1 as one").collect()[0].one == 1
