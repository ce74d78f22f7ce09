"""Where the workloads API is: its path on a server, the environment variables that name it, and what is loopback."""

from __future__ import annotations

import ipaddress

API_PATH = "lakesail/api/v1"
"""The API's root, below the base URL of a Jupyter server."""
URL_VARIABLE = "LAKESAIL_API_URL"
TOKEN_VARIABLE = "LAKESAIL_API_TOKEN"
TOKEN_FILE_VARIABLE = "LAKESAIL_API_TOKEN_FILE"
CA_FILE_VARIABLE = "LAKESAIL_API_CA_FILE"
"""Names the PEM file of the certificate of a server on this machine, whatever host name stands in it."""
SOCKET_SUFFIX = "+unix"
"""Ends the scheme of a URL whose host is the percent-encoded path of a UNIX socket: ``http+unix://%2Frun%2Fj.sock/``."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
