"""What the session proxy reads from requests and writes into them, against the real protobuf messages."""

from __future__ import annotations

from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.session_proxy import spark_rpc
from lakesail_notebook.session_proxy.spark_rpc import (
    ADD_ARTIFACTS,
    CLONE_SESSION,
    CONFIG,
    EXECUTE_PLAN,
    METHODS,
    REATTACH_EXECUTE,
    Method,
    check_artifact_names,
    read_head,
    with_user,
)

ID = "00112233-4455-6677-8899-aabbccddeeff"
OTHER = "ffeeddcc-bbaa-9988-7766-554433221100"
SERVICE = spark_proto.base_pb2.DESCRIPTOR.services_by_name["SparkConnectService"]
REQUESTS = {
    f"/{SERVICE.full_name}/{method.name}": getattr(spark_proto, method.input_type.name) for method in SERVICE.methods
}


def test_exactly_the_services_methods_pass_with_their_shapes() -> None:
    shapes = {
        f"/{SERVICE.full_name}/{method.name}": (method.client_streaming, method.server_streaming)
        for method in SERVICE.methods
    }
    assert {path: (method.streams_requests, method.streams_responses) for path, method in METHODS.items()} == shapes


@pytest.mark.parametrize("path", METHODS)
def test_the_heads_of_all_methods_are_read_where_pyspark_writes_them(path: str) -> None:
    method, kind = METHODS[path], REQUESTS[path]
    request = kind(session_id=ID)
    request.user_context.user_id = "somebody"
    if method.operation_id_field is not None:
        request.operation_id = "operation"
    head = read_head(method, request.SerializeToString())
    assert head.spark_session_id == ID
    assert head.operation_id == ("operation" if method.operation_id_field is not None else None)


def test_the_operation_of_reattach_is_read() -> None:
    request = spark_proto.ReattachExecuteRequest(session_id=ID, operation_id="o", last_response_id="r")
    assert read_head(REATTACH_EXECUTE, request.SerializeToString()).operation_id == "o"


def test_a_clones_new_id_is_read_and_can_be_given() -> None:
    request = spark_proto.CloneSessionRequest(session_id=ID, new_session_id=OTHER).SerializeToString()
    assert read_head(CLONE_SESSION, request).new_spark_session_id == OTHER
    nameless = spark_proto.CloneSessionRequest(session_id=ID).SerializeToString()
    assert read_head(CLONE_SESSION, nameless).new_spark_session_id is None
    named = spark_rpc.with_new_spark_session_id(nameless, OTHER)
    assert spark_proto.CloneSessionRequest.FromString(named).new_session_id == OTHER


@pytest.mark.parametrize("path", METHODS)
def test_the_user_is_overridden_whatever_the_client_says(path: str) -> None:
    kind = REQUESTS[path]
    for user_id, user_name in (("mallory", "Mallory"), ("", "")):
        request = kind(session_id=ID)
        request.user_context.user_id, request.user_context.user_name = user_id, user_name
        seen = kind.FromString(with_user(request.SerializeToString(), "ALICE"))
        assert (seen.user_context.user_id, seen.user_context.user_name) == ("ALICE", "ALICE")
        assert seen.session_id == ID


@given(plan=st.binary(max_size=300), caller=st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=256))
def test_nothing_but_the_user_is_changed(plan: bytes, caller: str) -> None:
    request = spark_proto.ExecutePlanRequest(session_id=ID, operation_id=OTHER, tags=["a", "b"])
    request.plan.command.extension.value = plan
    seen = spark_proto.ExecutePlanRequest.FromString(with_user(request.SerializeToString(), caller))
    request.user_context.user_id = request.user_context.user_name = caller
    assert seen == request


@pytest.mark.parametrize(
    "session_id",
    ["", "x", ID.upper(), f" {ID}", f"{ID}\n", ID.replace("-", ""), f"{{{ID}}}", "../" + ID, "x" * 100_000, "\0" * 36],
)
def test_session_ids_that_are_no_canonical_uuid_are_refused(session_id: str) -> None:
    request = spark_proto.ConfigRequest(session_id=session_id).SerializeToString()
    with pytest.raises(InvalidArgument, match="session_id"):
        read_head(CONFIG, request)


def test_an_operation_id_without_bounds_is_refused() -> None:
    request = spark_proto.ReattachExecuteRequest(session_id=ID, operation_id="o" * 257).SerializeToString()
    with pytest.raises(InvalidArgument, match="operation_id is too long"):
        read_head(REATTACH_EXECUTE, request)


