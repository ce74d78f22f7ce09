"""marimo servers, and pages of theirs without a browser: what a page says to marimo and hears of it."""

from __future__ import annotations

import contextlib
import html
import json
import os
import queue
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import httpx
import websocket

_SECONDS = 60.0
_CELLS_OF_JUPYTER = ("JUPYTER", "JPY_", "LAKESAIL_")


class MarimoServer:
    """A marimo that was started by hand."""

    def __init__(self, mode: str, process: subprocess.Popen[bytes], port: int, token: str, log_file: Path) -> None:
        self.mode = mode
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.token = token
        self.log_file = log_file

    def open(self) -> MarimoPage:
        """A page of a new viewer, whose cells have begun to run."""
        return MarimoPage(self)

    def stop(self) -> None:
        """As Ctrl+C does in its terminal."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(_SECONDS)


class MarimoPage:
    def __init__(self, server: MarimoServer) -> None:
        self._server = server
        self._id = f"s_{uuid.uuid4().hex[:6]}"
        address = server.url.replace("http", "ws")
        self._socket: Any = websocket.create_connection(
            f"{address}/ws?session_id={self._id}&access_token={server.token}", timeout=_SECONDS
        )
        self._heard: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()
        self._hearing = threading.Thread(target=self._hear, daemon=True)
        self._hearing.start()
        self.text = ""
        """What cells have shown so far."""
        self.messages: list[dict[str, Any]] = []
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._hear_until(lambda: any(one["op"] == "kernel-ready" for one in self.messages), "the kernel is ready")
        if self._server.mode == "edit":  # else marimo runs the cells by itself
            self.say("kernel/instantiate", {"objectIds": [], "values": [], "autoRun": True})

    def choose(self, value: object) -> None:
        """Move the notebook's one control."""
        found = re.search(r"object-id=\\?['\"]([\w-]+)", self.text)
        assert found is not None, self.text
        self.say("kernel/set_ui_element_value", {"objectIds": [found[1]], "values": [value]})

    def say(self, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self._server.token}", "Marimo-Session-Id": self._id}
        answer = httpx.post(f"{self._server.url}/api/{path}", json=body, headers=headers, timeout=_SECONDS)
        assert answer.is_success, answer.text

    def told(self, name: str) -> str:
        """The text of ``name=text;``, once a cell shows it."""
        pattern = re.compile(rf"\b{name}=([^;]*);")
        self._hear_until(lambda: pattern.search(self.text) is not None, f"{name} is shown")
        found: str = pattern.findall(self.text)[-1]
        return found

    def close(self) -> None:
        """As a closed tab: nothing is said to marimo but the end of the connection."""
        self._socket.abort()
        self._hearing.join(_SECONDS)
        self._socket.shutdown()

    def _hear(self) -> None:
        """All the time: marimo leaves a page that answers none of its pings for a minute."""
        while True:
            try:
                self._heard.put(json.loads(self._socket.recv()))
            except websocket.WebSocketTimeoutException:
                continue
            except (OSError, ValueError, websocket.WebSocketException) as error:
                self._heard.put(error)
                return

    def _hear_until(self, seen: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not seen():
            assert time.monotonic() < deadline, f"not within {_SECONDS} s: {what}\n{self.text}"
            try:
                message = self._heard.get(timeout=1.0)
            except queue.Empty:
                continue
            if isinstance(message, Exception):
                log = self._server.log_file.read_text()
                raise AssertionError(f"{message!r} while waiting: {what}\n{log}") from message
            self.messages.append(message)
            if message["op"] == "cell-op":
                self.text += html.unescape(json.dumps(message["data"].get("output") or {}))


@contextlib.contextmanager
def marimo_server(
    mode: Literal["edit", "run"], notebook: Path, *, env: Mapping[str, str], more: Sequence[str] = ()
) -> Iterator[MarimoServer]:
    """A marimo server of a notebook on a free port of this machine.

    :param env: variables on top of the inherited ones.
    """
    server = _started(mode, notebook, env, more)
    try:
        yield server
    finally:
        server.stop()


def _started(mode: str, notebook: Path, env: Mapping[str, str], more: Sequence[str]) -> MarimoServer:
    for _ in range(3):  # another process may take the port meanwhile
        server = _spawn(mode, notebook, env, more)
        if _serves(server):
            return server
    raise AssertionError(server.log_file.read_text())


def _spawn(mode: str, notebook: Path, env: Mapping[str, str], more: Sequence[str]) -> MarimoServer:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    token, log_file = secrets.token_urlsafe(), notebook.with_suffix(".log")
    where = ["--host", "127.0.0.1", "--port", str(port), "--headless", "--no-sandbox", "--no-skew-protection"]
    command = [sys.executable, "-m", "marimo", "-q", mode, str(notebook), *where, "--token-password-file", "-", *more]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_CELLS_OF_JUPYTER)}
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=notebook.parent,
            env={**inherited, **env},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(token.encode())
    process.stdin.close()
    return MarimoServer(mode, process, port, token, log_file)


def _serves(server: MarimoServer) -> bool:
    deadline = time.monotonic() + _SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/health", timeout=_SECONDS).status_code == 200:
                return True
        time.sleep(0.05)
    return False
