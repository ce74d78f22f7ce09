"""RPCs that could not be sent, because the session proxy was out of reach for a moment, are sent again.

PySpark takes a plan that never left for one that runs: it asks for its results, and fails with "operation not found".
Its other RPCs it retries in silence for ten minutes, also at the exit of the process. What may have arrived is left to
PySpark, which asks again without running anything twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from ...errors import Unavailable

_NEVER_SENT = ("failed to connect to all addresses", "errors resolving")
"""How gRPC begins to say that there was no connection to send on."""
_LONGEST_OUTAGE_SECONDS = 30.0
_PATIENCE_FOR_RESULTS = 11
"""How much longer to try for the results of a query that runs on."""
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0

Send = Callable[..., Any]


class Reconnecting(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Sends RPCs until one leaves; raises :class:`Unavailable` when the outage lasts.

    :param endpoint: for the message.
    :param longest_outage_seconds: before it gives up; on the results of a running query, eleven times as long.
    """

    def __init__(self, endpoint: str, longest_outage_seconds: float = _LONGEST_OUTAGE_SECONDS) -> None:
        self._endpoint = endpoint
        self._longest = longest_outage_seconds

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        outage = self._outage(details.method)
        while True:
            answer = send(details, request)
            if not _never_sent(answer):
                return answer
            outage.wait(answer)

    def intercept_unary_stream(self, send: Send, details: Any, request: Any) -> Iterator[Any]:
        outage = self._outage(details.method)
        while True:
            answers = send(details, request)
            try:
                first = next(answers)
            except StopIteration:
                return
            except KeyboardInterrupt:
                answers.cancel()
                raise
            except grpc.RpcError as error:
                if not _never_sent(error):
                    raise
                outage.wait(error)
            else:
                try:
                    yield first
                    yield from answers
                finally:
                    answers.cancel()
                return

    def _outage(self, method: str) -> _Outage:
        patience = _PATIENCE_FOR_RESULTS if method.endswith("/ReattachExecute") else 1
        return _Outage(self._endpoint, self._longest * patience)


class _Outage:
    """How long an RPC has been waiting to be sent."""

    def __init__(self, endpoint: str, longest_seconds: float) -> None:
        self._endpoint = endpoint
        self._longest = longest_seconds
        self._pause = _FIRST_PAUSE_SECONDS
        self._began: float | None = None

    def wait(self, error: Any) -> None:
        """Pause before the next try.

        :raises Unavailable: when the outage has lasted too long.
        """
        now = time.monotonic()
        if self._began is None:
            self._began = now
        if now - self._began >= self._longest:
            raise Unavailable(
                f"The session's endpoint {self._endpoint} cannot be reached for {self._longest:.0f} s "
                f"({error.details()}); %sail status tells how the session is."
            )
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)


def _never_sent(answer: Any) -> bool:
    if not isinstance(answer, grpc.RpcError):
        return False
    details: str = answer.details() or ""
    return answer.code() is grpc.StatusCode.UNAVAILABLE and details.startswith(_NEVER_SENT)
