"""A client that is cut off: what it asks ends at once, and it asks nothing more."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakesail_notebook.client.address import ApiAddress
from lakesail_notebook.client.transport import Asked, Transport
from lakesail_notebook.errors import Unavailable

PATIENCE_SECONDS = 60.0
EVENTS = Asked(verb="GET", path="/events", answer_seconds=600)


class Credentials:
    """A token; whoever asks for it may be interrupted by something else."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None

    def token(self) -> str:
        self.meanwhile()
        return "the-api-token"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        yield server


@pytest.fixture
def credentials() -> Credentials:
    return Credentials()


@pytest.fixture
def transport(silent: socket.socket, credentials: Credentials) -> Iterator[Transport]:
    transport = Transport(ApiAddress(f"http://127.0.0.1:{silent.getsockname()[1]}", credentials))
    yield transport
    transport.close()


def test_what_waits_for_an_answer_ends(silent: socket.socket, transport: Transport) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(transport.ask, EVENTS)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1024).startswith(b"GET /events")
            transport.cut_off()
            with pytest.raises(Unavailable):
                waiting.result(PATIENCE_SECONDS)
    with pytest.raises(Unavailable) as refused:
        transport.ask(EVENTS)
    assert refused.value.reason == "cut_off"


def test_a_connection_that_is_opened_meanwhile_ends_too(transport: Transport, credentials: Credentials) -> None:
    credentials.meanwhile = transport.cut_off
    with ThreadPoolExecutor(1) as pool, pytest.raises(Unavailable):
        pool.submit(transport.ask, EVENTS).result(PATIENCE_SECONDS)
