"""Whether a marimo server answers, and asks for its token."""

from __future__ import annotations

import http.client
import socket
import sys

_PROBE_SECONDS = 1.0
_REFUSALS = frozenset({302, 303, 307, 401, 403})
"""A page sends who has no token to a login."""


class Unguarded(Exception):
    """marimo serves whoever asks."""


def hold_free_port() -> socket.socket:
    """A free port of loopback. On Linux nobody else is given it while the socket is open, and marimo can listen on it:
    the socket is bound, and does not listen."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def may_stay_bound() -> bool:
    """Whether this system lets another socket listen on a port that one is bound to."""
    return sys.platform == "linux"


def serves(port: int, base_url: str) -> bool:
    """Whether marimo answers there by now.

    :raises Unguarded: when it does, and does not ask for its token.
    """
    if _status_of(port, f"{base_url}/health") != 200:
        return False
    status = _status_of(port, f"{base_url}/")
    if status == 200:
        raise Unguarded("marimo does not ask for its token")
    return status in _REFUSALS


def _status_of(port: int, path: str) -> int | None:
    """``None``: no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
