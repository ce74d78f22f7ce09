"""A gRPC channel whose RPCs another thread can give up: who waits for one gets an error, not the engine's patience."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
from pyspark.errors import PySparkException

from .running_calls import RunningCall, RunningCalls

_WAITING_FOR_THE_ENGINE = frozenset({"ExecutePlan", "ReattachExecute", "AnalyzePlan", "Config"})
"""Others tell the engine to stop or to forget, which must pass also after an interrupt."""
_CUT_OFF = "This query was interrupted. Run it again; if it writes, look first at what is written."
_NOT_SENT = (
    "This query was not sent: the cell that it belongs to was interrupted. Threads may send again in the next cell."
)


Send = Callable[..., Any]


def _waits_for_the_engine(method: str) -> bool:
    return method.rpartition("/")[2] in _WAITING_FOR_THE_ENGINE


class QueryInterrupted(PySparkException):  # type: ignore[misc]
    """What a thread gets for a query that was interrupted together with the cell that began it."""

    def __init__(self, message: str = _CUT_OFF) -> None:
        super().__init__(message=message)


def check_may_send(calls: RunningCalls, request: Any) -> None:
    """:raises QueryInterrupted: in a thread whose cell was interrupted."""
    if calls.refuses_this_thread():
        ran = getattr(request, "operation_id", None) in calls.being_stopped  # it asks for the rest of its results
        raise QueryInterrupted(_CUT_OFF if ran else _NOT_SENT)


class RefusingThreads(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Refuses what threads of an interrupted cell would send, before it counts as a query."""

    def __init__(self, calls: RunningCalls) -> None:
        self._calls = calls

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        if _waits_for_the_engine(details.method):
            check_may_send(self._calls, request)
        return send(details, request)

    intercept_unary_stream = intercept_unary_unary


class StoppableChannel(grpc.Channel):  # type: ignore[misc]
    """Another channel, with each RPC noted while it waits for the engine.

    :param channel: the one that carries the RPCs.
    :param calls: where they are noted.
    """

    def __init__(self, channel: grpc.Channel, calls: RunningCalls) -> None:
        self._channel = channel
        self._calls = calls

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = self._channel.unary_unary(method, *arguments, **options)
        return _Unary(inner, method, self._channel, self._calls) if _waits_for_the_engine(method) else inner

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        inner = self._channel.unary_stream(method, *arguments, **options)
        return _Stream(inner, method, self._channel, self._calls) if _waits_for_the_engine(method) else inner

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._channel.stream_unary(method, *arguments, **options)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._channel.stream_stream(method, *arguments, **options)

    def subscribe(self, callback: Callable[..., None], try_to_connect: bool = False) -> None:
        self._channel.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[..., None]) -> None:
        self._channel.unsubscribe(callback)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> StoppableChannel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Noted:
    def __init__(self, inner: Any, method: str, channel: grpc.Channel, calls: RunningCalls) -> None:
        self._inner = inner
        self._method = method
        self._channel = channel
        self._calls = calls

    def _begin(self, request: Any) -> tuple[RunningCall, int]:
        check_may_send(self._calls, request)
        call = RunningCall(self._method, request, self._channel, threading.get_ident())
        if self._calls.stops(call):
            raise QueryInterrupted
        return call, self._calls.begin(call)


class _Unary(_Noted, grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    def __call__(self, request: Any, *arguments: Any, **options: Any) -> Any:
        return self.with_call(request, *arguments, **options)[0]

    def with_call(self, request: Any, *arguments: Any, **options: Any) -> tuple[Any, Any]:
        call, number = self._begin(request)
        try:
            call.sending(self._inner.future(request, *arguments, **options))
            return call.sent.result(), call.sent
        except grpc.FutureCancelledError:
            raise QueryInterrupted from None
        finally:
            self._calls.end(number)
            if call.sent is not None:
                call.sent.cancel()  # nothing when it has ended; else the wait for it was broken off

    def future(self, request: Any, *arguments: Any, **options: Any) -> Any:
        return self._inner.future(request, *arguments, **options)


class _Stream(_Noted, grpc.UnaryStreamMultiCallable):  # type: ignore[misc]
    def __call__(self, request: Any, *arguments: Any, **options: Any) -> _Answers:
        call, number = self._begin(request)
        try:
            call.sending(self._inner(request, *arguments, **options))
        except BaseException:
            self._calls.end(number)
            raise
        return _Answers(call, number, self._calls)


class _Answers:
    """The answers of a stream, until it is cut off."""

    def __init__(self, call: RunningCall, number: int, calls: RunningCalls) -> None:
        self._call = call
        self._number = number
        self._calls = calls

    def __iter__(self) -> _Answers:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._call.sent)
        except grpc.RpcError:
            self._calls.end(self._number)
            if self._calls.stops(self._call):
                raise QueryInterrupted from None
            raise
        except StopIteration:
            self._calls.end(self._number)
            raise

    def cancel(self) -> None:
        self._calls.end(self._number)
        self._call.sent.cancel()

    close = cancel

    def __del__(self) -> None:
        self._calls.end(self._number)
