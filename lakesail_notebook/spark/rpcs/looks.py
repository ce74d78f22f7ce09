"""Questions of our own to an engine, beside the user's queries: short, bounded in time, and in no list of queries."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...feed import UNLISTED_TAG

_LOOK_SECONDS = 1.0
"""The engine needs room to answer; one that is busy answers another time."""

log = logging.getLogger(__name__)


def look(channel: grpc.Channel, spark_session_id: str, relation: Any) -> list[tuple[Any, ...]] | None:
    """The rows of a relation; ``None`` when they do not come within a second.

    :param channel: one that nobody observes.
    """
    try:
        return rows_of(channel, spark_session_id, relation, _LOOK_SECONDS)
    except (grpc.RpcError, ValueError) as error:  # ValueError: the channel is closed, or the answer is no table
        log.debug("The engine cannot be looked at: %s", error)
        return None


def rows_of(channel: grpc.Channel, spark_session_id: str, relation: Any, seconds: float) -> list[tuple[Any, ...]]:
    """The rows of a relation.

    :param channel: one that nobody observes.
    :param seconds: how long they may take.
    :raises grpc.RpcError: when they do not come in time, or the engine refuses.
    :raises ValueError: when the channel is closed.
    """
    request = spark_proto.ExecutePlanRequest(session_id=spark_session_id, tags=[UNLISTED_TAG])
    request.plan.root.CopyFrom(relation)
    answers = spark_proto.SparkConnectServiceStub(channel).ExecutePlan(request, timeout=seconds)
    return [row for answer in answers for row in _rows(answer.arrow_batch.data)]


def _rows(data: bytes) -> Iterable[tuple[Any, ...]]:
    import pyarrow as pa

    if not data:
        return []
    with pa.ipc.open_stream(io.BytesIO(data)) as reader:
        columns = [column.to_pylist() for column in reader.read_all().columns]
    return zip(*columns, strict=True)
