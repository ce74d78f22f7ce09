"""A page of a marimo notebook whose server another process has started: opened directly, without the proxy."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator, Mapping

import httpx
from websockets.sync.client import ClientConnection, connect

_SECONDS = 60.0

TWO_OF_ONE_NAME = """
import marimo

app = marimo.App()


@app.cell
def _():
    x = 1
    return


@app.cell
def _():
    x = 2
    return
"""
"""A notebook that marimo refuses to run."""


class AppPage:
    """:param root: the URL of marimo's base path.
    :param headers: what lets its requests pass.
    """

    def __init__(self, root: str, headers: Mapping[str, str]) -> None:
        self._root, self._headers = root, dict(headers)
        html = httpx.get(f"{root}/", headers=headers, timeout=_SECONDS).text
        found = re.search(r'"?serverToken"?:\s*"([^"]+)"', html)
        assert found is not None, html[:500]
        self._id = f"s_{uuid.uuid4().hex[:6]}"
        self._say = {**headers, "Marimo-Session-Id": self._id, "Marimo-Server-Token": found[1]}

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """With the page open, its kernel runs all cells. It runs on when the page is closed."""
        with self._socket(f"ws?session_id={self._id}") as told:
            while "kernel-ready" not in str(told.recv(timeout=_SECONDS)):
                pass
            body = {"objectIds": [], "values": [], "autoRun": True}
            url = f"{self._root}/api/kernel/instantiate"
            answer = httpx.post(url, json=body, headers=self._say, timeout=_SECONDS)
            assert answer.is_success, answer.text
            yield

    @contextlib.contextmanager
    def terminal(self, command: str) -> Iterator[None]:
        """A terminal of the page in which a command was typed."""
        with self._socket("terminal/ws") as terminal:
            terminal.send(f"{command}\n")
            yield

    def shut_down(self) -> None:
        """As its button does: of a server of one notebook, the server ends."""
        answer = httpx.post(f"{self._root}/api/kernel/shutdown", json={}, headers=self._say, timeout=_SECONDS)
        assert answer.is_success, answer.text

    def _socket(self, path: str) -> ClientConnection:
        url = f"{self._root.replace('http', 'ws', 1)}/{path}"
        return connect(
            url,
            additional_headers=self._headers,
            max_size=None,
            max_queue=None,
            open_timeout=_SECONDS,
            ping_interval=None,
        )
