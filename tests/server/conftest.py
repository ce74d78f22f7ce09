"""One real Jupyter server for all tests of the API's edge that a worker runs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from headless import JupyterServer, jupyter_server

TOKEN = "token-of-the-test-server"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    config = {"ServerApp": {"allow_unauthenticated_access": False, "base_url": "/a%40b/"}}
    with jupyter_server(tmp_path_factory.mktemp("root"), config=config, token=TOKEN) as running:
        yield running


@pytest.fixture(scope="session")
def api(server: JupyterServer) -> Iterator[httpx.Client]:
    """The server's owner."""
    with _client(server, {"Authorization": f"token {TOKEN}"}) as client:
        yield client


@pytest.fixture(scope="session")
def stranger(server: JupyterServer) -> Iterator[httpx.Client]:
    """Somebody without credentials."""
    with _client(server, {}) as client:
        yield client


def _client(server: JupyterServer, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=f"{server.url}lakesail/api/v1/", headers=headers, timeout=90, trust_env=False)
