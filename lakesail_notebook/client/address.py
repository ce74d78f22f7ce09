"""Where the workloads API is, and the token to speak to it: what the environment or the caller says."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from ..api_location import (
    CA_FILE_VARIABLE,
    SOCKET_SUFFIX,
    TOKEN_FILE_VARIABLE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    is_loopback,
)
from ..errors import FailedPrecondition, InvalidArgument, Unauthenticated

_SCHEMES = frozenset({"http", "https"})
_SOCKET_SCHEMES = frozenset(scheme + SOCKET_SUFFIX for scheme in _SCHEMES)


class Credentials(Protocol):
    """Where the API token comes from. A ``repr`` never shows it."""

    def token(self) -> str:
        """:raises Unauthenticated: when there is none."""
        ...


class FixedToken:
    """A token that was handed in."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that holds the token; read afresh each time, since it may be written again."""

    path: Path

    def token(self) -> str:
        try:
            token = self.path.read_text().strip()
        except OSError as error:
            message = f"The API token in {self.path} cannot be read ({error.strerror}); restart the kernel."
            raise Unauthenticated(message) from error
        if not token:
            raise Unauthenticated(f"{self.path} holds no API token; restart the kernel.")
        return token


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where the API is, and as whom to speak to it."""

    url: str
    """The API's root, without a slash at its end."""
    credentials: Credentials
    certificate_file: Path | None = None
    """Of the only certificate to trust there, without a look at its host name; counts on this machine alone."""

    @property
    def on_this_machine(self) -> bool:
        return self.socket_path is not None or _is_of_this_machine(urlsplit(self.url).hostname or "")

    @property
    def pinned_certificate_file(self) -> Path | None:
        """The certificate file, where it counts."""
        return self.certificate_file if self.on_this_machine and self.http_url.startswith("https:") else None

    @property
    def socket_path(self) -> str | None:
        """Of the UNIX socket that the API is served on, if it is."""
        parts = urlsplit(self.url)
        return unquote(parts.netloc) if parts.scheme.endswith(SOCKET_SUFFIX) else None

    @property
    def http_url(self) -> str:
        """What requests name. Behind a UNIX socket that is a loopback address, which Jupyter Server always accepts."""
        parts = urlsplit(self.url)
        if self.socket_path is None:
            return self.url
        return f"{parts.scheme.removesuffix(SOCKET_SUFFIX)}://127.0.0.1{parts.path}"


def find_api(environment: Mapping[str, str]) -> ApiAddress:
    """The API that ``LAKESAIL_API_URL`` names.

    ``LAKESAIL_API_TOKEN`` goes before ``LAKESAIL_API_TOKEN_FILE``: it is what a user sets, the file is what a kernel is
    started with, and its token must not reach a control plane that the user chose.

    :raises FailedPrecondition: when no API is named, or no token for it; the message says what to do.
    """
    url = environment.get(URL_VARIABLE)
    if not url:
        raise FailedPrecondition(
            f"No LakeSail control plane is known here: {URL_VARIABLE} is not set. In Jupyter, install "
            "lakesail-notebook in the server's environment, then restart the server and this kernel; "
            f"elsewhere, set {URL_VARIABLE} and {TOKEN_VARIABLE}.",
            reason="no_control_plane",
        )
    certificate = environment.get(CA_FILE_VARIABLE)
    certificate_file = Path(certificate) if certificate else None
    if token := environment.get(TOKEN_VARIABLE):
        return ApiAddress(checked_url(url), FixedToken(token), certificate_file)
    if path := environment.get(TOKEN_FILE_VARIABLE):
        return ApiAddress(checked_url(url), TokenFile(Path(path)), certificate_file)
    raise FailedPrecondition(
        f"{URL_VARIABLE} is set, but neither {TOKEN_VARIABLE} nor {TOKEN_FILE_VARIABLE}; set one of them.",
        reason="no_api_token",
    )


def checked_url(url: str) -> str:
    """:raises InvalidArgument: when ``url`` is no HTTP address, or holds a user or a password."""
    try:
        parts = urlsplit(url)
        if parts.scheme in _SOCKET_SCHEMES:
            usable = unquote(parts.netloc).startswith("/")
        else:
            usable = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidArgument(
            "The control plane's URL must be http(s)://HOST[:PORT]/PATH, without a user or password in it, or "
            f"http+unix://SOCKET/PATH with the socket's path percent-encoded; check {URL_VARIABLE}."
        )
    return url.rstrip("/")


def _is_of_this_machine(host: str) -> bool:
    """Whether a host is loopback, or the address of one of this machine's network interfaces."""
    if is_loopback(host):
        return True
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as bound:
            bound.bind((host, 0))  # the system lets nobody bind another machine's address
    except (OSError, ValueError):
        return False
    return True
