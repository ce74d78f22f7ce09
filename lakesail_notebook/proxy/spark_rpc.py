"""What of Spark Connect may pass, read from and written to the bytes on the wire. Pure; knows no gRPC and no PySpark.

A request is not decoded: its few head fields are read, everything else is carried along. The engine's decoder takes
the *last* of a repeated scalar and merges repeated messages, so a head field that decides anything must stand there
exactly once, and the user is overridden by an appended ``user_context``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidArgument

SERVICE = "spark.connect.SparkConnectService"

_SESSION_ID = 1
_USER_CONTEXT = 2
_USER_ID, _USER_NAME = 1, 2
_SERVER_SIDE_SESSION_ID = 2
_NEW_SESSION_ID = 4
_BATCH, _BEGIN_CHUNK, _ARTIFACTS, _ARTIFACT_NAME = 3, 4, 1, 1

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_MAX_TAG = 2**32 - 1
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
ADD_ARTIFACTS = Method(name="AddArtifacts", streams_requests=True)
CLONE_SESSION = Method(name="CloneSession")
CONFIG = Method(name="Config", grace="recent")
RELEASE_SESSION = Method(name="ReleaseSession", relieves=True)

METHODS = {
    method.path: method
    for method in (
        EXECUTE_PLAN,
        REATTACH_EXECUTE,
        Method(name="AnalyzePlan", says_session_changed=True),
        CONFIG,
        ADD_ARTIFACTS,
        Method(name="ArtifactStatus"),
        Method(name="Interrupt", operation_id_field=6, grace="running", relieves=True),
        Method(name="ReleaseExecute", operation_id_field=3, grace="operation", relieves=True),
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
    for field in _fields(message):
        if field.number == _USER_CONTEXT and field.payload is None:
            raise _malformed("user_context is no message")
        if field.number not in wanted:
            continue
        if field.payload is None or field.number in found:
            raise _malformed(f"field {field.number} must be one text")
        found[field.number] = bytes(field.payload[: _MAX_ID_BYTES + 1])
    operation_id = found.get(method.operation_id_field) if method.operation_id_field is not None else None
    if operation_id is not None and len(operation_id) > _MAX_ID_BYTES:
        raise _malformed("operation_id is too long")
    new_session_id = found.get(_NEW_SESSION_ID) if method is CLONE_SESSION else None
    return Head(
        spark_session_id=_uuid(found.get(_SESSION_ID, b""), "session_id"),
        operation_id=_text(operation_id) if operation_id else None,
        new_spark_session_id=_uuid(new_session_id, "new_session_id") if new_session_id else None,
    )


def check_artifact_names(message: bytes) -> None:
    """:raises InvalidArgument: for an artifact of an AddArtifacts message whose name leads out of its directory."""
    for field in _fields(message):
        if field.number == _BATCH:
            for artifact in _fields(_payload(field)):
                if artifact.number == _ARTIFACTS:
                    _check_name_of(_payload(artifact))
        elif field.number == _BEGIN_CHUNK:
            _check_name_of(_payload(field))


def with_user(message: bytes, caller: str) -> bytes:
    """The request as sent by ``caller``, whoever the client says it is."""
    user = _encode(_USER_ID, caller.encode()) + _encode(_USER_NAME, caller.encode())
    return message + _encode(_USER_CONTEXT, user)


def with_new_spark_session_id(message: bytes, spark_session_id: str) -> bytes:
    """A CloneSession request that leaves the new id to the server, with this one."""
    return message + _encode(_NEW_SESSION_ID, spark_session_id.encode())


def release_session_request(spark_session_id: str, caller: str) -> bytes:
    return with_user(_encode(_SESSION_ID, spark_session_id.encode()), caller)


def release_session_response(spark_session_id: str) -> bytes:
    spark_session = spark_session_id.encode()
    return _encode(_SESSION_ID, spark_session) + _encode(_SERVER_SIDE_SESSION_ID, spark_session)


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    payload: memoryview | None
    """Of a length-delimited field; ``None`` for numbers."""


def _fields(message: bytes | memoryview) -> Iterator[_Field]:
    view = memoryview(message)
    position = 0
    while position < len(view):
        tag, position = _varint(view, position, minimal=True)
        number, wire_type = tag >> 3, tag & 7
        if tag > _MAX_TAG or number == 0:
            raise _malformed("a field number is out of range")
        payload = None
        if wire_type == _VARINT:
            _, position = _varint(view, position, minimal=False)
        elif wire_type == _BYTES:
            length, start = _varint(view, position, minimal=True)
            position = start + length
            payload = view[start:position]
        elif wire_type in {_FIXED64, _FIXED32}:
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise _malformed(f"wire type {wire_type} has no place in it")
        if position > len(view):
            raise _malformed("it is cut short")
        yield _Field(number, payload)


def _varint(view: memoryview, position: int, *, minimal: bool) -> tuple[int, int]:
    """The number at ``position``, and the position after it. Tags and lengths have one spelling: the shortest."""
    value = 0
    for index, byte in enumerate(view[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if minimal and index > 0 and byte == 0:
                raise _malformed("a number is padded")
            return value, position + index + 1
    raise _malformed("a number has no end")


def _encode(number: int, payload: bytes) -> bytes:
    return _encode_varint(number << 3 | _BYTES) + _encode_varint(len(payload)) + payload


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _payload(field: _Field) -> memoryview:
    if field.payload is None:
        raise _malformed(f"field {field.number} is no message")
    return field.payload


def _check_name_of(artifact: memoryview) -> None:
    for field in _fields(artifact):
        if field.number == _ARTIFACT_NAME:
            name = _text(bytes(_payload(field)))
            if not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
                raise InvalidArgument("The name of an artifact must be a relative path without '..'.")


def _uuid(value: bytes, field: str) -> str:
    text = _text(value)
    if _UUID.fullmatch(text) is None:
        raise InvalidArgument(f"{field} must be a UUID in lower case, like 00112233-4455-6677-8899-aabbccddeeff.")
    return text


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _malformed("a text is not UTF-8") from error


def _malformed(what: str) -> InvalidArgument:
    return InvalidArgument(f"The request is no Spark Connect message: {what}.")
