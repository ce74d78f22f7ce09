"""PySpark's Interrupt RPCs with a deadline: Sail 0.7.2 answers only when the Python function that it runs returns.

Goes when Sail answers an Interrupt at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import grpc

DEADLINE_SECONDS = 2.0
_REMEMBERED = 100

Send = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Interruption:
    """An Interrupt that was sent, and how the engine took it."""

    operation_id: str
    """Empty for all operations, or those of a tag."""
    answer: Literal["stopped", "unknown", "none"]
    """It says that it stops, it knows of no such operation (any more), or it did not answer in time."""
    at: float
    """Of the monotonic clock, in seconds."""


class Interruptions:
    """Those of this process. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Interruption] = deque(maxlen=_REMEMBERED)

    def note(self, interruption: Interruption) -> None:
        with self._lock:
            self._kept.append(interruption)

    def since(self, moment: float) -> tuple[Interruption, ...]:
        with self._lock:
            return tuple(one for one in self._kept if one.at >= moment)


INTERRUPTIONS = Interruptions()


class Interrupting(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Gives each Interrupt a deadline, and answers in the engine's stead when that has passed."""

    def __init__(self, interruptions: Interruptions, seconds: float = DEADLINE_SECONDS) -> None:
        self._interruptions = interruptions
        self._seconds = seconds

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        if not details.method.endswith("/Interrupt"):
            return send(details, request)
        call = send(_Details(details.method, self._seconds, details.metadata, details.credentials, True), request)
        late = call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        answered = call.code() is grpc.StatusCode.OK
        stopped = answered and bool(call.result().interrupted_ids)
        answer: Literal["stopped", "unknown", "none"] = "stopped" if stopped else "unknown" if answered else "none"
        self._interruptions.note(Interruption(request.operation_id, answer, time.monotonic()))
        return _NothingInterrupted(request.session_id) if late else call


class _Details(NamedTuple):
    method: str
    timeout: float
    metadata: Any
    credentials: Any
    wait_for_ready: bool


class _NothingInterrupted:
    """An answer that PySpark takes for the engine's."""

    def __init__(self, spark_session_id: str) -> None:
        self._spark_session_id = spark_session_id

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    def result(self, timeout: float | None = None) -> Any:
        import pyspark.sql.connect.proto as spark_proto

        return spark_proto.InterruptResponse(
            session_id=self._spark_session_id, server_side_session_id=self._spark_session_id
        )
