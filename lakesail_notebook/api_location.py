"""Where the workloads API and the pages of marimo sessions are, the environment variables that say so, and what is
loopback."""

from __future__ import annotations

import ipaddress

API_PATH = "lakesail/api/v1"
"""The API's root, below the base URL of a Jupyter server."""
URL_VARIABLE = "LAKESAIL_API_URL"
TOKEN_VARIABLE = "LAKESAIL_API_TOKEN"
TOKEN_FILE_VARIABLE = "LAKESAIL_API_TOKEN_FILE"
SESSION_ID_VARIABLE = "LAKESAIL_SESSION_ID"
"""Names the session that a process was launched on, and uses alone: that of a marimo notebook."""
CA_FILE_VARIABLE = "LAKESAIL_API_CA_FILE"
"""Names the PEM file of the certificate of a server on this machine, whatever host name stands in it."""
APPS_PATH = "lakesail/marimo"
"""The root of the pages of marimo sessions, below the base URL of a Jupyter server."""
SOCKET_SUFFIX = "+unix"
"""Ends the scheme of a URL whose host is the percent-encoded path of a UNIX socket: ``http+unix://%2Frun%2Fj.sock/``."""


def app_base_path(base_url: str, session_id: str) -> str:
    """The path of a session's page, without a slash at its end: marimo's base URL, and the root of what is proxied.

    :param base_url: the Jupyter server's; it begins and ends with a slash.
    """
    return f"{base_url.rstrip('/')}/{APPS_PATH}/{session_id}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
