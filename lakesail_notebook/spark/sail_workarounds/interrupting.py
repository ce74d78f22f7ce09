"""PySpark's Interrupt RPCs with a deadline: Sail 0.7.2 answers only when the Python function that it runs returns.

Goes when Sail answers an Interrupt at once.
"""

from __future__ import annotations

import os
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
Taken = Literal["stopped", "unknown", "none"]
"""It says that it stops, it knows of no such operation (any more), or it did not answer in time."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """An Interrupt that was sent, and how the engine took it."""

    operation_id: str
    """Empty for all operations, or those of a tag."""
    answer: Taken
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

    def forked(self) -> None:
        """In a child of this process: another thread may have held the lock."""
        self._lock = threading.Lock()


INTERRUPTIONS = Interruptions()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=INTERRUPTIONS.forked)


def begin_interrupt(channel: grpc.Channel, request: Any, seconds: float) -> Any:
    """Send an Interrupt of the operation of another request, without waiting; the gRPC future of the answer."""
    import pyspark.sql.connect.proto as spark_proto

    interrupt = spark_proto.InterruptRequest(
        session_id=request.session_id,
        user_context=request.user_context,
        client_type=request.client_type,
        interrupt_type=spark_proto.InterruptRequest.INTERRUPT_TYPE_OPERATION_ID,
        operation_id=request.operation_id,
    )
    return spark_proto.SparkConnectServiceStub(channel).Interrupt.future(interrupt, timeout=seconds)


def taken(call: Any) -> Taken:
    """How the engine took an Interrupt whose gRPC call has ended."""
    if call.code() is not grpc.StatusCode.OK:
        return "none"
    return "stopped" if call.result().interrupted_ids else "unknown"


class Interrupting(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Gives each Interrupt a deadline, and answers in the engine's stead when that has passed.

    :param being_stopped: whether an operation is being interrupted already, so that PySpark's own Interrupt of it is
        answered here.
    """

    def __init__(
        self,
        interruptions: Interruptions,
        seconds: float = DEADLINE_SECONDS,
        being_stopped: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._interruptions = interruptions
        self._seconds = seconds
        self._being_stopped = being_stopped

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        if not details.method.endswith("/Interrupt"):
            return send(details, request)
        if request.operation_id and self._being_stopped(request.operation_id):
            return _NothingInterrupted(request.session_id)
        call = send(_Details(details.method, self._seconds, details.metadata, details.credentials, True), request)
        late = call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        self._interruptions.note(Interruption(request.operation_id, taken(call), time.monotonic()))
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
