"""Which control plane a command is for: the one that the environment or ``--url`` names, or this user's running one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from ..api_location import API_PATH, TOKEN_VARIABLE, URL_VARIABLE, is_loopback
from ..client.address import checked_url
from ..client.client import Client
from ..errors import FailedPrecondition, InvalidArgument, LakesailError

TERMINAL_VARIABLE = "JUPYTER_SERVER_URL"
"""Set in the terminals of a Jupyter server: its own URL."""
_INFO_FILES = "jpserver-*.json"
_API_ROOT = re.compile(rf"/{API_PATH}$")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A Jupyter server of this user, as it says of itself."""

    url: str
    """Its base URL, without a slash at its end."""
    token: str = field(repr=False)
    """Empty when it has a password instead, or no login."""

    @property
    def api_url(self) -> str:
        return f"{self.url}/{API_PATH}"


def find_client(url: str | None, environment: Mapping[str, str]) -> Client:
    """The client of the control plane that is meant.

    :param url: what ``--url`` says: a control plane's API root, or the base URL of its server.
    :raises FailedPrecondition: when there is none, or more than one; the message says what to do.
    """
    if url is not None:
        return _client_at(_base(checked_url(url)), environment)
    if environment.get(URL_VARIABLE):
        return Client()
    servers = [server for server in running_servers(runtime_directory()) if has_control_plane(server)]
    return _client_of(choose(servers, environment))


def running_servers(directory: Path) -> Iterator[RunningServer]:
    """The Jupyter servers that left word in this runtime directory, and live."""
    for path in sorted(directory.glob(_INFO_FILES)):
        try:
            said = json.loads(path.read_bytes())
        except (OSError, ValueError):  # gone again, or half written
            continue
        server = _server_of(said)
        if server is not None:
            yield server


def has_control_plane(server: RunningServer) -> bool:
    """Whether our extension answers there, also that its settings are wrong; it is not told the token."""
    try:
        with Client(server.api_url, "") as client:
            client.check_health()
    except LakesailError as error:
        return error.reason == "settings_wrong"
    return True


def choose(servers: list[RunningServer], environment: Mapping[str, str]) -> RunningServer:
    """The only one, or the one in whose terminal this is.

    :raises FailedPrecondition: when none or several are left; the message says what to do.
    """
    here = [server for server in servers if _same(environment.get(TERMINAL_VARIABLE, ""), server.url)]
    if len(here or servers) == 1:
        return (here or servers)[0]
    if servers:
        raise FailedPrecondition(
            f"{len(servers)} control planes are running: {', '.join(server.url for server in servers)}. "
            "Say which with --url.",
            reason="several_control_planes",
        )
    raise FailedPrecondition(
        "No control plane is running for you on this machine. Start Jupyter with lakesail-notebook in its environment, "
        f"or run: jupyter lakesail. For one elsewhere, set {URL_VARIABLE} and {TOKEN_VARIABLE}.",
        reason="no_control_plane",
    )


def runtime_directory() -> Path:
    """Where Jupyter servers leave word of themselves."""
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())


def _client_at(base: str, environment: Mapping[str, str]) -> Client:
    named = environment.get(URL_VARIABLE)
    if named and _same(named, base):
        return Client()
    server = next((server for server in running_servers(runtime_directory()) if _same(server.url, base)), None)
    if server is not None:
        return _client_of(server)
    if not named and (token := environment.get(TOKEN_VARIABLE)):
        return Client(f"{base}/{API_PATH}", token)
    raise FailedPrecondition(
        f"No Jupyter server of yours runs at {base}, and no token for it is known. "
        f"Set {TOKEN_VARIABLE}, and {URL_VARIABLE} to {base}/{API_PATH}.",
        reason="no_api_token",
    )


def _client_of(server: RunningServer) -> Client:
    if not server.token:
        raise FailedPrecondition(
            f"The Jupyter server at {server.url} has no token of its own. Start it with one (JUPYTER_TOKEN), or set "
            f"{URL_VARIABLE} to {server.api_url} and {TOKEN_VARIABLE} to a token that it takes.",
            reason="no_api_token",
        )
    return Client(server.api_url, server.token)


def _server_of(said: Any) -> RunningServer | None:
    if not isinstance(said, dict):
        return None
    url, token, pid = said.get("url"), said.get("token"), said.get("pid")
    if not (isinstance(url, str) and isinstance(token, str) and isinstance(pid, int) and psutil.pid_exists(pid)):
        return None
    try:
        return RunningServer(_base(checked_url(url)), token)
    except InvalidArgument:  # nothing that can be dialled
        return None


def _base(url: str) -> str:
    return _API_ROOT.sub("", url.rstrip("/"))


def _same(url: str, other: str) -> bool:
    """Whether both mean one server, by whatever name of this machine."""
    return _place(url) == _place(other)


def _place(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(_base(url))
    host = parts.hostname or ""
    return parts.scheme, "localhost" if is_loopback(host) else host, parts.port, parts.path
