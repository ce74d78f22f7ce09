"""The API's URL as a process of this machine reaches it, for each address that Jupyter Server can listen on."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from jupyter_server.utils import url_path_join

from ..api_location import API_PATH, SOCKET_SUFFIX

_LOOPBACK_OF_WILDCARD = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Jupyter serves the two families apart: who listens on ``::`` does not listen on 127.0.0.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where and how a Jupyter server listens, as its configuration says."""

    ip: str
    """An address, a host name, or empty: every address."""
    port: int
    socket_path: str
    """Of a UNIX socket; empty: it listens on ``ip`` and ``port``."""
    tls: bool
    base_url: str


def api_url(server: Listening) -> str:
    """The API's root. It names an address, never a host name: Jupyter Server refuses host names that it was not told.

    A UNIX socket stands percent-encoded where a host stands, as in Jupyter's own ``http+unix`` URLs.
    """
    scheme = "https" if server.tls else "http"
    if server.socket_path:
        place = f"{scheme}{SOCKET_SUFFIX}://{quote(os.path.abspath(server.socket_path), safe='')}"
    else:
        host = reachable_host(server.ip, _addresses_of(server.ip))
        place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"
    return str(url_path_join(place, server.base_url, API_PATH))


def reachable_host(ip: str, addresses: Sequence[str]) -> str:
    """The address to dial for a server that was told to listen on ``ip``.

    :param addresses: what the system resolves a host name to, or an empty ``ip``: the server listens on all of them.
    """
    if _is_address(ip):
        return _LOOPBACK_OF_WILDCARD.get(ip, ip)
    dialled = [_LOOPBACK_OF_WILDCARD.get(address, address) for address in addresses]
    in_ipv4 = [address for address in dialled if ":" not in address]
    return next(iter(in_ipv4 or dialled), ip)


@functools.cache
def _addresses_of(ip: str) -> tuple[str, ...]:
    """As tornado resolves them when it binds; none, when the name is not known any more."""
    try:
        found = socket.getaddrinfo(ip or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return ()
    return tuple(str(address[0]) for *_, address in found)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
