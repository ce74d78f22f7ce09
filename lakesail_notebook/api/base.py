"""The handler under every path of the API: who asks, bounded bodies, errors as problem documents, and refusals on
record."""

from __future__ import annotations

import base64
import functools
import json
import logging
import secrets
from http.client import responses
from typing import Any, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from msgspec import Struct
from tornado import web

from .. import models
from ..errors import Internal, LakesailError, NotFound, PayloadTooLarge, PermissionDenied, UnsupportedMediaType
from ..workloads.rules.access import Principal
from ..workloads.rules.service_account_keys import KEY_PREFIX as SERVICE_ACCOUNT_KEY_PREFIX
from ..workloads.rules.service_account_keys import account_of
from .context import NOBODY, ApiContext, Credential, Refusal
from .decode import MAX_BODY_BYTES, decode_body
from .problems import as_lakesail_error, http_status, problem_of

_BODY_SECONDS = 30
_RESOURCE = "lakesail"
_LONGEST_LOG_LINE = 2048
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_ALLOWED = frozenset({401, 403})
_NOT_CHANGED = frozenset({404, 409, 429})
"""Refusals of what would have changed something, beside those of who asked."""

log = logging.getLogger(__name__)


@web.stream_request_body
class BoundedHandler(APIHandler):
    """Authenticates before the body is read, bounds it while it streams in, and answers errors as problem documents."""

    verbs: tuple[str, ...] = ("GET",)
    """What the path answers to."""

    def initialize(self, context: ApiContext) -> None:
        self.context = context
        self._received = bytearray()
        self._whole = False
        """Whether the body was read to its end."""
        self._credential: str | None = None
        """A bearer token or key that we made ourselves, and must check."""
        self._principal: Principal | None = None
        self._refused_with: LakesailError | None = None

    @functools.cached_property
    def request_id(self) -> str:
        """Stands in the answer, and in the log when the answer is a refusal."""
        return secrets.token_hex(8)

    def set_default_headers(self) -> None:
        """Beside Jupyter's own, its Content-Security-Policy among them. Nothing of this API is for a cache."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:  # type: ignore[override]
        await self.context.ready()
        self._credential = _bearer_of_ours(self.request.headers.get_list("Authorization"))
        if self._credential is not None:
            del self.request.headers["Authorization"]  # not for identity providers: a Hub's would be asked about it
        await super().prepare()
        if self._finished or self.request.method == "OPTIONS":
            return
        if self.needs_login():
            self._principal = await self._authenticate()
            self.context.audit.seen(self._principal)
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
        if _kind_of(self._credential) == "app_token":
            return self.context.by_app_token(self._credential)
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
        error = as_lakesail_error(status_code, (kwargs.get("exc_info") or (None, None))[1], nobody)
        status = status_code if not isinstance(error, Internal) and status_code < 500 else http_status(error)
        self._refused_with = error
        if not self._whole:
            # tornado closes a connection with an unread body, but does not say so: the next request would be lost.
            self.set_header("Connection", "close")
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(max(1, round(error.retry_after_seconds))))
        if status == 405:
            self.set_header("Allow", ", ".join(self.verbs))
        self.set_status(status)
        problem = problem_of(error, status, self.request.path, self.request_id, with_paths=self.tells_paths())
        self.finish(models.encode(problem), set_content_type="application/problem+json")

    def tells_paths(self) -> bool:
        """Whether the caller administers this server, and so may know its paths."""
        known = self._principal
        return known is not None and (self.context.single_user or known.organization_admin)

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Of a fault, its trace; that it was refused stands in the log with every refusal."""
        if not isinstance(error, LakesailError | web.HTTPError) or isinstance(error, Internal):
            log.error("%s [%s]", self.request.path, self.request_id, exc_info=(kind, error, trace))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        super().send_error(http_status(error) if isinstance(error, LakesailError) else status_code, **kwargs)

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """What is refused stands on record before anybody reads that it is."""
        if self.get_status() >= 400:
            self.record_refusal(self.get_status(), self._refused_with)
        return super().finish(*args, **kwargs)

    def record_refusal(self, status: int, error: LakesailError | None) -> None:
        """One line in the log under the request's id; and in the audit, where it is for that."""
        method, path = str(self.request.method), self.request.path
        who = self._principal
        by = "nobody known" if who is None or not who.id else f"{who.login} ({who.id})"
        said = f"{error.code} {error.message}" if error is not None else responses.get(status, "")
        line = f"{method} {path}: {status} {said} [{self.request_id}] asked by {by}"
        log.warning("%s", _one_line(line)[:_LONGEST_LOG_LINE])
        if status in _NOT_ALLOWED or (status in _NOT_CHANGED and method not in _READING):
            self.context.audit.refused(
                Refusal(
                    request_id=self.request_id,
                    method=method,
                    path=path,
                    status=status,
                    code="" if error is None else error.code,
                    reason=None if error is None else error.reason,
                    by=who,
                    credential=self._kind_of_credential(),
                    address=str(self.request.remote_ip),
                    session_id=self.path_kwargs.get("session"),
                    owner=None if error is None else error.whose,
                )
            )

    def _kind_of_credential(self) -> Credential:
        if self._credential is not None:
            return _kind_of(self._credential) or "none"
        return "none" if getattr(self, "_jupyter_current_user", None) is None else "login"


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
        self.finish(b'{"status":"ok"}')


def _bearer_of_ours(authorization: list[str]) -> str | None:
    """A token of a kernel or of an app, or a service account's key; what an identity provider takes travels in the
    same header."""
    scheme, _, token = (authorization[0] if len(authorization) == 1 else "").partition(" ")
    return token if scheme.lower() == "bearer" and _kind_of(token) is not None else None


def _kind_of(token: str) -> Credential | None:
    """What a credential of ours says that it is; whether that is true is for its check to find out."""
    if token.startswith(SERVICE_ACCOUNT_KEY_PREFIX):
        return "service_account_key"
    if token.count(".") != 2:
        return None
    from ..tokens import APP_TYPE, KERNEL_TYPE  # brings cryptography, which a server without JWTs does not need

    header = token.partition(".")[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, RecursionError):
        return None
    kinds: dict[str, Credential] = {KERNEL_TYPE: "kernel_token", APP_TYPE: "app_token"}
    said = decoded.get("typ") if isinstance(decoded, dict) else None
    return kinds.get(said) if isinstance(said, str) else None


def _one_line(text: str) -> str:
    """No caller writes a line of its own into the log."""
    return "".join(character if character.isprintable() else "?" for character in text)
