"""What the engine's errors say of sessions and operations, and what they become for people. Pure.

Sail 0.7.2 tells these cases apart by their text alone. What is worded in any other way passes through as it is.
"""

from __future__ import annotations

import grpc
from google.rpc.status_pb2 import Status

from .forwarding import DETAILS, EngineAnswer
from .spark_rpc import EXECUTE_PLAN, REATTACH_EXECUTE, Head, Method

_CANCELLED = "The query was cancelled; run it again to have its results."
_LOST = (
    "The engine does not know this query: it was cancelled, or it was cut off before it began, when the session proxy "
    "or the connection to the engine broke. Run it again; if it writes, look first at what is written. %sail status "
    "says how the session is."
)
_CUT_OFF = (
    "The connection to the engine broke, and the engine had finished the query: it does not keep the rest of the "
    "results. Run it again; if it writes, look first at what is written."
)
_MISSING = (
    "The connection broke in the middle of the results, and the engine no longer has the results that come next: it "
    "keeps the last 128 messages of a query. Run it again; if it writes, look first at what is written."
)
_NO_REST = "internal error: task context not found for operation"


def spark_session_is_over(answer: EngineAnswer, spark_session_id: str) -> bool:
    return f"session {spark_session_id} is not running" in answer.details


def results_missing() -> EngineAnswer:
    """The answer for a client that reattaches, when the engine no longer has all the results that follow.

    PySpark retries no INTERNAL error, so the query fails.
    """
    status = Status(code=grpc.StatusCode.INTERNAL.value[0], message=_MISSING)
    return EngineAnswer(grpc.StatusCode.INTERNAL, _MISSING, ((DETAILS, status.SerializeToString()),))


def with_next_step(answer: EngineAnswer, method: Method, head: Head, *, interrupted: bool) -> EngineAnswer:
    """The answer of an engine that has no results to go on with, in words that say what to do; others as they are.

    Its code and its class stay. PySpark begins a plan anew when it reads INVALID_HANDLE.OPERATION_NOT_FOUND, and what
    the plan writes would be written twice, so no such words may stand here.

    :param interrupted: whether its user has asked for its end.
    """
    words = _words(answer, method, head)
    if words is None:
        return answer
    if interrupted:
        words = _CANCELLED
    trailers = tuple((key, _reworded(value, words) if key == DETAILS else value) for key, value in answer.trailers)
    return EngineAnswer(answer.code, words, trailers)


def _words(answer: EngineAnswer, method: Method, head: Head) -> str | None:
    if method not in {EXECUTE_PLAN, REATTACH_EXECUTE} or answer.code.name != "INTERNAL":
        return None
    if answer.details == f"invalid argument: operation not found: {head.operation_id}":
        return _LOST
    return {_NO_REST: _CUT_OFF, _MISSING: _MISSING}.get(answer.details)


def _reworded(details: str | bytes, words: str) -> bytes:
    status = Status.FromString(details if isinstance(details, bytes) else details.encode())
    status.message = words
    return bytes(status.SerializeToString())
