"""The workloads API over HTTP: one method an operation, its errors as exceptions of ours."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from .answers import Answer, decode_answer
from .api_address import URL_VARIABLE, ApiAddress, Credentials, FixedToken, checked_url, find_api
from .errors import (
    FAMILIES,
    DeadlineExceeded,
    FailedPrecondition,
    FieldError,
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
from .models import Me, Session, SessionCreate, SessionPage, SessionToken, TokenCreate, WorkloadConfig, encode

ERROR_OF_STATUS: Mapping[int, type[LakesailError]] = {
    400: InvalidArgument,
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: FailedPrecondition,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    429: ResourceExhausted,
    500: Internal,
    502: Unavailable,
    503: Unavailable,
    504: DeadlineExceeded,
}
"""What an answer means that carries no code of ours."""

_TIMEOUTS = httpx.Timeout(30.0, connect=5.0)
_PAUSES_SECONDS = (0.1, 0.5)
"""Between the tries."""
_UNREACHABLE = "unreachable"
_TIMED_OUT = "timed_out"


class Client:
    """The operations of one control plane, as one caller. Threads may share it.

    Every method raises a :class:`LakesailError`: what the control plane said, or :class:`Unavailable` when it does not
    answer. Reads and closes are tried three times; what may create something is sent again only if it never left.

    :param url: the API's root; without it, what the environment says (:func:`find_api`).
    :param token: the API token that belongs to ``url``.
    :raises FailedPrecondition: when no control plane is known.
    :raises InvalidArgument: when ``url`` is no HTTP address, or comes without its token.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        given = None if token is None else FixedToken(token)
        del token  # a traceback may show this frame's names
        address = _address(url, given)
        self.url = address.url
        self._http = httpx.Client(
            auth=_Bearer(address.credentials),
            timeout=_TIMEOUTS,
            follow_redirects=False,
            trust_env=not address.on_this_machine,  # a proxy cannot reach this machine's loopback
        )

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def me(self) -> Me:
        """Who this client is to the control plane, and in which kernel and notebook."""
        return _read(self._ask("GET", "/me"), Me)

    def create_session(self, wanted: SessionCreate) -> Session:
        return _read(self._ask("POST", "/workloads/sessions", body=encode(wanted)), Session)

    def session(self, session_id: str) -> Session:
        """:raises NotFound: when there is none, or none that this caller may see."""
        return _read(self._ask("GET", _session_path(session_id)), Session)

    def session_pages(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[SessionPage]:
        """Pages of the sessions that the caller may see, newest first, to the last one."""
        asked = {"teamId": team_id, "endpoint_type": endpoint_type, "status": status}
        query = {name: value for name, value in asked.items() if value is not None}
        while True:
            page = _read(self._ask("GET", "/workloads/sessions", query=query), SessionPage)
            yield page
            if page.marker is None:
                return
            query["marker"] = page.marker

    def sessions(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[Session]:
        """The sessions that the caller may see, newest first; fetched page by page as they are taken."""
        for page in self.session_pages(team_id=team_id, endpoint_type=endpoint_type, status=status):
            included = {session.id: session for session in page.included.sessions}
            yield from (included[item.id] for item in page.items if item.id in included)

    def close_session(self, session_id: str) -> None:
        """Close a session, now; closing a closed one changes nothing."""
        self._ask("DELETE", _session_path(session_id))

    def issue_token(self, session_id: str, duration_seconds: int | None = None) -> SessionToken:
        """A token for the session's endpoint, valid for ``duration_seconds`` or the server's default."""
        wanted = TokenCreate(duration_seconds=duration_seconds)
        return _read(self._ask("POST", f"{_session_path(session_id)}/token", body=encode(wanted)), SessionToken)

    def compute_config(self, config_id: str) -> WorkloadConfig:
        """A compute config, by id or name."""
        return _read(self._ask("GET", f"/workloads/compute-configs/{quote(config_id, safe='')}"), WorkloadConfig)

    def _ask(
        self, verb: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> httpx.Response:
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        request = self._http.build_request(verb, self.url + path, params=query, content=body, headers=headers)
        for pause in _PAUSES_SECONDS:
            try:
                return self._send(request)
            except Unavailable as error:
                if not _may_repeat(verb, error.reason):
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))
        return self._send(request)

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise _no_answer(self.url, error) from error
        if not response.is_success:
            raise error_of(response.status_code, response.headers, response.content, self.url)
        return response


class _Bearer(httpx.Auth):
    """The API token, asked for at each request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._credentials.token()}"
        yield request


def error_of(status: int, headers: Mapping[str, str], body: bytes, url: str) -> LakesailError:
    """An answer that is no success, as an exception: its code first, its HTTP status second.

    Reads our problem documents, others' ``message``, ``detail`` or ``error.message``, and bodies that are no JSON.
    """
    if 300 <= status < 400:
        return FailedPrecondition(f"{url} answered with a redirect, which is not followed; check {URL_VARIABLE}.")
    said = _said(body)
    reason = said.get("reason")
    return _error_class(said.get("code"), status)(
        _message(said) or f"The control plane at {url} answered HTTP {status} without a reason; see its log.",
        reason=reason if isinstance(reason, str) else None,
        errors=_field_errors(said.get("errors")),
        retry_after_seconds=_retry_after(said, headers),
    )


def _address(url: str | None, given: FixedToken | None) -> ApiAddress:
    if url is not None and given is None:
        raise InvalidArgument("Client(url) needs token= too: a token of the environment belongs to its own URL.")
    if url is not None and given is not None:
        return ApiAddress(checked_url(url), given)
    found = find_api(os.environ)
    return found if given is None else ApiAddress(found.url, given)


def _session_path(session_id: str) -> str:
    return f"/workloads/sessions/{quote(session_id, safe='')}"


def _may_repeat(verb: str, reason: str | None) -> bool:
    return reason == _UNREACHABLE or (verb in {"GET", "DELETE"} and reason != _TIMED_OUT)


def _read(response: httpx.Response, kind: type[Answer]) -> Answer:
    try:
        return decode_answer(response.content, kind)
    except msgspec.MsgspecError as error:
        raise FailedPrecondition(
            f"The answer at {response.url.copy_with(query=None)} is not the workloads API's ({error}); "
            f"check {URL_VARIABLE}.",
            reason="not_the_api",
        ) from error


def _no_answer(url: str, error: httpx.TransportError) -> LakesailError:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError):
        return FailedPrecondition(f"The control plane at {url} cannot be asked: {error}.")
    if isinstance(error, httpx.TimeoutException):
        what, reason = "did not answer in time", _TIMED_OUT
    elif isinstance(error, httpx.ConnectError):
        what, reason = f"cannot be reached ({error})", _UNREACHABLE
    else:
        what, reason = f"broke the connection off ({error})", "broken"
    return Unavailable(f"The control plane at {url} {what}. Check that it runs, then try again.", reason=reason)


def _error_class(code: Any, status: int) -> type[LakesailError]:
    by_status = ERROR_OF_STATUS.get(status) or (InvalidArgument if status < 500 else Internal)
    by_code = FAMILIES.get(code) if isinstance(code, str) else None
    return by_status if by_code is None or issubclass(by_status, by_code) else by_code


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _message(said: Mapping[str, Any]) -> str | None:
    error = said.get("error")
    nested = error.get("message") if isinstance(error, dict) else error
    texts = (said.get("message"), said.get("detail"), nested)
    return next((text for text in texts if isinstance(text, str) and text), None)


def _field_errors(errors: Any) -> tuple[FieldError, ...]:
    if not isinstance(errors, list):
        return ()
    pairs = ((row.get("pointer"), row.get("message")) for row in errors if isinstance(row, dict))
    return tuple(FieldError(where, what) for where, what in pairs if isinstance(where, str) and isinstance(what, str))


def _retry_after(said: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    seconds = said.get("retryAfterSeconds")
    if isinstance(seconds, int | float):
        return float(seconds)
    header = headers.get("Retry-After", "")
    return float(header) if header.isdecimal() else None
