"""The engine's bare words on operations, as it sent them, and what becomes of them."""

from __future__ import annotations

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from lakesail_notebook.session_proxy.engine_words import spark_session_is_over, with_next_step
from lakesail_notebook.session_proxy.forwarding import DETAILS, EngineAnswer
from lakesail_notebook.session_proxy.spark_rpc import CONFIG, EXECUTE_PLAN, REATTACH_EXECUTE, Head, Method

SPARK_SESSION = "00112233-4455-6677-8899-aabbccddeeff"
OPERATION = "a73bb710-5719-483f-9945-f471b2a81c9c"
NOT_FOUND = f"invalid argument: operation not found: {OPERATION}"
NO_REST = "internal error: task context not found for operation"
CLASSES = '["java.lang.IllegalArgumentException"]'
RETRIED_BY_PYSPARK = ("INVALID_HANDLE.OPERATION_NOT_FOUND", "INVALID_HANDLE.SESSION_NOT_FOUND", "INVALID_CURSOR")
HEAD = Head(spark_session_id=SPARK_SESSION, operation_id=OPERATION)


def answer(details: str, code: grpc.StatusCode = grpc.StatusCode.INTERNAL) -> EngineAnswer:
    """As Sail 0.7.2 sends it."""
    info = ErrorInfo(reason="java.lang.IllegalArgumentException", domain="org.apache.spark")
    info.metadata["classes"] = CLASSES
    status = Status(code=code.value[0], message=details)
    status.details.add().Pack(info)
    return EngineAnswer(code, details, (("date", "today"), (DETAILS, status.SerializeToString())))


@pytest.mark.parametrize("method", [REATTACH_EXECUTE, EXECUTE_PLAN])
@pytest.mark.parametrize("details", [NOT_FOUND, NO_REST])
@pytest.mark.parametrize("interrupted", [True, False])
def test_bare_words_on_an_operation_come_with_the_next_step_and_begin_no_plan_anew(
    method: Method, details: str, interrupted: bool
) -> None:
    told = with_next_step(answer(details), method, HEAD, interrupted=interrupted)
    assert "un it again" in told.details
    assert ("was cancelled; run" in told.details) == interrupted
    assert "not found" not in told.details
    assert not any(word in told.details for word in RETRIED_BY_PYSPARK)
    assert told.code is grpc.StatusCode.INTERNAL
    assert told.trailers[0] == ("date", "today")
    status, info = Status.FromString(told.trailers[1][1]), ErrorInfo()
    assert status.message == told.details
    assert status.details[0].Unpack(info)
    assert info.metadata["classes"] == CLASSES


@pytest.mark.parametrize(
    ("method", "unknown"),
    [
        (REATTACH_EXECUTE, answer("operation not found")),
        (REATTACH_EXECUTE, answer(f"operation not found: {OPERATION}")),
        (REATTACH_EXECUTE, answer("invalid argument: operation not found: another")),
        (REATTACH_EXECUTE, answer(f"{NOT_FOUND}, and more")),
        (REATTACH_EXECUTE, answer(NOT_FOUND, grpc.StatusCode.NOT_FOUND)),
        (EXECUTE_PLAN, answer("[USER_RAISED_EXCEPTION] operation not found: 1")),
        (CONFIG, answer(NOT_FOUND)),
    ],
)
def test_words_of_another_shape_pass_as_they_are(method: Method, unknown: EngineAnswer) -> None:
    assert with_next_step(unknown, method, HEAD, interrupted=True) is unknown


def test_an_answer_without_a_rich_status_is_reworded_too() -> None:
    plain = EngineAnswer(grpc.StatusCode.INTERNAL, NOT_FOUND, ())
    told = with_next_step(plain, REATTACH_EXECUTE, HEAD, interrupted=False)
    assert "%sail status" in told.details
    assert told.trailers == ()


def test_a_spark_session_that_the_engine_has_ended_is_told_apart() -> None:
    assert spark_session_is_over(answer(f"invalid argument: session {SPARK_SESSION} is not running"), SPARK_SESSION)
    assert not spark_session_is_over(answer(NOT_FOUND), SPARK_SESSION)
