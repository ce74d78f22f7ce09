"""Closing a connection from below gRPC: the one of that peer, and no other."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lakesail_notebook.session_proxy.connections import close_connection

HOSTS = {
    "IPv4": (socket.AF_INET, "127.0.0.1", "127.0.0.1", "ipv4:127.0.0.1:{port}"),
    "IPv6": (socket.AF_INET6, "::1", "::1", "ipv6:%5B::1%5D:{port}"),
    "IPv4 on a socket of IPv6": (socket.AF_INET6, "::", "127.0.0.1", "ipv4:127.0.0.1:{port}"),
}


class Pair:
    """Two clients of one listener, and what the listener accepted."""

    def __init__(self, closing: ExitStack, family: socket.AddressFamily, bind: str, host: str) -> None:
        listener = closing.enter_context(socket.create_server((bind, 0), family=family, dualstack_ipv6=bind == "::"))
        port = listener.getsockname()[1]
        self.clients = [closing.enter_context(socket.create_connection((host, port), timeout=5)) for _ in range(2)]
        self.accepted = [closing.enter_context(listener.accept()[0]) for _ in range(2)]


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("kind", HOSTS)
def test_the_connection_of_that_peer_is_closed_and_its_neighbour_stays(kind: str, closing: ExitStack) -> None:
    family, bind, host, peer = HOSTS[kind]
    pair = Pair(closing, family, bind, host)
    gone, kept = pair.clients
    close_connection(peer.format(port=gone.getsockname()[1]))
    assert gone.recv(1) == b""
    for accepted in pair.accepted[1:]:
        accepted.sendall(b"x")
    assert kept.recv(1) == b"x"


@pytest.mark.parametrize("peer", ["", "unix:", "ipv4:127.0.0.1", "ipv4:nowhere:1", "ipv4:127.0.0.1:1"])
def test_a_peer_that_is_not_there_closes_nothing_and_leaves_no_file_open(peer: str, closing: ExitStack) -> None:
    pair = Pair(closing, socket.AF_INET, "127.0.0.1", "127.0.0.1")
    before = len(os.listdir("/dev/fd"))
    close_connection(peer)
    assert len(os.listdir("/dev/fd")) == before
    pair.accepted[0].sendall(b"x")
    assert pair.clients[0].recv(1) == b"x"
