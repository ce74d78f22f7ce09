"""One request to the workloads API, at most three tries of it, and what went wrong as an exception of ours."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import ssl
import time
import weakref
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ..api_location import CA_FILE_VARIABLE, URL_VARIABLE
from ..errors import (
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
from ..models import Feature
from .address import ApiAddress, Credentials

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

ANSWER_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_PAUSES_SECONDS = (0.1, 0.5)
"""Between the tries."""
_CONNECTED = frozenset(
    {"connection.connect_tcp.complete", "connection.connect_unix_socket.complete", "connection.start_tls.complete"}
)
_UNREACHABLE = "unreachable"
_TIMED_OUT = "timed_out"
_CERTIFICATE_REQUIRED = "CERTIFICATE_REQUIRED"
"""In the words of OpenSSL, of a server that a client has not shown a certificate of its own."""
_END_OF_CERTIFICATE = "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request. What takes effect once may be sent again: a read, a delete, a create under an idempotency key."""

    verb: str
    path: str
    """Below the API's root."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    idempotency_key: str | None = None
    answer_seconds: float = ANSWER_SECONDS
    """How long an answer may take."""
    feature: Feature | None = None
    """The feature of the server that this needs, beyond the LakeSail API."""
    takes_effect_once: bool = False
    """Of other requests: whether the control plane does the same for one as for several."""
    gone_after_first: bool = False
    """The second of two deletes finds nothing: then an earlier try, whose answer was lost, has done it."""

    @property
    def repeatable(self) -> bool:
        return self.verb in {"GET", "DELETE"} or self.idempotency_key is not None or self.takes_effect_once

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        return headers


_of_parents: list[httpx.Client] = []
"""What a forked child has from its parent, kept: closing it would take locks that other threads of the parent held."""


class Transport:
    """The connections to one control plane, as one caller. Threads may share it, and so may forked children.

    :raises FailedPrecondition: when the certificate to trust cannot be read.
    """

    def __init__(self, address: ApiAddress) -> None:
        self.url = address.url
        self._http_url = address.http_url
        self._address = address
        self._opened = (os.getpid(), _open_client(address))
        self._sockets: weakref.WeakKeyDictionary[socket.socket, None] = weakref.WeakKeyDictionary()
        self._is_cut_off = False

    @property
    def _http(self) -> httpx.Client:
        """Of this process: a child that wrote on its parent's connections would read the parent's answers."""
        process_id, http = self._opened
        if process_id != os.getpid():
            _of_parents.append(http)
            http = _open_client(self._address)
            self._opened = (os.getpid(), http)
        return http

    def close(self) -> None:
        self._http.close()

    def cut_off(self) -> None:
        """End what other threads ask now, and ask nothing more: they are told that nobody answers."""
        self._is_cut_off = True
        for reference in self._sockets.keyrefs():  # at once, whatever other threads open meanwhile
            opened = reference()
            if opened is not None:
                _shut_down(opened)

    def ask(self, asked: Asked) -> bytes:
        """The body of the answer.

        :raises LakesailError: what the control plane said, or :class:`Unavailable` when it does not answer.
        """
        http = self._http
        request = http.build_request(
            asked.verb,
            self._http_url + asked.path,
            params=asked.query or None,
            content=asked.body,
            headers=asked.headers,
            timeout=httpx.Timeout(asked.answer_seconds, connect=_CONNECT_SECONDS),
            extensions={"trace": self._note_socket},
        )
        pauses = iter(_PAUSES_SECONDS)
        may_be_done = False
        while True:
            try:
                return self._send(http, request)
            except NotFound:
                if may_be_done and asked.gone_after_first:
                    return b""
                raise
            except Unavailable as error:
                pause = next(pauses, None)
                if self._is_cut_off or pause is None or not _may_repeat(asked, error.reason):
                    raise
                may_be_done = may_be_done or error.reason != _UNREACHABLE
            time.sleep(pause * random.uniform(0.5, 1.5))

    def _note_socket(self, event: str, told: Mapping[str, Any]) -> None:
        """What httpx tells of each step of a request: here, of the connections that it opens."""
        if event in _CONNECTED:
            opened = told["return_value"].get_extra_info("socket")
            if opened is not None:
                self._sockets[opened] = None
                if self._is_cut_off:
                    _shut_down(opened)

    def _send(self, http: httpx.Client, request: httpx.Request) -> bytes:
        if self._is_cut_off:
            raise Unavailable(f"The connection to {self.url} was ended here.", reason="cut_off")
        try:
            response = http.send(request)
        except httpx.TransportError as error:
            raise _no_answer(self.url, error) from error
        if not response.is_success:
            raise error_of(response.status_code, response.headers, response.content, self.url)
        return response.content


def _shut_down(opened: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        opened.shutdown(socket.SHUT_RDWR)  # closing it would not wake who reads from it


def _open_client(address: ApiAddress) -> httpx.Client:
    pinned = address.pinned_certificate_file
    verify: ssl.SSLContext | bool = True if pinned is None else _trust_in(pinned)
    socket_path = address.socket_path
    return httpx.Client(
        verify=verify,
        transport=None if socket_path is None else httpx.HTTPTransport(verify=verify, uds=socket_path),
        auth=_Bearer(address.credentials),
        follow_redirects=False,
        trust_env=not address.on_this_machine,  # a proxy cannot reach this machine's loopback
    )


class _Bearer(httpx.Auth):
    """The API token, asked for at each request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if token := self._credentials.token():  # empty: nobody asks, which is enough for what needs no login
            request.headers["Authorization"] = f"Bearer {token}"
        yield request


def _trust_in(certificate_file: Path) -> ssl.SSLContext:
    """Trust in the first certificate of a PEM file, the server's own, and in no other.

    Those that may follow it are authorities, which have signed other servers' certificates, too.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is made out to the name that browsers use
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # its authority need not be known
    try:
        own, end, _ = certificate_file.read_text().partition(_END_OF_CERTIFICATE)
        context.load_verify_locations(cadata=own + end)
    except (OSError, ValueError) as error:
        raise FailedPrecondition(
            f"The control plane's certificate in {certificate_file} cannot be read ({error}); check {CA_FILE_VARIABLE}."
        ) from error
    return context


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


def _may_repeat(asked: Asked, reason: str | None) -> bool:
    return reason == _UNREACHABLE or (asked.repeatable and reason != _TIMED_OUT)


def _no_answer(url: str, error: httpx.TransportError) -> LakesailError:
    if _CERTIFICATE_REQUIRED in str(error).upper():
        return FailedPrecondition(
            f"The server at {url} asks its clients for a certificate, which is not supported: kernels have none. Start "
            "it without client_ca (in JupyterHub, without internal_ssl), and restart this kernel.",
            reason="client_certificate",
        )
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
