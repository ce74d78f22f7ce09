"""The socket between a page and this server: the page tells that somebody uses it, and is told of its session's end."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.websocket import WebSocketHandler

from .base import PageHandler

OVER = 4410
"""Ours: the session is over; the reason says what became of it."""
_LONGEST_REASON = 120
"""A close frame holds 123 bytes."""
_LARGEST_MESSAGE = 64


class WatchHandler(PageHandler, WebSocketHandler):
    _watching: asyncio.Task[None] | None = None

    @property
    def max_message_size(self) -> int:
        return _LARGEST_MESSAGE

    async def prepare(self) -> None:  # type: ignore[override]
        self.refuse_strangers()
        self._pages, _ = self.admit()

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        await super().get(session)

    def open(self, session: str) -> None:
        self._watching = asyncio.create_task(self._tell_the_end())

    async def on_message(self, message: str | bytes) -> None:
        """Any: somebody uses the page."""
        await self._pages.used(self.session_id)

    def on_close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _tell_the_end(self) -> None:
        what = await self._pages.over(self.session_id)
        self.close(OVER, what.encode()[:_LONGEST_REASON].decode(errors="ignore"))

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:
        """:meth:`refuse_strangers` has looked at it."""
        return True