def test_an_absent_session_id_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="session_id"):
        read_head(CONFIG, b"")


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        (CONFIG, spark_proto.ConfigRequest(session_id=OTHER)),
        (EXECUTE_PLAN, spark_proto.ExecutePlanRequest(operation_id="o")),
        (CLONE_SESSION, spark_proto.CloneSessionRequest(new_session_id=OTHER)),
    ],
)
def test_a_field_that_decides_may_not_stand_there_twice(method: Method, request_: Any) -> None:
    first = REQUESTS[method.path](session_id=ID)
    if method is EXECUTE_PLAN:
        first.operation_id = "p"
    if method is CLONE_SESSION:
        first.new_session_id = ID
    with pytest.raises(InvalidArgument, match="must be one text"):
        read_head(method, first.SerializeToString() + request_.SerializeToString())


SESSION = b"\x0a\x24" + ID.encode()


@pytest.mark.parametrize(
    "message",
    [
        b"\x08\x01",  # session_id as a number
        SESSION + b"\x10\x01",  # user_context as a number
        b"\x8a\x00\x24" + ID.encode(),  # a padded tag
        b"\x0a\xa4\x00" + ID.encode(),  # a padded length
        SESSION + b"\x1b\x1c",  # a group
        SESSION + b"\x1f",  # wire type 7
        SESSION + b"\x02\x00",  # field number 0
        SESSION + b"\x1a\x05abc",  # cut short
        SESSION + b"\x19\x00",  # a cut fixed64
        SESSION + b"\x18" + b"\xff" * 10,  # a number without an end
        SESSION + b"\xfa\xff\xff\xff\xff\x01\x00",  # a field number beyond 32 bits
        SESSION + b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a length beyond memory
        b"\x0a\x24" + b"\xff" * 36,  # not UTF-8
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(message: bytes) -> None:
    with pytest.raises(InvalidArgument):
        read_head(CONFIG, message)


@given(noise=st.binary(max_size=200))
def test_noise_is_refused_or_read_as_protobuf_reads_it(noise: bytes) -> None:
    message = SESSION + noise
    try:
        head = read_head(EXECUTE_PLAN, message)
    except InvalidArgument:
        return
    try:
        seen = spark_proto.ExecutePlanRequest.FromString(message)
    except Exception:
        return  # the engine refuses what we let pass
    assert seen.session_id == head.spark_session_id
    assert seen.operation_id == (head.operation_id or "")


@given(text=st.text(max_size=40))
def test_only_relative_artifact_names_without_a_way_up_pass(text: str) -> None:
    harmless = bool(text) and not text.startswith("/") and "\\" not in text and "\0" not in text
    harmless = harmless and ".." not in text.split("/")
    for message in (batch(text), chunk(text)):
        if harmless or not text:  # protobuf does not send an empty text at all
            check_artifact_names(message)
        else:
            with pytest.raises(InvalidArgument, match="artifact"):
                check_artifact_names(message)


def batch(name: str) -> bytes:
    request = spark_proto.AddArtifactsRequest(session_id=ID)
    request.batch.artifacts.add(name="files/first").data.data = b"x"
    request.batch.artifacts.add(name=name).data.data = b"y"
    return bytes(request.SerializeToString())


def chunk(name: str) -> bytes:
    request = spark_proto.AddArtifactsRequest(session_id=ID)
    request.begin_chunk.name = name
    request.begin_chunk.initial_chunk.data = b"x"
    return bytes(request.SerializeToString())


def test_the_way_up_is_refused_in_artifact_names() -> None:
    assert read_head(ADD_ARTIFACTS, batch("a")).spark_session_id == ID
    for name in ("../x", "a/../../x", "/etc/passwd", "a\\..\\b", "a\0"):
        with pytest.raises(InvalidArgument, match="artifact"):
            check_artifact_names(batch(name))


def test_release_messages_are_what_protobuf_expects() -> None:
    response = spark_proto.ReleaseSessionResponse.FromString(spark_rpc.release_session_response(ID))
    assert (response.session_id, response.server_side_session_id) == (ID, ID)
    request = spark_proto.ReleaseSessionRequest.FromString(spark_rpc.release_session_request(ID, "ALICE"))
    assert (request.session_id, request.user_context.user_id) == (ID, "ALICE")


@pytest.mark.parametrize("last_taken", ["", "r"])
def test_the_engine_is_asked_for_all_responses_that_it_keeps(last_taken: str) -> None:
    request = spark_proto.ReattachExecuteRequest(operation_id="o", last_response_id=last_taken)
    seen = spark_proto.ReattachExecuteRequest.FromString(spark_rpc.from_oldest_response(request.SerializeToString()))
    assert (seen.operation_id, seen.last_response_id) == ("o", "")


@pytest.mark.parametrize("kept", ["", "before"])
def test_the_engine_is_told_to_release_less_than_a_client_has_taken(kept: str) -> None:
    request = spark_proto.ReleaseExecuteRequest(operation_id="o")
    request.release_until.response_id = "taken"
    message = spark_rpc.with_release_until(request.SerializeToString(), kept.encode())
    seen = spark_proto.ReleaseExecuteRequest.FromString(message)
    assert (seen.operation_id, seen.WhichOneof("release"), seen.release_until.response_id) == (
        "o",
        "release_until",
        kept,
    )
