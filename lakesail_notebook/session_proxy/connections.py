"""Closes a client's connection from below gRPC, which has no way to do it itself."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from urllib.parse import unquote

_OPEN_FILES = "/dev/fd"


def close_connection(peer: str) -> None:
    """Shut this process's connection to a peer down, as if the peer had; without effect when there is none.

    :param peer: as gRPC names it: ``ipv4:127.0.0.1:1234``, ``ipv6:%5B::1%5D:1234``.
    """
    wanted = _address_of(peer)
    if wanted is None:
        return
    for name in os.listdir(_OPEN_FILES):
        with contextlib.suppress(OSError, ValueError), _connection(int(name)) as connection:
            if _same(connection.getpeername(), wanted):
                connection.shutdown(socket.SHUT_RDWR)


def _connection(descriptor: int) -> socket.socket:
    """A copy, so that what is looked at stays what it is: gRPC's threads may close the original any time.

    :raises OSError: when it is no socket, or not there any more.
    """
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise


_Address = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


def _address_of(peer: str) -> _Address | None:
    kind, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in {"ipv4", "ipv6"} or not port.isdecimal():
        return None
    try:
        return _plain(host.strip("[]")), int(port)
    except ValueError:
        return None


def _same(name: object, wanted: _Address) -> bool:
    return isinstance(name, tuple) and len(name) >= 2 and (_plain(name[0]), name[1]) == wanted


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without a zone; an IPv4 address that came by an IPv6 socket is one of IPv4."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
