"""Who calls: from the ``authorization`` of an RPC to verified claims; and how a refusal looks in gRPC.

PySpark retries UNAVAILABLE, and everything that carries RetryInfo, silently for minutes; shows a plain status as a raw
dump; and marks its Spark session as dead only for ErrorInfo of class SESSION_CHANGED. So each refusal is a rich status
made here, RetryInfo goes with our own passing troubles alone, and nothing else carries ErrorInfo.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from ..errors import FailedPrecondition, LakesailError, Unauthenticated
from ..process_identity import HOLDER_HEADER, Holder
from ..tokens import SessionClaims, TokenTime, TokenVerifier
from .spark_rpc import CONFIG, Method

Metadata = Iterable[tuple[str, str | bytes]]

ERROR_DOMAIN = "lakesail.notebook"
_REMEMBERED_TOKENS = 4096
_MAX_MESSAGE = 2000

STATUS_CODES: Mapping[str, grpc.StatusCode] = {
    "UNKNOWN": grpc.StatusCode.UNKNOWN,
    "INVALID_ARGUMENT": grpc.StatusCode.INVALID_ARGUMENT,
    "UNAUTHENTICATED": grpc.StatusCode.UNAUTHENTICATED,
    "PERMISSION_DENIED": grpc.StatusCode.PERMISSION_DENIED,
    "NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "FAILED_PRECONDITION": grpc.StatusCode.FAILED_PRECONDITION,
    "RESOURCE_EXHAUSTED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "DEADLINE_EXCEEDED": grpc.StatusCode.DEADLINE_EXCEEDED,
    "INTERNAL": grpc.StatusCode.INTERNAL,
    "CANCELLED": grpc.StatusCode.CANCELLED,
}
"""An error's canonical code -> gRPC's."""


class SessionClosed(FailedPrecondition):
    """The session is over: no retry can help."""

    grpc_reason = "SESSION_CLOSED"


class QueryInterrupted(LakesailError):
    """The session's owner interrupted the query by the API, not by the client that ran it."""

    code = "CANCELLED"


class SparkSessionStopped(FailedPrecondition):
    """The session lives, but this Spark session id of it is dead for ever."""

    grpc_reason = "SPARK_SESSION_STOPPED"


def holder_of(metadata: Metadata) -> Holder | None:
    """The process that an RPC's Spark session ends with, where the client names one."""
    values = (value for key, value in metadata if key == HOLDER_HEADER)
    value = next(values, None)
    return Holder.read(value) if isinstance(value, str) else None


def status_of(error: LakesailError, method: Method) -> Any:
    """The rich status (a ``grpc.Status``) that answers an RPC with an error."""
    code = STATUS_CODES[error.code]
    status = Status(code=code.value[0], message=error.message[:_MAX_MESSAGE])
    if error.code == "UNAVAILABLE" and error.retry_after_seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(int(error.retry_after_seconds * 1000))
        status.details.append(_packed(RetryInfo(retry_delay=delay)))
    if isinstance(error, SessionClosed | SparkSessionStopped):
        info = _error_info(error, method)
        status.details.extend([] if info is None else [_packed(info)])
    return rpc_status.to_status(status)


def _error_info(error: SessionClosed | SparkSessionStopped, method: Method) -> ErrorInfo | None:
    info = ErrorInfo(reason=error.grpc_reason, domain=ERROR_DOMAIN)
    info.metadata["classes"] = '["org.apache.spark.SparkException"]'
    if method.says_session_changed:
        info.metadata["errorClass"] = "INVALID_HANDLE.SESSION_CHANGED"
        return info
    # Every Spark session begins with a Config RPC: there, and without an error class, the reason tells a client that
    # it needs another id, not another session.
    return info if method is CONFIG and isinstance(error, SparkSessionStopped) else None


def _packed(message: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


class Tokens:
    """Verifies bearer tokens, each text once. Only what a token says is remembered, never whether it may pass."""

    def __init__(self, time: TokenTime) -> None:
        self._time = time
        self._keys: tuple[str, Sequence[Mapping[str, Any]]] | None = None
        self._verifier: TokenVerifier | None = None
        self._verified: OrderedDict[bytes, SessionClaims] = OrderedDict()

    def use_keys(self, issuer: str, keys: Sequence[Mapping[str, Any]]) -> None:
        """From now on, believe these keys alone."""
        if self._keys != (issuer, keys):
            self._keys = (issuer, keys)
            self._verifier = TokenVerifier(issuer, keys)
            self._verified.clear()

    def claims(self, metadata: Metadata) -> SessionClaims:
        """The claims of an RPC's one bearer token, of an expired one too.

        :raises Unauthenticated: without exactly one genuine token.
        """
        token = _bearer(metadata)
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is not None:
            self._verified.move_to_end(digest)
            return known
        if self._verifier is None:
            raise Unauthenticated("No token can be verified before the control plane has sent its keys; try again.")
        claims = self._verifier.verify(token, datetime.fromtimestamp(self._time.now(), UTC))
        self._verified[digest] = claims
        if len(self._verified) > _REMEMBERED_TOKENS:
            self._verified.popitem(last=False)
        return claims


def _bearer(metadata: Metadata) -> str:
    values = [value for key, value in metadata if key == "authorization"]
    if len(values) != 1 or not isinstance(values[0], str):
        raise Unauthenticated("Send exactly one session token, as 'authorization: Bearer TOKEN'; %sail connect does.")
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("The authorization must be a bearer token: 'Bearer TOKEN'.")
    return token
