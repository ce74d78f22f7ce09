"""Clients of the session proxy: stock PySpark, and raw RPCs for what a stock client would never send."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status
from pyspark.sql.connect.session import SparkSession

SERVICE = "spark.connect.SparkConnectService"
Metadata = Sequence[tuple[str, str]]


@contextlib.contextmanager
def stock_client(endpoint: str, token: str, spark_session_id: str | None = None) -> Iterator[Any]:
    """A PySpark session as anybody would make one."""
    chosen = f";session_id={spark_session_id}" if spark_session_id else ""
    spark = SparkSession.builder.remote(f"sc://{endpoint}/;token={token}{chosen}").create()
    try:
        yield spark
    finally:
        spark.stop()


@dataclass(frozen=True, slots=True)
class Answer:
    code: grpc.StatusCode
    message: str
    response: bytes = b""
    error_info: ErrorInfo | None = None
    retry_info: RetryInfo | None = None
    rich: bool = False


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def new_spark_session_id() -> str:
    return str(uuid.uuid4())


def config_request(spark_session_id: str, user: str = "somebody") -> bytes:
    request = spark_proto.ConfigRequest(session_id=spark_session_id)
    request.user_context.user_id = user
    request.operation.get.keys.append("spark.sql.session.timeZone")
    return bytes(request.SerializeToString())


def sql_request(spark_session_id: str, sql: str, user: str = "somebody", operation_id: str | None = None) -> bytes:
    request = spark_proto.ExecutePlanRequest(session_id=spark_session_id, operation_id=operation_id)
    request.user_context.user_id = user
    request.plan.root.sql.query = sql
    return bytes(request.SerializeToString())


def call(
    endpoint: str, method: str, requests: bytes | Sequence[bytes], metadata: Metadata, seconds: float = 60
) -> Answer:
    """One raw RPC, by the name of its method or by a whole path; the last response is kept."""
    path = method if method.startswith("/") else f"/{SERVICE}/{method}"
    messages = [requests] if isinstance(requests, bytes) else list(requests)
    with grpc.insecure_channel(endpoint, options=[("grpc.max_receive_message_length", -1)]) as channel:
        rpc = channel.stream_stream(path)(iter(messages), metadata=tuple(metadata), timeout=seconds)
        return answer_of(rpc)


def answer_of(rpc: Any) -> Answer:
    """Read a raw RPC to its end."""
    response = b""
    try:
        for message in rpc:
            response = message
        return Answer(grpc.StatusCode.OK, "", response)
    except grpc.RpcError as error:
        return _refusal(error, response)


def _refusal(error: Any, response: bytes) -> Answer:
    status = rpc_status.from_call(error)
    info: dict[Any, Any] = {}
    for detail in [] if status is None else status.details:
        for kind in (ErrorInfo, RetryInfo):
            message = kind()
            if detail.Is(kind.DESCRIPTOR) and detail.Unpack(message):
                info[kind] = message
    return Answer(
        error.code(), error.details(), response, info.get(ErrorInfo), info.get(RetryInfo), rich=status is not None
    )
