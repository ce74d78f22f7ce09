"""A channel works in the process that opened it, and not in that process's forked children.

A child has the same sockets as its parent: what it sends or closes there breaks the parent's connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import grpc

from ...errors import FailedPrecondition

Send = Callable[..., Any]


def of_parent() -> FailedPrecondition:
    """What to say of a Spark session that a forked child has from its parent."""
    return FailedPrecondition(
        "This Spark session belongs to the process that this one was forked from, and cannot be used here. Call "
        "connect() or SparkSession.builder.getOrCreate() in this process: it gives a Spark session of its own.",
        reason="spark_session_of_parent",
    )


class OneProcess(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]
):
    """Sends nothing from a process that was forked from the one that opened the channel."""

    def __init__(self) -> None:
        self._process_id = os.getpid()

    def _intercept(self, send: Send, details: Any, request: Any) -> Any:
        if os.getpid() != self._process_id:
            raise of_parent()
        return send(details, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _intercept
