"""A notebook's kernel, driven as JupyterLab drives it: REST for its life, a WebSocket for its cells."""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import httpx
import websocket

START_SECONDS = 60.0
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class JupyterError(Exception):
    """The Jupyter server refused a request, or lost a kernel."""


@dataclass(frozen=True, slots=True)
class CellError:
    name: str
    value: str
    traceback: str
    """As the notebook shows it, without colours."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """What one cell left behind."""

    stdout: str
    stderr: str
    displays: tuple[Mapping[str, Any], ...]
    """MIME bundles: displays and the cell's value, in order; an updated display stands once, as it was last."""
    error: CellError | None
    seconds: float

    @property
    def value(self) -> str:
        """The cell's value, which is displayed last."""
        return str(self.displays[-1].get("text/plain", "")) if self.displays else ""

    @property
    def text(self) -> str:
        """All of it for a person without a browser: the streams, then the displays."""
        plain = (str(display.get("text/plain", "")) for display in self.displays)
        return "\n".join(part.rstrip("\n") for part in (self.stdout, self.stderr, *plain) if part)


class CellFailed(Exception):
    """A cell raised; ``result`` holds the error, and what the cell said before it."""

    def __init__(self, error: CellError, result: CellResult) -> None:
        super().__init__(f"{error.name}: {error.value}\n\n{error.traceback}")
        self.error = error
        self.result = result


class JupyterApi:
    """The REST API of one Jupyter server, and the door to its WebSockets.

    :param url: with the base path, such as ``http://127.0.0.1:8888/``.
    :param last_words: asked what became of the server, when it does not answer.
    """

    def __init__(self, url: str, token: str, last_words: Callable[[], str]) -> None:
        self.url = url
        self.last_words = last_words
        self._headers = {"Authorization": f"token {token}"}
        # No proxy of the environment stands between this machine and itself.
        self._client = httpx.Client(base_url=url, headers=self._headers, trust_env=False)

    def request(self, method: str, path: str, json: object = None, *, timeout_seconds: float = 60.0) -> httpx.Response:
        """One request with the server's token; ``path`` is relative to the base path. Any status is an answer.

        :raises JupyterError: when there is no answer.
        """
        try:
            return self._client.request(method, path.lstrip("/"), json=json, timeout=timeout_seconds)
        except httpx.TransportError as error:
            raise JupyterError(f"{method} {path} was not answered ({error}). {self.last_words()}") from error

    def call(self, method: str, path: str, json: object = None) -> Any:
        """The decoded body of a request that has to succeed.

        :raises JupyterError: when it does not.
        """
        response = self.request(method, path, json)
        if not response.is_success:
            raise JupyterError(f"{method} {path} was answered {response.status_code}: {response.text}")
        return response.json() if response.content else None

    def websocket(self, path: str) -> websocket.WebSocket:
        return websocket.create_connection(
            f"ws{self.url.removeprefix('http')}{path}",
            header=self._headers,
            suppress_origin=True,
            timeout=START_SECONDS,
            http_no_proxy=["*"],
        )

    def close(self) -> None:
        self._client.close()


