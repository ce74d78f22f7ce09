"""The first RPC of a Spark session: it makes a pending session active, and tells a Spark session id that is dead."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status

from ...errors import FAMILIES, FailedPrecondition, Internal, LakesailError, Unavailable

_DOMAIN = "lakesail.notebook"
_HARMLESS_SETTING = "spark.sql.session.timeZone"
_PASSING = frozenset({"UNAVAILABLE", "CANCELLED"})
_TLS_TROUBLE = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "Hostname Verification Check failed")


class FirstRpc:
    """One ``Config`` RPC, under way."""

    def __init__(self, channel: grpc.Channel, spark_session_id: str) -> None:
        request = spark_proto.ConfigRequest(session_id=spark_session_id)
        request.operation.get.keys.append(_HARMLESS_SETTING)
        self._done = threading.Event()
        self._call = spark_proto.SparkConnectServiceStub(channel).Config.future(request)
        self._call.add_done_callback(lambda _: self._done.set())

    def wait(self, seconds: float) -> bool:
        """Whether the answer came within ``seconds``."""
        return self._done.wait(seconds)

    def cancel(self) -> None:
        """Give up; without effect once the answer is there."""
        self._call.cancel()

    def result(self) -> None:
        """Return if the RPC passed; to be called after :meth:`wait` said so.

        :raises Unavailable: when it may pass later, after ``retry_after_seconds``.
        :raises FailedPrecondition: with reason ``SPARK_SESSION_STOPPED`` for a dead Spark session id.
        :raises LakesailError: when it never will.
        """
        if self._call.code() is not grpc.StatusCode.OK:
            raise _error_of_call(self._call)


def error_of_rpc(
    code: str, message: str, reason: str | None = None, retry_after_seconds: float | None = None
) -> LakesailError:
    """A gRPC status, by the name of its code, as an exception."""
    if any(trouble in message for trouble in _TLS_TROUBLE):
        return FailedPrecondition(
            f"The session's endpoint does not speak TLS that this machine trusts ({message}). Set "
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH to a PEM file with its authority's certificate, and restart the kernel."
        )
    kind = Unavailable if code in _PASSING else FAMILIES.get(code, Internal)
    return kind(message, reason=reason, retry_after_seconds=retry_after_seconds)


def _error_of_call(call: Any) -> LakesailError:
    code = call.code().name
    reason, retry_after = _details(call)
    return error_of_rpc(code, call.details() or f"The session's endpoint answered {code}.", reason, retry_after)


def _details(call: Any) -> tuple[str | None, float | None]:
    """Our reason and the server's retry delay, where the status tells them."""
    reason, retry_after = None, None
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # the trailer and the status contradict each other
        status = None
    for detail in [] if status is None else status.details:
        info, retry = ErrorInfo(), RetryInfo()
        if detail.Is(ErrorInfo.DESCRIPTOR) and detail.Unpack(info) and info.domain == _DOMAIN:
            reason = info.reason
        elif detail.Is(RetryInfo.DESCRIPTOR) and detail.Unpack(retry):
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
    return reason, retry_after
