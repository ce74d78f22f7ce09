"""Which process listens on a port of this machine."""

from __future__ import annotations

import sys

import psutil


def listens(pid: int, address: str) -> bool:
    """Whether that very process holds the port, so that nobody else is sent what is meant for it."""
    host, _, port = address.rpartition(":")
    if sys.platform != "linux":
        return True  # looking into processes needs rights there that a user has not
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    listening = {(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN}
    return (host, int(port)) in listening
