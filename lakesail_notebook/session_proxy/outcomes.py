"""What the end of an operation's last stream makes of the operation, and why it failed. Pure."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio

from ..errors import LakesailError
from ..feed import MAX_WORDS, OperationOutcome
from .auth import SessionClosed, SparkSessionStopped
from .forwarding import EngineAnswer

_CLIENT_WENT = (asyncio.CancelledError, grpc.aio.BaseError)
_BROKEN_OFF = (*_CLIENT_WENT, LakesailError)


def outcome_of(error: BaseException | None, *, interrupted: bool, reattachable: bool) -> OperationOutcome:
    """The outcome of an operation whose last stream ended without the last result.

    :param error: what ended the stream; ``None``: the engine, in good order.
    :param interrupted: whether its user asked for its end.
    :param reattachable: whether its client comes back for the rest.
    """
    if isinstance(error, SessionClosed):
        return "running"  # its session says how it ended
    if isinstance(error, EngineAnswer):
        return "cancelled" if interrupted or error.code is grpc.StatusCode.CANCELLED else "failed"
    if interrupted:
        return "cancelled"
    if isinstance(error, SparkSessionStopped):
        return "failed"
    if reattachable and (error is None or isinstance(error, _BROKEN_OFF)):
        return "running"
    if error is None:
        return "succeeded"
    return "cancelled" if isinstance(error, _CLIENT_WENT) else "failed"


def error_line(error: BaseException | None) -> str | None:
    """Why an operation failed, in one line; of a Python function's traceback, the last line, which names the error."""
    if isinstance(error, EngineAnswer):
        text = error.details or f"The engine answered {error.code.name}."
    elif isinstance(error, LakesailError):
        text = error.message
    else:
        return None
    head, marker, traceback = text.partition("Traceback (most recent call last):")
    if marker:
        last = next((line for line in reversed(traceback.splitlines()) if line.strip()), "")
        text = f"{head.strip().rstrip(':')}: {last}" if head.strip() else last
    words = " ".join(text.split())
    return words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"
