"""What every browser test holds besides its own subject: no request leaves the origin, and our code raises nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

_INSIDE_THE_PAGE = {"about", "blob", "data"}
_OURS = re.compile(r"lakesail|\bsail-|blob:", re.IGNORECASE)
_BY_CHROMIUM = ("Failed to load resource", "WebSocket connection to")
"""How Chromium begins what it writes itself of answers from 400 on, and of sockets that do not open. What the page
makes of them is the subject of single tests."""


@dataclass
class Guard:
    """Listens to browser contexts. Call :meth:`check` when the test is over. Playwright adds attributes: no slots."""

    origins: set[str] = field(default_factory=set)
    """Where requests may go."""
    strayed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """What stands in errors of scripts that are not ours, though their address looks so."""
    requests: list[str] = field(default_factory=list)
    """``METHOD URL`` of each request so far."""

    def allow(self, url: str) -> None:
        parts = urlsplit(url)
        self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._requested)
        context.on("weberror", self._failed)
        context.on("console", self._written)
        context.on("page", self._opened)

    def check(self) -> None:
        assert not self.strayed, f"these requests left {sorted(self.origins)}: {self.strayed}"
        assert not self.errors, "our code raised:\n" + "\n".join(self.errors)

    def _opened(self, page: Page) -> None:
        page.on("websocket", self._connected)

    def _requested(self, request: Request) -> None:
        self.requests.append(f"{request.method} {request.url}")
        self._look_at(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self._look_at(re.sub("^ws", "http", socket.url))

    def _look_at(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _INSIDE_THE_PAGE and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.strayed.append(url)

    def _is_ours(self, text: str) -> bool:
        return _OURS.search(text) is not None and not any(other in text for other in self.others)

    def _failed(self, raised: WebError) -> None:
        error = raised.error
        text = f"{error.message}\n{error.stack or ''}"
        if self._is_ours(text):
            self.errors.append(text)

    def _written(self, message: ConsoleMessage) -> None:
        where = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and self._is_ours(where) and not message.text.startswith(_BY_CHROMIUM):
            self.errors.append(where)
