"""Errors as HTTP tells them: their status, and problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import responses

from tornado import web

from .. import models
from ..errors import (
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    LakesailError,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

HTTP_STATUS: Mapping[type[LakesailError], int] = {
    InvalidArgument: 400,
    Unauthenticated: 401,
    PermissionDenied: 403,
    NotFound: 404,
    FailedPrecondition: 409,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
    ResourceExhausted: 429,
    Internal: 500,
    Unavailable: 503,
    DeadlineExceeded: 504,
}


def http_status(error: LakesailError) -> int:
    """The status of the nearest class in the table."""
    return next((HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS), 500)


def as_lakesail_error(status: int, error: BaseException | None, nobody: bool) -> LakesailError:
    if isinstance(error, LakesailError):
        return error
    if status == 403 and nobody:
        return Unauthenticated("Log in to Jupyter first, or send its token as Authorization: token …")
    if status == 404:
        return NotFound("There is nothing here.")
    if status == 403:
        said = error.log_message if isinstance(error, web.HTTPError) else None
        return PermissionDenied(said or "Jupyter does not let you do this.")
    if status < 500:
        return InvalidArgument(f"{responses.get(status, 'The request cannot be read')}.")
    return Internal("Unhandled error; the server's log has more under the request id.")


def problem_of(error: LakesailError, status: int, path: str, request_id: str, *, with_paths: bool) -> models.Problem:
    """:param with_paths: whether the reader administers the server, and may know its paths."""

    def told(text: str) -> str:
        return text if with_paths else error.without_paths(text)

    message = told(error.message)
    return models.Problem(
        title=responses.get(status, "Error"),
        status=status,
        code=error.code,
        detail=message,
        message=message,
        reason=error.reason,
        instance=path,
        request_id=request_id,
        errors=tuple(models.ProblemField(pointer=field.pointer, message=told(field.message)) for field in error.errors),
        retry_after_seconds=error.retry_after_seconds,
    )
