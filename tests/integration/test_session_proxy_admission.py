"""Which RPCs the session proxy lets through to a real engine, and what it says to the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.session_proxy.spark_rpc import METHODS
from tests.integration.proxy_rig import MAX_SPARK_SESSIONS, ProxyRig, proxy_rig, until
from tests.integration.spark_clients import (
    Answer,
    bearer,
    call,
    config_request,
    new_spark_session_id,
    sql_request,
    stock_client,
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


def refused(rig: ProxyRig, method: str, request: bytes | list[bytes], metadata: Any) -> Answer:
    """The answer to an RPC that must be refused without the engine hearing of it."""
    before = rig.relay.requests
    answer = call(rig.endpoint, method, request, metadata)
    assert answer.code is not grpc.StatusCode.OK
    assert rig.relay.requests == before
    return answer


def let_requests_end(rig: ProxyRig) -> None:
    """A stock client goes on to release what it ran, in threads of its own."""

    def nothing_new() -> bool:
        before = rig.relay.requests
        time.sleep(1)  # that nothing comes for so long is what is looked for
        return rig.relay.requests == before

    until(nothing_new)


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    import pyarrow as pa

    response = spark_proto.ExecutePlanResponse.FromString(answer.response)
    with pa.ipc.open_stream(response.arrow_batch.data) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        return rows


def query(rig: ProxyRig, token: str, request: bytes) -> list[dict[str, Any]]:
    """The rows of a small query: its responses, the last one with rows."""
    with grpc.insecure_channel(rig.endpoint) as channel:
        rpc = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")(request, metadata=bearer(token))
        responses = [spark_proto.ExecutePlanResponse.FromString(message) for message in rpc]
    batches = [response for response in responses if response.HasField("arrow_batch")]
    return rows_of(Answer(grpc.StatusCode.OK, "", batches[-1].SerializeToString()))


def test_a_stock_client_works(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        assert spark.range(1000).selectExpr("sum(id) AS total").collect()[0].total == 499500
        assert spark.sql("select 1 as one").toPandas()["one"].tolist() == [1]


def test_the_engine_sees_the_tokens_subject_as_the_user(rig: ProxyRig) -> None:
    session = rig.add_session()
    with stock_client(rig.endpoint, rig.token(session)) as spark:
        assert spark.sql("select current_user() as me").collect()[0].me == "ALICE"


@pytest.mark.parametrize("user", ["MALLORY", ""])
def test_a_foreign_user_id_is_overridden(rig: ProxyRig, user: str) -> None:
    token = rig.token(rig.add_session())
    request = sql_request(new_spark_session_id(), "select current_user() as me", user=user)
    assert query(rig, token, request) == [{"me": "ALICE"}]


def test_no_token_is_refused(rig: ProxyRig) -> None:
    answer = refused(rig, "Config", config_request(new_spark_session_id()), ())
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED
    assert answer.rich
    assert answer.error_info is None


@pytest.mark.parametrize("value", ["Basic {}", "Bearer", "Bearer  {}", "Bearer {} ", "{}", "Bearer not-a-token"])
def test_what_is_no_bearer_token_is_refused(rig: ProxyRig, value: str) -> None:
    token = rig.token(rig.add_session())
    metadata = (("authorization", value.format(token)),)
    answer = refused(rig, "Config", config_request(new_spark_session_id()), metadata)
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


def test_refused_tokens_are_audited_by_session_and_reason_and_counted(rig: ProxyRig) -> None:
    session = rig.add_session()
    before = len(rig.audited())
    request = config_request(new_spark_session_id())
    mine, other = rig.token(session), rig.token(rig.add_session())
    forged = f"{other.rpartition('.')[0]}.{mine.rpartition('.')[2]}"
    for _ in range(5):
        call(rig.endpoint, "Config", request, bearer(forged))
    expiring = rig.token(session, seconds=1)
    time_of_expiry = time.time() + 1
    until(lambda: time.time() > time_of_expiry)
    for _ in range(3):
        call(rig.endpoint, "Config", request, bearer(expiring))

    def counts() -> dict[tuple[str | None, str], int]:
        found: dict[tuple[str | None, str], int] = {}
        for event in rig.audited()[before:]:
            kind = (event["session"], event["reason"])
            found[kind] = found.get(kind, 0) + event["count"]
        return found

    until(lambda: counts().get((session, "UNAUTHENTICATED")) == 3)
    until(lambda: counts().get((None, "UNAUTHENTICATED"), 0) >= 5)
    assert forged not in str(rig.audited())
    [event] = [one for one in rig.audited()[before:] if one["session"] == session]
    assert (event["owner"], event["team"]) == ("ALICE", "LOCAL")


def test_two_tokens_are_refused(rig: ProxyRig) -> None:
    token = rig.token(rig.add_session())
    answer = refused(rig, "Config", config_request(new_spark_session_id()), [*bearer(token), *bearer(token)])
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


def test_the_schemes_case_does_not_matter(rig: ProxyRig) -> None:
    metadata = (("authorization", f"bEARER {rig.token(rig.add_session())}"),)
    assert call(rig.endpoint, "Config", config_request(new_spark_session_id()), metadata).code is grpc.StatusCode.OK


def test_an_expired_token_is_refused(rig: ProxyRig) -> None:
    token = rig.token(rig.add_session(), seconds=1)
    time_of_expiry = time.time() + 1
    until(lambda: time.time() > time_of_expiry)
    answer = refused(rig, "ExecutePlan", sql_request(new_spark_session_id(), "select 1"), bearer(token))
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED
    assert "expired" in answer.message


def test_a_token_under_anothers_signature_is_refused(rig: ProxyRig) -> None:
    mine, other = rig.token(rig.add_session()), rig.token(rig.add_session())
    header, payload, _ = other.split(".")
    forged = ".".join((header, payload, mine.split(".")[2]))
    answer = refused(rig, "Config", config_request(new_spark_session_id()), bearer(forged))
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_of_another_workload_is_refused(rig: ProxyRig) -> None:
    token = rig.token(rig.add_session(), workload="ELSEWHERE")
    answer = refused(rig, "Config", config_request(new_spark_session_id()), bearer(token))
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_revoked_generation_is_refused(rig: ProxyRig) -> None:
    token = rig.token(rig.add_session(), generation=0)
    answer = refused(rig, "Config", config_request(new_spark_session_id()), bearer(token))
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED
    assert "revoked" in answer.message


def test_a_token_of_an_unknown_session_is_answered_as_closed(rig: ProxyRig) -> None:
    token = rig.token("UNKNOWN", workload="ANY")
    answer = refused(rig, "ExecutePlan", sql_request(new_spark_session_id(), "select 1"), bearer(token))
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "UNKNOWN" in answer.message


def test_a_session_created_after_its_first_rpc_began_is_waited_for(rig: ProxyRig) -> None:
    session = rig.add_session()
    assert call(rig.endpoint, "Config", config_request(new_spark_session_id()), bearer(rig.token(session))).response


@pytest.mark.parametrize(
    "path",
    [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/spark.connect.SparkConnectService/Anything",
        "/spark.connect.Other/ExecutePlan",
    ],
)
def test_other_methods_are_unimplemented(rig: ProxyRig, path: str) -> None:
    token = rig.token(rig.add_session())
    assert refused(rig, path, b"", bearer(token)).code is grpc.StatusCode.UNIMPLEMENTED


def test_the_proxy_answers_health_checks_itself(rig: ProxyRig) -> None:
    before = rig.relay.requests
    assert call(rig.endpoint, "/grpc.health.v1.Health/Check", b"", ()).response == b"\x08\x01"
    assert rig.relay.requests == before


@pytest.mark.parametrize(
    "spark_session_id",
    ["", "not-a-uuid", "00112233-4455-6677-8899-AABBCCDDEEFF", "../../etc/passwd", "x" * 100_000],
)
@pytest.mark.parametrize("path", METHODS)
def test_a_spark_session_id_that_is_no_lower_case_uuid_is_refused(
    rig: ProxyRig, path: str, spark_session_id: str
) -> None:
    token = rig.token(rig.add_session())
    request = spark_proto.ConfigRequest(session_id=spark_session_id).SerializeToString()
    assert refused(rig, path, request, bearer(token)).code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("path", METHODS)
def test_a_session_id_given_twice_is_refused(rig: ProxyRig, path: str) -> None:
    token = rig.token(rig.add_session())
    twice = config_request(new_spark_session_id()) + config_request(new_spark_session_id())
    assert refused(rig, path, twice, bearer(token)).code is grpc.StatusCode.INVALID_ARGUMENT


def test_sessions_of_one_workload_cannot_use_each_others_spark_session(rig: ProxyRig) -> None:
    workload = rig.add_workload()
    mine, theirs = rig.add_session(workload), rig.add_session(workload, member="BOB")
    spark_session = new_spark_session_id()
    with stock_client(rig.endpoint, rig.token(mine), spark_session) as spark:
        spark.sql("select 42 as secret").createOrReplaceTempView("secrets")
        let_requests_end(rig)
        bob = bearer(rig.token(theirs, caller="BOB"))
        for method, request in (
            ("ExecutePlan", sql_request(spark_session, "select * from secrets")),
            ("Config", config_request(spark_session)),
            ("ReleaseSession", config_request(spark_session)),
        ):
            assert refused(rig, method, request, bob).code is grpc.StatusCode.PERMISSION_DENIED
        assert spark.sql("select * from secrets").collect()[0].secret == 42


def test_an_operation_of_another_spark_session_cannot_be_reattached(rig: ProxyRig) -> None:
    workload = rig.add_workload()
    mine, theirs = rig.add_session(workload), rig.add_session(workload, member="BOB")
    operation = new_spark_session_id()
    request = sql_request(new_spark_session_id(), "select 1", operation_id=operation)
    assert call(rig.endpoint, "ExecutePlan", request, bearer(rig.token(mine))).code is grpc.StatusCode.OK

    bob, his_own = bearer(rig.token(theirs, caller="BOB")), new_spark_session_id()
    assert call(rig.endpoint, "Config", config_request(his_own), bob).code is grpc.StatusCode.OK
    reattach = spark_proto.ReattachExecuteRequest(session_id=his_own, operation_id=operation).SerializeToString()
    assert refused(rig, "ReattachExecute", reattach, bob).code is grpc.StatusCode.PERMISSION_DENIED


def artifacts(spark_session_id: str, name: str) -> bytes:
    request = spark_proto.AddArtifactsRequest(session_id=spark_session_id)
    request.batch.artifacts.add(name=name).data.data = b"x"
    return bytes(request.SerializeToString())


def test_every_message_of_add_artifacts_is_checked(rig: ProxyRig) -> None:
    token, mine = bearer(rig.token(rig.add_session())), new_spark_session_id()
    assert call(rig.endpoint, "Config", config_request(mine), token).code is grpc.StatusCode.OK
    messages = [artifacts(mine, "files/a"), artifacts(new_spark_session_id(), "files/b")]
    assert call(rig.endpoint, "AddArtifacts", messages, token).code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a\\b", "a/../b", "a\0b"])
def test_artifact_names_that_lead_elsewhere_are_refused(rig: ProxyRig, name: str) -> None:
    token, mine = bearer(rig.token(rig.add_session())), new_spark_session_id()
    answer = call(rig.endpoint, "AddArtifacts", artifacts(mine, name), token)
    assert answer.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_cloned_spark_session_may_not_take_anothers_id(rig: ProxyRig) -> None:
    workload = rig.add_workload()
    mine, theirs = rig.add_session(workload), rig.add_session(workload, member="BOB")
    taken = new_spark_session_id()
    token = bearer(rig.token(mine))
    assert call(rig.endpoint, "Config", config_request(taken), token).code is grpc.StatusCode.OK
    clone = spark_proto.CloneSessionRequest(session_id=new_spark_session_id(), new_session_id=taken)
    bob = bearer(rig.token(theirs, caller="BOB"))
    answer = refused(rig, "CloneSession", clone.SerializeToString(), bob)
    assert answer.code is grpc.StatusCode.PERMISSION_DENIED


def test_a_request_above_the_cap_is_refused(rig: ProxyRig) -> None:
    token = rig.token(rig.add_session())
    request = sql_request(new_spark_session_id(), "select 1") + b"\xfa\x3e" + b"\x80\x80\x80\x41" + bytes(65 << 21)
    answer = call(rig.endpoint, "ExecutePlan", request, bearer(token))
    assert answer.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_stopped_spark_session_is_dead_for_ever(rig: ProxyRig) -> None:
    token, spark_session = rig.token(rig.add_session()), new_spark_session_id()
    with stock_client(rig.endpoint, token, spark_session) as spark:
        assert spark.range(3).count() == 3
    let_requests_end(rig)
    answer = refused(rig, "Config", config_request(spark_session), bearer(token))
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert answer.message.startswith("This Spark session was stopped; ")
    assert answer.error_info is not None
    assert answer.error_info.reason == "SPARK_SESSION_STOPPED"
    assert "errorClass" not in answer.error_info.metadata
    answer = refused(rig, "ExecutePlan", sql_request(spark_session, "select 1"), bearer(token))
    assert answer.error_info is not None
    assert answer.error_info.metadata["errorClass"] == "INVALID_HANDLE.SESSION_CHANGED"


def test_releasing_a_stopped_spark_session_again_is_fine(rig: ProxyRig) -> None:
    token, spark_session = bearer(rig.token(rig.add_session())), new_spark_session_id()
    for _ in range(2):
        answer = call(rig.endpoint, "ReleaseSession", config_request(spark_session), token)
        assert answer.code is grpc.StatusCode.OK
        assert spark_proto.ReleaseSessionResponse.FromString(answer.response).session_id == spark_session


def test_a_spark_session_that_the_engine_has_dropped_is_answered_as_stopped(rig: ProxyRig) -> None:
    session = rig.add_session()
    token, spark_session = bearer(rig.token(session)), new_spark_session_id()
    assert call(rig.endpoint, "Config", config_request(spark_session), token).code is grpc.StatusCode.OK
    direct = f"{rig.engine.host}:{rig.engine.port}"
    assert call(direct, "ReleaseSession", config_request(spark_session), ()).code is grpc.StatusCode.OK
    answer = call(rig.endpoint, "ExecutePlan", sql_request(spark_session, "select 1"), token)
    assert answer.code is grpc.StatusCode.FAILED_PRECONDITION
    assert answer.message.startswith("This Spark session was stopped; ")
    assert answer.error_info is not None


def test_at_the_cap_the_longest_unused_spark_session_makes_room(rig: ProxyRig) -> None:
    token = bearer(rig.token(rig.add_session()))
    ids = [new_spark_session_id() for _ in range(MAX_SPARK_SESSIONS + 1)]
    for spark_session in ids:
        assert call(rig.endpoint, "Config", config_request(spark_session), token).code is grpc.StatusCode.OK
    assert refused(rig, "Config", config_request(ids[0]), token).message.startswith("This Spark session was stopped")
    assert call(rig.endpoint, "Config", config_request(ids[1]), token).code is grpc.StatusCode.OK


def test_an_engines_own_error_passes_unchanged(rig: ProxyRig) -> None:
    token, spark_session = bearer(rig.token(rig.add_session())), new_spark_session_id()
    request = sql_request(spark_session, "select no_such_column")
    through = call(rig.endpoint, "ExecutePlan", request, token)
    direct = call(f"{rig.engine.host}:{rig.engine.port}", "ExecutePlan", request, ())
    assert through == direct
    assert through.rich


def test_refused_requests_are_no_activity(rig: ProxyRig) -> None:
    session = rig.add_session()
    token = rig.token(session)
    for request in (config_request("not-a-uuid"), config_request("")):
        refused(rig, "Config", request, bearer(token))
    call(rig.endpoint, "/grpc.health.v1.Health/Check", b"", ())
    other = rig.add_session()
    call(rig.endpoint, "Config", config_request(new_spark_session_id()), bearer(rig.token(other)))
    until(lambda: rig.session(other).status == "active")
    assert rig.session(session).status == "pending"


def test_the_engine_is_told_no_authorization(rig: ProxyRig) -> None:
    from lakesail_notebook.session_proxy.forwarding import passed_metadata

    sent = (("authorization", "Bearer x"), ("cookie", "c"), ("x-forwarded-for", "1.2.3.4"), ("request-id", "7"))
    assert passed_metadata(sent) == (("request-id", "7"),)
