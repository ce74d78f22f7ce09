"""What our code sends and receives in a page."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page

OUR_PATH = "/lakesail/"


class Traffic:
    """The requests and WebSocket frames of our code, as the browser's own protocol tells them."""

    def __init__(self, page: Page) -> None:
        self.ours: list[str] = []
        """Handlers fill it while a call of Playwright runs: look at it by :meth:`LabPage.until`."""
        self._sockets: set[str] = set()
        protocol = page.context.new_cdp_session(page)
        protocol.on("Network.requestWillBeSent", self._requested)
        protocol.on("Network.webSocketCreated", self._opened)
        protocol.on("Network.webSocketFrameSent", self._passed)
        protocol.on("Network.webSocketFrameReceived", self._passed)
        protocol.send("Network.enable")

    def settled(self, page: Page) -> bool:
        """Whether nothing was seen for two seconds."""
        seen = len(self.ours)
        page.wait_for_timeout(2_000)
        return len(self.ours) == seen

    def quiet(self, page: Page, seconds: float, within: float) -> None:
        """Wait until nothing was seen for so many seconds."""
        deadline = time.monotonic() + within
        seen, since = -1, 0.0
        while True:
            if len(self.ours) != seen:
                seen, since = len(self.ours), time.monotonic()
            elif time.monotonic() - since >= seconds:
                return
            assert time.monotonic() < deadline, f"the page was not quiet for {seconds} s: {self.ours[-20:]}"
            page.wait_for_timeout(500)

    def _requested(self, event: dict[str, Any]) -> None:
        if OUR_PATH in event["request"]["url"]:
            self.ours.append(f"{event['request']['method']} {event['request']['url']}")

    def _opened(self, event: dict[str, Any]) -> None:
        if OUR_PATH in event["url"]:
            self._sockets.add(event["requestId"])
            self.ours.append(f"socket {event['url']}")

    def _passed(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._sockets:
            self.ours.append(f"frame {event['response']['payloadData'][:200]}")
