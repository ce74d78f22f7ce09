"""A small real gRPC server that stands where a session proxy would.

It answers ``Config``, ``ExecutePlan`` and ``Interrupt``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from types import TracebackType
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from lakesail_notebook.spark.sessions.waiting import SPARK_SESSION_STOPPED

Refusal = Callable[[Any], None]
"""Ends an RPC through its context."""


def refused(code: grpc.StatusCode, message: str, *details: Any) -> Refusal:
    """A rich status, as the session proxy sends it."""
    status = Status(code=code.value[0], message=message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return lambda context: context.abort_with_status(rpc_status.to_status(status))


def retry_after(seconds: float) -> RetryInfo:
    delay = Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    return RetryInfo(retry_delay=delay)


STOPPED = refused(
    grpc.StatusCode.FAILED_PRECONDITION,
    "This Spark session was stopped.",
    ErrorInfo(reason=SPARK_SESSION_STOPPED, domain="lakesail.notebook"),
)


class SmallEndpoint:
    """Passes every RPC, unless it was told otherwise.

    :param port: a free one by default.
    """

    def __init__(self, port: int = 0) -> None:
        self.tokens: list[str] = []
        """The authorization of each RPC."""
        self.metadata: list[dict[str, Any]] = []
        self.spark_session_ids: list[str] = []
        self.refusals: list[Refusal | None] = []
        """For the next RPCs, in order; ``None`` lets one pass."""
        self.refusal_of: Callable[[str], Refusal | None] = lambda spark_session_id: None
        self.held = threading.Event()
        """Cleared, RPCs wait."""
        self.held.set()
        self.waiting = threading.Event()
        """Set once an RPC waits."""
        self.cancelled = threading.Event()
        """Set once a client gave up an RPC that waited."""
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((_Handler(self),))
        self.port = self._server.add_secure_port(f"localhost:{port}", grpc.local_server_credentials())

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def __enter__(self) -> SmallEndpoint:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held.set()
        self._server.stop(0).wait()

    def admit(self, request: Any, context: Any) -> None:
        metadata = dict(context.invocation_metadata())
        self.metadata.append(metadata)
        self.tokens.append(str(metadata.get("authorization")))
        self.spark_session_ids.append(request.session_id)
        context.add_callback(lambda: None if self.held.is_set() else self.cancelled.set())
        self.waiting.set()
        self.held.wait()
        refusal = self.refusals.pop(0) if self.refusals else self.refusal_of(request.session_id)
        if refusal is not None:
            refusal(context)


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, endpoint: SmallEndpoint) -> None:
        self._endpoint = endpoint

    def service(self, details: Any) -> Any:
        if details.method.endswith("/Config"):
            return grpc.unary_unary_rpc_method_handler(
                self._config,
                request_deserializer=spark_proto.ConfigRequest.FromString,
                response_serializer=spark_proto.ConfigResponse.SerializeToString,
            )
        if details.method.endswith("/ExecutePlan"):
            return grpc.unary_stream_rpc_method_handler(
                self._execute_plan,
                request_deserializer=spark_proto.ExecutePlanRequest.FromString,
                response_serializer=spark_proto.ExecutePlanResponse.SerializeToString,
            )
        if details.method.endswith("/Interrupt"):
            return grpc.unary_unary_rpc_method_handler(
                self._interrupt,
                request_deserializer=spark_proto.InterruptRequest.FromString,
                response_serializer=spark_proto.InterruptResponse.SerializeToString,
            )
        return None

    def _interrupt(self, request: Any, context: Any) -> Any:
        self._endpoint.admit(request, context)
        return spark_proto.InterruptResponse(session_id=request.session_id, interrupted_ids=[request.operation_id])

    def _config(self, request: Any, context: Any) -> Any:
        self._endpoint.admit(request, context)
        return spark_proto.ConfigResponse(session_id=request.session_id)

    def _execute_plan(self, request: Any, context: Any) -> Iterator[Any]:
        self._endpoint.admit(request, context)
        for number in range(3):
            yield spark_proto.ExecutePlanResponse(session_id=request.session_id, response_id=str(number))
