"""Where the workloads API is, and the token to speak to it: what the environment or the caller says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ..api_location import CA_FILE_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, is_loopback
from ..errors import FailedPrecondition, InvalidArgument, Unauthenticated


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
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def pinned_certificate_file(self) -> Path | None:
        """The certificate file, where it counts."""
        return self.certificate_file if self.on_this_machine and urlsplit(self.url).scheme == "https" else None


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
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        usable = usable and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidArgument(
            "The control plane's URL must be http(s)://HOST[:PORT]/PATH, without a user or password in it; "
            f"check {URL_VARIABLE}."
        )
    return url.rstrip("/")
