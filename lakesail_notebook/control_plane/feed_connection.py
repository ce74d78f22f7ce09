"""One connection of the route feed, at the control plane's end."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from .. import feed

_MAX_UNSENT_BYTES = 4 * feed.MAX_LINE_BYTES

log = logging.getLogger(__name__)


class FeedConnection:
    """What one proxy is told, the snapshot first."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._kept_back: list[feed.FromControlPlane] | None = []
        self.reports: asyncio.Queue[feed.FromProxy] = asyncio.Queue()
        """What it said and nobody has heard yet, in its order."""

    def begin(self, snapshot: feed.Snapshot) -> None:
        self.say(snapshot)
        kept_back, self._kept_back = self._kept_back or [], None
        for message in kept_back:
            self.say(message)

    @property
    def begun(self) -> bool:
        """Whether its snapshot has been sent."""
        return self._kept_back is None

    def change(self, message: feed.RouteChange | feed.Heartbeat) -> None:
        """Say it after the snapshot."""
        if self._kept_back is None:
            self.say(message)
        else:
            self._kept_back.append(message)

    def say(self, message: feed.FromControlPlane) -> None:
        if self._writer.is_closing():
            return
        self._writer.write(feed.encode_line(message))
        if self._writer.transport.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            log.warning("route feed: the session proxy does not listen; it must connect again")
            self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._writer.transport.abort()
