"""What of Spark Connect may pass, read from and written to the bytes on the wire. Pure; knows no gRPC and no PySpark.

A request is not decoded: its few head fields are read, everything else is carried along. The engine's decoder takes
the *last* of a repeated scalar and merges repeated messages, so a head field that decides anything must stand there
exactly once, and the user is overridden by an appended ``user_context``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidArgument
from .wire import encoded, fields, malformed, payload_of, text_of

SERVICE = "spark.connect.SparkConnectService"

_SESSION_ID = 1
_USER_CONTEXT = 2
_USER_ID, _USER_NAME = 1, 2
_SERVER_SIDE_SESSION_ID = 2
_NEW_SESSION_ID = 4
_LAST_RESPONSE_ID = 5
_RELEASE_UNTIL, _RELEASED_ID = 6, 1
_INTERRUPT_TYPE, _INTERRUPT_OPERATION = 4, 3
INTERRUPT_OPERATION_ID = 6
_BATCH, _BEGIN_CHUNK, _ARTIFACTS, _ARTIFACT_NAME = 3, 4, 1, 1

_MAX_ID_BYTES = 256

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Grace = Literal["none", "operation", "running", "recent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC of the Spark Connect service, and how the proxy treats it."""

    name: str
    streams_requests: bool = False
    streams_responses: bool = False
    operation_id_field: int | None = None
    """The field with the id of the operation that the RPC begins or speaks of."""
    says_session_changed: bool = False
    """Whether PySpark shows the text of a SESSION_CHANGED answer to this RPC; after the others it loses it."""
    grace: Grace = "none"
    """Which operation, begun under a token, lets the RPC pass after that token expired: the named one, one that runs,
    or one that ran a moment ago."""
    relieves: bool = False
    """Whether the RPC ends others, or gives back what they hold: it passes while too many are in flight."""

    @property
    def path(self) -> str:
        return f"/{SERVICE}/{self.name}"


EXECUTE_PLAN = Method(name="ExecutePlan", streams_responses=True, operation_id_field=6, says_session_changed=True)
REATTACH_EXECUTE = Method(
    name="ReattachExecute",
    streams_responses=True,
    operation_id_field=3,
    says_session_changed=True,
    grace="operation",
)
ANALYZE_PLAN = Method(name="AnalyzePlan", says_session_changed=True)
ADD_ARTIFACTS = Method(name="AddArtifacts", streams_requests=True)
CLONE_SESSION = Method(name="CloneSession")
CONFIG = Method(name="Config", grace="recent")
INTERRUPT = Method(name="Interrupt", operation_id_field=INTERRUPT_OPERATION_ID, grace="running", relieves=True)
RELEASE_EXECUTE = Method(name="ReleaseExecute", operation_id_field=3, grace="operation", relieves=True)
RELEASE_SESSION = Method(name="ReleaseSession", relieves=True)

METHODS = {
    method.path: method
    for method in (
        EXECUTE_PLAN,
        REATTACH_EXECUTE,
        ANALYZE_PLAN,
        CONFIG,
        ADD_ARTIFACTS,
        Method(name="ArtifactStatus"),
        INTERRUPT,
        RELEASE_EXECUTE,
        RELEASE_SESSION,
        Method(name="FetchErrorDetails"),
        CLONE_SESSION,
        Method(name="GetStatus"),
    )
}
"""Path -> method: all that may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The fields of a request that decide whether it passes."""

    spark_session_id: str
    operation_id: str | None = None
    new_spark_session_id: str | None = None
    """Of CloneSession."""


def read_head(method: Method, message: bytes) -> Head:
    """:raises InvalidArgument: for what is no request of this method, or could be read in two ways."""
    found: dict[int, bytes] = {}
    wanted = {_SESSION_ID, method.operation_id_field}
    if method is CLONE_SESSION:
        wanted.add(_NEW_SESSION_ID)
    for field in fields(message):
        if field.number == _USER_CONTEXT and field.payload is None:
            raise malformed("user_context is no message")
        if field.number not in wanted:
            continue
        if field.payload is None or field.number in found:
            raise malformed(f"field {field.number} must be one text")
        found[field.number] = bytes(field.payload[: _MAX_ID_BYTES + 1])
    operation_id = found.get(method.operation_id_field) if method.operation_id_field is not None else None
    if operation_id is not None and len(operation_id) > _MAX_ID_BYTES:
        raise malformed("operation_id is too long")
    new_session_id = found.get(_NEW_SESSION_ID) if method is CLONE_SESSION else None
    return Head(
        spark_session_id=_uuid(found.get(_SESSION_ID, b""), "session_id"),
        operation_id=text_of(operation_id) if operation_id else None,
        new_spark_session_id=_uuid(new_session_id, "new_session_id") if new_session_id else None,
    )


def check_artifact_names(message: bytes) -> None:
    """:raises InvalidArgument: for an artifact of an AddArtifacts message whose name leads out of its directory."""
    for field in fields(message):
        if field.number == _BATCH:
            for artifact in fields(payload_of(field)):
                if artifact.number == _ARTIFACTS:
                    _check_name_of(payload_of(artifact))
        elif field.number == _BEGIN_CHUNK:
            _check_name_of(payload_of(field))


def with_user(message: bytes, caller: str) -> bytes:
    """The request as sent by ``caller``, whoever the client says it is."""
    user = encoded(_USER_ID, caller.encode()) + encoded(_USER_NAME, caller.encode())
    return message + encoded(_USER_CONTEXT, user)


def with_new_spark_session_id(message: bytes, spark_session_id: str) -> bytes:
    """A CloneSession request that leaves the new id to the server, with this one."""
    return message + encoded(_NEW_SESSION_ID, spark_session_id.encode())


def from_oldest_response(message: bytes) -> bytes:
    """A ReattachExecute request that asks for all responses that the engine keeps, whatever its client has taken."""
    return message + encoded(_LAST_RESPONSE_ID, b"")


def with_release_until(message: bytes, response_id: bytes) -> bytes:
    """A ReleaseExecute request that gives up responses up to another one than its client says; with ``b""``, none."""
    return message + encoded(_RELEASE_UNTIL, encoded(_RELEASED_ID, response_id))


def release_session_request(spark_session_id: str, caller: str) -> bytes:
    return with_user(encoded(_SESSION_ID, spark_session_id.encode()), caller)


def interrupt_request(spark_session_id: str, caller: str, operation_id: str) -> bytes:
    """Of one operation."""
    operation = encoded(_SESSION_ID, spark_session_id.encode()) + bytes((_INTERRUPT_TYPE << 3, _INTERRUPT_OPERATION))
    return with_user(operation + encoded(INTERRUPT_OPERATION_ID, operation_id.encode()), caller)


def release_session_response(spark_session_id: str) -> bytes:
    spark_session = spark_session_id.encode()
    return encoded(_SESSION_ID, spark_session) + encoded(_SERVER_SIDE_SESSION_ID, spark_session)


def _check_name_of(artifact: memoryview) -> None:
    for field in fields(artifact):
        if field.number == _ARTIFACT_NAME:
            name = text_of(bytes(payload_of(field)))
            if not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
                raise InvalidArgument("The name of an artifact must be a relative path without '..'.")


def _uuid(value: bytes, field: str) -> str:
    text = text_of(value)
    if _UUID.fullmatch(text) is None:
        raise InvalidArgument(f"{field} must be a UUID in lower case, like 00112233-4455-6677-8899-aabbccddeeff.")
    return text
