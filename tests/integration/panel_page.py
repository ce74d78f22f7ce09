"""A page with a panel: it speaks with the panel's widget over the kernel's WebSocket, as a browser's page does."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import websocket
from headless_kernel import Kernel

T = TypeVar("T")
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 30.0


class PanelPage:
    """One view of one panel.

    :param model_id: of the widget, as its display names it.
    """

    def __init__(self, kernel: Kernel, model_id: str) -> None:
        self.view = uuid.uuid4().hex
        self.parts: dict[str, Any] = {}
        self.value: dict[str, Any] = {}
        """The widget's trait, as it was synced last."""
        self.ready: list[str] = []
        """The tickets that the kernel gave."""
        self.scripts: list[str] = []
        """Those of the elements that the kernel told."""
        self._model_id = model_id
        self._session = uuid.uuid4().hex
        self._socket = kernel.open_channels(self._session)

    def open(self, *topics: Mapping[str, str]) -> None:
        self.say({"type": "view", "view": self.view, "topics": list(topics)})

    def close(self) -> None:
        self.say({"type": "closed", "view": self.view})

    def hang_up(self) -> None:
        self._socket.close()

    def act(self, act: Mapping[str, Any]) -> None:
        """Ask for something as the page does: once the kernel says that it hears."""
        ticket = self.ask_whether_ready()
        self.until(lambda: ticket in self.ready, "the kernel is ready")
        self.say({"type": "act", "id": ticket, "act": dict(act)})

    def ask_whether_ready(self) -> str:
        ticket = uuid.uuid4().hex
        self.say({"type": "ready", "id": ticket})
        return ticket

    def until(self, look: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
        """Listen until something is so."""
        deadline = time.monotonic() + seconds
        while not (seen := look()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            self.listen(0.1)
        return seen

    def listen(self, seconds: float) -> None:
        """Hear what comes within this time; the first pause ends it."""
        self._socket.settimeout(seconds)
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return
        message = json.loads(text)
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self._model_id:
            self._hear(message["content"]["data"])

    def say(self, content: Mapping[str, Any]) -> None:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "comm_msg", "version": "5.3"}
        header |= {"session": self._session, "username": "page", "date": ""}
        data = {"method": "custom", "content": content}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}}
        self._socket.send(json.dumps(message | {"content": {"comm_id": self._model_id, "data": data}}))

    def _hear(self, data: Mapping[str, Any]) -> None:
        if data["method"] == "update":
            self.value = data["state"].get("value", self.value)
            return
        match data.get("content"):
            case {"type": "parts", "parts": dict(parts)}:
                self.parts |= parts
            case {"type": "ready", "id": str(ticket)}:
                self.ready.append(ticket)
            case {"type": "elements", "script": str(script)}:
                self.scripts.append(script)
