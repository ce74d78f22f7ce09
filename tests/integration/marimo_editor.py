"""``marimo edit`` on a notebook, driven as its page drives it: cells run over HTTP, and a WebSocket tells of them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PATIENCE_SECONDS = 60.0


@dataclass
class Ran:
    """What a page was told of one run of one cell."""

    output: Any = None
    """Its data: a text, or a list of errors."""
    outputs: list[str] = field(default_factory=list)
    """All that it was one after the other, as texts."""
    console: str = ""
    began: float = 0.0
    ended: float | None = None

    @property
    def error(self) -> dict[str, Any]:
        assert isinstance(self.output, list), f"the cell did not fail: {self.output!r}"
        first: dict[str, Any] = self.output[0]
        return first

    @property
    def text(self) -> str:
        assert isinstance(self.output, str), f"the cell failed: {self.output!r}; {self.console}"
        return self.output


def is_shown(ran: Ran, query: str) -> bool:
    """Whether a query was said to run, by the words that it begins with."""
    return any("Running" in output and query in output for output in ran.outputs)


class Editor:
    """A page of a notebook."""

    def __init__(self, url: str, token: str, socket: ClientConnection, session_id: str) -> None:
        self._socket = socket
        headers = {"Authorization": f"Bearer {token}", "Marimo-Session-Id": session_id}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS)
        self.cells: dict[str, Ran] = {}
        self.told: list[tuple[str, dict[str, Any]]] = []
        """All that the page was told, by kind."""

    def instantiate(self) -> None:
        self.until(lambda: any(op == "kernel-ready" for op, _ in self.told), "the kernel is ready")
        self.post("kernel/instantiate", {"objectIds": [], "values": [], "autoRun": False})

    def post(self, path: str, content: dict[str, Any]) -> None:
        answer = self._http.post(f"/api/{path}", json=content)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"

    def run(self, code: str, cell: str | None = None, seconds: float = PATIENCE_SECONDS) -> Ran:
        """Run a cell to its end, a new one unless it is named."""
        return self.finish(self.begin(code, cell), seconds)

    def begin(self, code: str, cell: str | None = None) -> str:
        cell = cell or uuid.uuid4().hex[:8]
        self.cells[cell] = Ran(began=time.monotonic())
        self.post("kernel/run", {"cellIds": [cell], "codes": [code]})
        return cell

    def finish(self, cell: str, seconds: float = PATIENCE_SECONDS) -> Ran:
        self.until(lambda: self.cells[cell].ended is not None, f"cell {cell} has run", seconds)
        return self.cells[cell]

    def interrupt(self) -> None:
        self.post("kernel/interrupt", {})

    def answer_to(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """What the page is told for a question of its own."""
        request_id = uuid.uuid4().hex
        self.post(path, {**content, "requestId": request_id})

        def mine() -> list[dict[str, Any]]:
            return [data for _, data in self.told if data.get("request_id") == request_id]

        self.until(lambda: bool(mine()), f"{path} is answered")
        return mine()[0]

    def data_source(self, variable: str) -> dict[str, Any]:
        """The connection that the panel of data sources shows for a variable, with its databases. A busy engine may
        not list them in the time that marimo has for it: then the page asks for them once more."""

        def shown() -> list[dict[str, Any]]:
            told = [data["connections"] for op, data in self.told if op == "data-source-connections"]
            return [one for connections in told for one in connections if one["name"] == variable]

        deadline = time.monotonic() + PATIENCE_SECONDS
        self.until(lambda: bool(shown()), f"{variable} is a data source")
        while not shown()[-1]["databases"] and time.monotonic() < deadline:
            before = len(shown())
            self.post("datasources/preview_datasource_connection", {"engine": variable})
            self.until(lambda: len(shown()) > before, "the data source is told again")  # noqa: B023
        return shown()[-1]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"not within {seconds:.0f} s: {what}"
            with contextlib.suppress(TimeoutError):
                self._take(json.loads(self._socket.recv(timeout=min(left, 1.0))))

    def _take(self, message: dict[str, Any]) -> None:
        data = message.get("data") or {}
        self.told.append((message["op"], data))
        if message["op"] != "cell-op":
            return
        ran = self.cells.setdefault(data["cell_id"], Ran())
        output = data.get("output")
        if output is not None:
            ran.output = output["data"]
            ran.outputs.append(str(output["data"]))
        console = data.get("console")
        for one in console if isinstance(console, list) else [console] if console else []:
            ran.console += str(one["data"])
        if data.get("status") == "idle":
            ran.ended = time.monotonic()

    def close(self) -> None:
        self._socket.close()
        self._http.close()


@contextlib.contextmanager
def editor(directory: Path, python: str = sys.executable, **variables: str) -> Iterator[Editor]:
    """A new notebook in a directory, in ``marimo edit``; its process ends with the block."""
    notebook = directory / "notebook.py"
    notebook.write_text("import marimo\n\napp = marimo.App()\n\nif __name__ == '__main__':\n    app.run()\n")
    token, port = secrets.token_hex(16), _free_port()
    command = [python, "-m", "marimo", "-q", "edit", str(notebook), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--headless", "--no-sandbox", "--skip-update-check", "--no-skew-protection"]
    command += ["--token-password-file", "-"]
    environment = {**os.environ, **variables}
    with (directory / "marimo.log").open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=environment,
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(f"{token}\n".encode())
    process.stdin.close()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_serves(url, process, directory / "marimo.log")
        session_id = f"s_{secrets.token_hex(3)}"
        address = f"ws://127.0.0.1:{port}/ws?session_id={session_id}&access_token={token}"
        with connect(
            address, max_size=None, max_queue=None, open_timeout=PATIENCE_SECONDS, ping_interval=None
        ) as socket:
            page = Editor(url, token, socket, session_id)
            page.instantiate()
            yield page
            page.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def own_control_plane(directory: Path) -> dict[str, str]:
    """Variables of a process that starts a control plane for itself, apart from that of the user."""
    places = {name: str(directory / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")}
    return {**places, "JUPYTER_RUNTIME_DIR": str(directory / "runtime"), "HOME": str(directory)}


def _wait_until_it_serves(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"marimo does not serve: {log.read_text()}"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=PATIENCE_SECONDS).status_code == 200:
                return
        time.sleep(0.05)


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
