"""The handler under every path of the API: who asks, bounded bodies, and errors as problem documents."""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any, Protocol, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from msgspec import Struct
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
from ..workloads.rules.access import Principal
from ..workloads.rules.service_account_keys import KEY_PREFIX as SERVICE_ACCOUNT_KEY_PREFIX
from ..workloads.rules.service_account_keys import account_of
from ..workloads.service import WorkloadsService
from .decode import MAX_BODY_BYTES, decode_body

_BODY_SECONDS = 30
_RESOURCE = "lakesail"
_LONGEST_LOG_LINE = 2048

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

NOBODY = Principal(id="", login="", team_ids=())
"""The caller of what asks for no login."""

log = logging.getLogger(__name__)


class OpenService(Protocol):
    async def __call__(self, principal: Principal, *, passive: bool = False) -> WorkloadsService:
        """The service, opened for the first who asks.

        :param passive: the caller only listens, and will hardly want a session next.
        """
        ...


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What every handler is given."""

    root: str
    """The API's root path on this server, its base URL included."""
    service: OpenService
    by_login: Callable[[Any], Principal]
    """The principal of a user whom Jupyter's identity provider knows."""
    by_kernel_token: Callable[[str], Principal]
    """Raises :class:`Unauthenticated` for a token that no living kernel of this server holds."""


@web.stream_request_body
class BoundedHandler(APIHandler):
    """Authenticates before the body is read, bounds it while it streams in, and answers errors as problem documents."""

    verbs: tuple[str, ...] = ("GET",)
    """What the path answers to."""

    def initialize(self, context: ApiContext) -> None:
        self.context = context
        self.request_id = secrets.token_hex(8)
        self._received = bytearray()
        self._whole = False
        """Whether the body was read to its end."""
        self._credential: str | None = None
        """A bearer token or key that we made ourselves, and must check."""
        self._principal: Principal | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        self._credential = _bearer_of_ours(self.request.headers.get_list("Authorization"))
        if self._credential is not None:
            del self.request.headers["Authorization"]  # not for identity providers: a Hub's would be asked about it
        await super().prepare()
        if self._finished or self.request.method == "OPTIONS":
            return
        if self.needs_login():
            self._principal = await self._authenticate()
        self._bound_body()

    def needs_login(self) -> bool:
        return True

    def check_xsrf_cookie(self) -> None:
        """Our own tokens and keys are in no browser, so no other site can make one send them; and who sends one is
        known by it alone, whatever cookies come along."""
        if self._credential is None:
            super().check_xsrf_cookie()

    async def _authenticate(self) -> Principal:
        if self._credential is None:
            return await self._principal_by_login()
        if self._credential.startswith(SERVICE_ACCOUNT_KEY_PREFIX):
            account_of(self._credential)  # nothing is opened for what has not even the form of a key
            service = await self.context.service(NOBODY)
            return await service.service_accounts.by_key(self._credential)
        return self.context.by_kernel_token(self._credential)

    async def _principal_by_login(self) -> Principal:
        user = self.current_user
        if user is None:
            raise web.HTTPError(403)
        action = "read" if self.request.method in {"GET", "HEAD"} else "write"
        if not await ensure_async(self.authorizer.is_authorized(self, user, action, _RESOURCE)):
            raise PermissionDenied(f"This Jupyter server's authorizer does not let you {action} {_RESOURCE}.")
        return self.context.by_login(user)

    def _bound_body(self) -> None:
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body has more than {MAX_BODY_BYTES} bytes.")
        connection = cast("Any", self.request.connection)
        connection.set_max_body_size(MAX_BODY_BYTES)
        connection.set_body_timeout(_BODY_SECONDS)

    def data_received(self, chunk: bytes) -> None:
        self._received += chunk

    def on_body_read(self) -> None:
        """Called first by every handler's verbs, which tornado calls when it has read the body."""
        self._whole = True

    def received(self, kind: type[Struct]) -> Struct:
        """The body as ``kind``.

        :raises InvalidArgument: when it is not.
        """
        if self.request.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMediaType("Send the body without a Content-Encoding.")
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self._received and media_type != "application/json":
            raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
        return decode_body(bytes(self._received), kind)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        nobody = getattr(self, "_jupyter_current_user", None) is None
        error = _as_lakesail_error(status_code, (kwargs.get("exc_info") or (None, None))[1], nobody)
        status = status_code if not isinstance(error, Internal) and status_code < 500 else http_status(error)
        if not self._whole:
            # tornado closes a connection with an unread body, but does not say so: the next request would be lost.
            self.set_header("Connection", "close")
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(max(1, round(error.retry_after_seconds))))
        if status == 405:
            self.set_header("Allow", ", ".join(self.verbs))
        self.set_status(status)
        self._forbid_storing()
        problem = _problem(error, status, self.request.path, self.request_id)
        self.finish(models.encode(problem), set_content_type="application/problem+json")

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, LakesailError) and not isinstance(error, Internal):
            line = f"{self.request.method} {self.request.path}: {error.code} {error.message} [{self.request_id}]"
            log.info("%s", line[:_LONGEST_LOG_LINE])
        elif isinstance(error, web.HTTPError):
            super().log_exception(kind, error, trace)
        else:
            log.error("%s [%s]", self.request.path, self.request_id, exc_info=(kind, error, trace))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        super().send_error(http_status(error) if isinstance(error, LakesailError) else status_code, **kwargs)

    def _forbid_storing(self) -> None:
        self.set_header("Cache-Control", "no-store")


class UnknownPathHandler(BoundedHandler):
    """Whatever else is asked below the API's root."""

    verbs = ()

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if not self._finished and self.request.method != "OPTIONS":
            raise NotFound("The API has no such path.", reason="path_not_found")


class HealthHandler(BoundedHandler):
    """Whether the server answers; opens nothing and starts nothing."""

    def needs_login(self) -> bool:
        return False

    @allow_unauthenticated
    def get(self) -> None:
        self.on_body_read()
        self._forbid_storing()
        self.finish(b'{"status":"ok"}')


def http_status(error: LakesailError) -> int:
    """The status of the nearest class in the table."""
    return next((HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS), 500)


def _bearer_of_ours(authorization: list[str]) -> str | None:
    """A kernel's token or a service account's key; what an identity provider takes travels in the same header."""
    scheme, _, token = (authorization[0] if len(authorization) == 1 else "").partition(" ")
    ours = token.startswith(SERVICE_ACCOUNT_KEY_PREFIX) or _says_kernel(token)
    return token if scheme.lower() == "bearer" and ours else None


def _says_kernel(token: str) -> bool:
    """Whether it is a JWT that says it is a kernel's; whether that is true is for its check to find out."""
    if token.count(".") != 2:
        return False
    from ..tokens import KERNEL_TYPE  # brings cryptography, which a server without JWTs does not need

    header = token.partition(".")[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        return False
    return isinstance(decoded, dict) and decoded.get("typ") == KERNEL_TYPE


def _as_lakesail_error(status: int, error: BaseException | None, nobody: bool) -> LakesailError:
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


def _problem(error: LakesailError, status: int, path: str, request_id: str) -> models.Problem:
    return models.Problem(
        title=responses.get(status, "Error"),
        status=status,
        code=error.code,
        detail=error.message,
        message=error.message,
        reason=error.reason,
        instance=path,
        request_id=request_id,
        errors=tuple(models.ProblemField(pointer=field.pointer, message=field.message) for field in error.errors),
        retry_after_seconds=error.retry_after_seconds,
    )
