"""An RPC that the session proxy turned away for its token is sent once more with a fresh one.

The proxy looks at the token before it takes in a request, so nothing of such an RPC has run: sending it again runs
nothing twice. A token can be turned away although it looked good here: it was revoked, or this machine slept.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import grpc

from .session_token import RenewedToken

Send = Callable[..., Any]


class Reauthenticating(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    def __init__(self, token: RenewedToken) -> None:
        self._token = token

    def intercept_unary_unary(self, send: Send, details: Any, request: Any) -> Any:
        sent_with = self._token.text()
        answer = send(details, request)
        if answer.code() is grpc.StatusCode.UNAUTHENTICATED and self._token.replaced(sent_with):
            return send(details, request)
        return answer

    def intercept_unary_stream(self, send: Send, details: Any, request: Any) -> Iterator[Any]:
        sent_with = self._token.text()
        begun = False
        answers: Generator[Any, None, None] = send(details, request)
        try:
            for answer in answers:
                begun = True
                yield answer
            return
        except grpc.RpcError as error:
            turned_away = not begun and error.code() is grpc.StatusCode.UNAUTHENTICATED
            if not turned_away or not self._token.replaced(sent_with):
                raise
        finally:
            answers.close()
        yield from send(details, request)
