"""The exceptions of every part, named after the gRPC canonical codes.

::

    LakesailError
    ├── InvalidArgument          the request is wrong; retrying it cannot help
    │   ├── PayloadTooLarge
    │   └── UnsupportedMediaType
    ├── Unauthenticated          nobody is known to be asking
    ├── PermissionDenied         somebody is asking, and may not
    ├── NotFound                 unknown, or not for the caller to see
    ├── FailedPrecondition       right request, wrong state
    ├── ResourceExhausted        a quota or rate is used up
    ├── Unavailable              a part is out of reach for a while; retry
    ├── DeadlineExceeded         it took too long
    └── Internal                 a fault of ours

This module knows no HTTP and no gRPC numbers: each edge holds its own table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field of a request."""

    pointer: str
    """JSON pointer (RFC 6901) of the field, such as ``/config/idleTimeoutSeconds``."""
    message: str
    paths: tuple[str, ...] = ()
    """Of the server, that stand in the message."""


def json_pointer(*parts: str | int) -> str:
    """``/config/sail/extraEnv/A~1B``, for a :class:`FieldError`."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


class LakesailError(Exception):
    """A failure that the caller can read and act on.

    :param message: one sentence for a person, with the next step in it.
    :param reason: a short machine-readable word, where the code alone does not tell cases apart.
    :param errors: the bad fields, for :class:`InvalidArgument`.
    :param retry_after_seconds: when another try may succeed.
    :param whose: the id of whom the refused thing belongs to; for the audit, and for no answer.
    :param paths: of the server, that stand in the message: only who administers the server is to read them.
    """

    code: ClassVar[str] = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after_seconds: float | None = None,
        whose: str | None = None,
        paths: tuple[str | PurePath, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds
        self.whose = whose
        self.paths = (*map(str, paths), *(path for field in errors for path in field.paths))

    @property
    def message_without_paths(self) -> str:
        """The message for who does not administer the server."""
        return self.without_paths(self.message)

    def without_paths(self, text: str) -> str:
        """The text with the last part alone of each path of the server."""
        for path in sorted(self.paths, key=len, reverse=True):
            text = text.replace(path, PurePath(path).name)
        return text


class InvalidArgument(LakesailError):
    code = "INVALID_ARGUMENT"


class PayloadTooLarge(InvalidArgument):
    """The body is larger than the API reads."""


class UnsupportedMediaType(InvalidArgument):
    """The body is not plain JSON."""


class Unauthenticated(LakesailError):
    code = "UNAUTHENTICATED"


class PermissionDenied(LakesailError):
    code = "PERMISSION_DENIED"


class NotFound(LakesailError):
    code = "NOT_FOUND"


class FailedPrecondition(LakesailError):
    code = "FAILED_PRECONDITION"


class ResourceExhausted(LakesailError):
    code = "RESOURCE_EXHAUSTED"


class Unavailable(LakesailError):
    code = "UNAVAILABLE"


class DeadlineExceeded(LakesailError):
    code = "DEADLINE_EXCEEDED"


class Internal(LakesailError):
    code = "INTERNAL"


def _families() -> dict[str, type[LakesailError]]:
    return {family.code: family for family in LakesailError.__subclasses__()}


FAMILIES: dict[str, type[LakesailError]] = _families()
"""Code -> the class that stands for it."""