class Kernel:
    """The kernel of one notebook; it starts with the object, in the notebook's directory.

    :param notebook: path relative to the server's root; the file need not exist.
    """

    def __init__(self, api: JupyterApi, notebook: str, kernel_name: str = "python3") -> None:
        self._api = api
        session = {"path": notebook, "name": PurePosixPath(notebook).name, "type": "notebook"}
        started = api.call("POST", "api/sessions", session | {"kernel": {"name": kernel_name}})
        self.id: str = started["kernel"]["id"]
        self._session_path = f"api/sessions/{started['id']}"
        self._kernel_path = f"api/kernels/{self.id}"
        self._client_id = uuid.uuid4().hex
        self._connect()

    def execute(self, code: str, *, timeout_seconds: float = 60.0) -> CellResult:
        """Run a cell to its end.

        :raises CellFailed: when it raises.
        :raises TimeoutError: when it still runs after so many seconds; it goes on running.
        :raises JupyterError: when the kernel or its server dies.
        """
        cell = _Cell()
        started = time.monotonic()
        # Not stop_on_error: it would abort a cell that was sent while one given up is still failing.
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        try:
            for message in self._conversation("execute_request", content, started + timeout_seconds):
                cell.hear(message)
                if cell.finished:
                    break
        except TimeoutError:
            so_far = cell.result(timeout_seconds).text
            raise TimeoutError(f"The cell still ran after {timeout_seconds:g} s:\n{code}\n\n{so_far}") from None
        result = cell.result(time.monotonic() - started)
        if result.error is not None:
            raise CellFailed(result.error, result)
        return result

    def complete(self, code: str) -> list[str]:
        """What the kernel would complete at the end of a cell."""
        content = {"code": code, "cursor_pos": len(code)}
        for message in self._conversation("complete_request", content, time.monotonic() + START_SECONDS):
            if message["msg_type"] == "complete_reply":
                return list(message["content"]["matches"])
        return []

    def interrupt(self) -> None:
        """Interrupt the running cell; it may be running in another thread of ours."""
        self._api.call("POST", f"{self._kernel_path}/interrupt")

    def restart(self) -> None:
        """A new process under the same kernel id; returns when it answers."""
        self._socket.close()
        self._api.call("POST", f"{self._kernel_path}/restart")
        self._connect()

    def shutdown(self) -> None:
        """End the kernel and the notebook's session."""
        self.close()
        self._api.call("DELETE", self._session_path)

    def close(self) -> None:
        """Hang up; the kernel goes on."""
        self._socket.close()

    def open_channels(self, client_id: str) -> websocket.WebSocket:
        """The channels of another client of this kernel, such as a second page."""
        return self._api.websocket(f"{self._kernel_path}/channels?session_id={client_id}")

    def _connect(self) -> None:
        with self._line():
            self._socket = self.open_channels(self._client_id)
        # The reply shows that the outputs' subscription stands: what a cell said before that would be lost.
        for message in self._conversation("kernel_info_request", {}, time.monotonic() + START_SECONDS):
            if message["msg_type"] == "kernel_info_reply":
                return

    def _conversation(self, kind: str, content: Mapping[str, Any], deadline: float) -> Iterator[Mapping[str, Any]]:
        """Send a request, then yield what answers it."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "version": "5.3"}
        header |= {"session": self._client_id, "username": "headless", "date": ""}
        request = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
        with self._line():
            self._socket.send(json.dumps(request))
        while True:
            message = self._receive(deadline)
            if message["msg_type"] == "status" and message["content"]["execution_state"] in ("dead", "restarting"):
                raise JupyterError(f"The kernel died; the server calls it {message['content']['execution_state']}.")
            if message["parent_header"].get("msg_id") == header["msg_id"]:
                yield message

    def _receive(self, deadline: float) -> Mapping[str, Any]:
        while True:
            # Zero would mean: without blocking.
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            with self._line():
                # Also pings, since the socket would begin to wait anew after each.
                kind, data = self._socket.recv_data(control_frame=True)
            if kind == websocket.ABNF.OPCODE_CLOSE:
                raise self._hung_up()
            if kind == websocket.ABNF.OPCODE_TEXT:  # binary frames carry the buffers of widgets, and no output
                message: Mapping[str, Any] = json.loads(data)
                return message

    @contextlib.contextmanager
    def _line(self) -> Iterator[None]:
        """Failures of the WebSocket, in our words."""
        try:
            yield
        except websocket.WebSocketTimeoutException:
            raise TimeoutError("The kernel did not answer in time.") from None
        except (websocket.WebSocketException, OSError) as error:
            raise self._hung_up() from error

    def _hung_up(self) -> JupyterError:
        return JupyterError(f"The line to the kernel is cut. {self._api.last_words()}")


@dataclass(slots=True)
class _Cell:
    """The messages about one cell, gathered until both its reply and the idle kernel are seen."""

    streams: dict[str, str] = field(default_factory=lambda: {"stdout": "", "stderr": ""})
    displays: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    error: CellError | None = None
    replied: bool = False
    idle: bool = False

    @property
    def finished(self) -> bool:
        return self.replied and self.idle

    def hear(self, message: Mapping[str, Any]) -> None:
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                self.streams[content["name"]] += content["text"]
            case "display_data" | "execute_result" | "update_display_data":
                display_id = content.get("transient", {}).get("display_id") or message["header"]["msg_id"]
                self.displays[display_id] = content["data"]
            case "status":
                self.idle = content["execution_state"] == "idle"
            case "execute_reply":
                self.replied = True
                if content["status"] != "ok":
                    self.error = _error(content)

    def result(self, seconds: float) -> CellResult:
        streams = self.streams
        return CellResult(streams["stdout"], streams["stderr"], tuple(self.displays.values()), self.error, seconds)


def _error(reply: Mapping[str, Any]) -> CellError:
    """A reply that is not ``ok`` is an error of the cell, or says that it never ran (``aborted``)."""
    traceback = _ANSI.sub("", "\n".join(reply.get("traceback", ())))
    return CellError(reply.get("ename", reply["status"]), reply.get("evalue", ""), traceback)
