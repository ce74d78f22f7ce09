"""A query as small as can be, without a PySpark session: whether an engine answers."""

from __future__ import annotations

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...errors import Internal
from .first_rpc import error_of_rpc

_ROWS = 3


def run_query(channel: grpc.Channel, spark_session_id: str, seconds: float) -> int:
    """Have the engine count to three; how many rows came.

    :param seconds: how long it may take.
    :raises LakesailError: when it does not answer, or wrongly.
    """
    request = spark_proto.ExecutePlanRequest(session_id=spark_session_id)
    numbers = request.plan.root.range
    numbers.start, numbers.end, numbers.step = 0, _ROWS, 1
    try:
        answers = list(spark_proto.SparkConnectServiceStub(channel).ExecutePlan(request, timeout=seconds))
    except grpc.RpcError as error:
        code = error.code().name
        raise error_of_rpc(code, error.details() or f"The session's endpoint answered {code}.") from error
    rows = sum(int(answer.arrow_batch.row_count) for answer in answers)
    if rows != _ROWS:
        raise Internal(f"The engine answered a query of {_ROWS} rows with {rows}; see its log (jupyter lakesail logs).")
    return rows
