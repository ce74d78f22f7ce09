"""Who looks on while PySpark talks to its session: told of each plan that is sent, and of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Protocol

import grpc

_EXECUTE, _REATTACH, _CONFIG = "/ExecutePlan", "/ReattachExecute", "/Config"
_ANALYZE = "/AnalyzePlan"

Send = Callable[..., Any]


class Observer(Protocol):
    """Called in the thread that runs the query; what it takes long over, the query waits for."""

    def begins(self, request: Any) -> None:
        """A plan (an ``ExecutePlanRequest``) is about to be sent.

        :raises LakesailError: refuses the plan: it is not sent, and PySpark passes the error on as it is.
        """
        ...

    def analyses(self, request: Any) -> None:
        """An ``AnalyzePlanRequest`` is about to be sent."""
        ...

    def rejoins(self, operation_id: str) -> None:
        """The results of an operation are asked for again, since their stream was cut."""
        ...

    def answered(self, operation_id: str, answer: Any) -> None:
        """A message of its results (an ``ExecutePlanResponse``) came."""
        ...

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        """A stream of its results ended, well or with this error."""
        ...

    def configures(self, request: Any) -> None:
        """A ``ConfigRequest`` was answered well."""
        ...


class Observing(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Tells observers of the RPCs of one channel.

    A stream that is given up is ended at once: a traceback would keep it, and its query, alive.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        if details.method.endswith(_ANALYZE):
            for observer in self._observers:
                observer.analyses(request)
        answer = send(details, request)
        if details.method.endswith(_CONFIG) and answer.code() is grpc.StatusCode.OK:
            for observer in self._observers:
                observer.configures(request)
        return answer

    def intercept_unary_stream(self, send: Send, details: Any, request: Any) -> Iterator[Any]:
        if not details.method.endswith((_EXECUTE, _REATTACH)):
            answers: Iterator[Any] = send(details, request)
            return answers
        return self._observed(send, details, request)

    def _observed(self, send: Send, details: Any, request: Any) -> Iterator[Any]:
        answers: Generator[Any, None, None] | None = None
        try:
            for observer in self._observers:
                if details.method.endswith(_EXECUTE):
                    observer.begins(request)
                else:
                    observer.rejoins(request.operation_id)
            answers = send(details, request)
            for answer in answers:
                for observer in self._observers:
                    observer.answered(request.operation_id, answer)
                yield answer
        except BaseException as error:
            self._left(request.operation_id, error)
            raise
        else:
            self._left(request.operation_id, None)
        finally:
            if answers is not None:
                answers.close()

    def _left(self, operation_id: str, error: BaseException | None) -> None:
        for observer in self._observers:
            observer.leaves(operation_id, error)


def has_failed(error: BaseException | None) -> bool:
    """Whether a query that was left with this error is over; after others, PySpark may ask for its results again."""
    if isinstance(error, grpc.RpcError):
        return bool(error.code() is not grpc.StatusCode.UNAVAILABLE)
    return isinstance(error, Exception | KeyboardInterrupt)
