"""Results through the session proxy: whole, in bounded memory, cut when nobody may have them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pyarrow.compute as pc
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


COLUMNS = 24
WIDE_ROWS = 1_000_000
WIDE = f"select {', '.join(f'id + {i} as c{i}' for i in range(COLUMNS))} from range({WIDE_ROWS})"
"""Messages of 25 MB: three are within the budget, four are not."""
OVERSIZED = f"select {', '.join(f'id + {i} as c{i}' for i in range(80))} from range(150000)"
"""A message of 85 MB, which is over the budget by itself."""


def stalling(rig: ProxyRig, opened: contextlib.ExitStack, sql: str = WIDE) -> grpc.Call:
    """An RPC of a client of its own, which takes no more than the schema of its result."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    channel = opened.enter_context(grpc.insecure_channel(rig.endpoint, options=options))
    execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
    rpc = execute(sql_request(new_spark_session_id(), sql), metadata=bearer(rig.token(rig.add_session())))
    next(rpc)
    return rpc


def ended(rpcs: list[grpc.Call]) -> int:
    return sum(1 for rpc in rpcs if not rpc.is_active())


def test_clients_that_take_nothing_hold_no_more_than_the_budget(rig: ProxyRig) -> None:
    before = proxy_memory(rig)
    with contextlib.ExitStack() as opened:
        rpcs = [stalling(rig, opened) for _ in range(4)]
        until(lambda: ended(rpcs) == 1, seconds=60)
        until(lambda: proxy_memory(rig) - before < 220_000_000)  # gRPC has a copy of each message
        assert answer_of(next(rpc for rpc in rpcs if not rpc.is_active())).code is grpc.StatusCode.UNAVAILABLE
        with stock_client(rig.endpoint, rig.token(rig.add_session())) as spark:
            assert spark.range(1_000_000).toArrow().num_rows == 1_000_000, "no other stream waits"
    until(lambda: proxy_memory(rig) - before < 60_000_000)


def test_one_message_over_the_budget_passes_alone_and_the_next_one_takes_its_place(rig: ProxyRig) -> None:
    before = proxy_memory(rig)
    with contextlib.ExitStack() as opened:
        first = stalling(rig, opened, OVERSIZED)
        until(lambda: _settled(rig), seconds=60)
        assert first.is_active()
        second = stalling(rig, opened, OVERSIZED)
        until(lambda: not first.is_active(), seconds=60)
        rows = sum(spark_proto.ExecutePlanResponse.FromString(message).arrow_batch.row_count for message in second)
        assert rows == 150_000
    until(lambda: proxy_memory(rig) - before < 60_000_000)  # also of the stream that was ended


def test_a_stock_client_whose_stream_was_ended_for_its_stalling_goes_on_where_it_was(rig: ProxyRig) -> None:
    with stock_client(rig.endpoint, rig.token(rig.add_session())) as spark, contextlib.ExitStack() as opened:
        query = spark.sql(WIDE)
        tables = spark.client.to_table_as_iterator(query._plan.to_proto(spark.client), {})
        parts = [next(tables), next(tables)]
        until(lambda: _settled(rig), seconds=60)
        others = [stalling(rig, opened) for _ in range(4)]
        until(lambda: ended(others) == 1, seconds=60)  # the stock client's was ended before
        opened.close()
        parts += tables
    ids = [part.column(0) for part in parts if hasattr(part, "column")]
    assert sum(len(column) for column in ids) == WIDE_ROWS
    assert sum(pc.sum(column).as_py() for column in ids) == WIDE_ROWS * (WIDE_ROWS - 1) // 2
