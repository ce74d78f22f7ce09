"""What the handlers of pages are given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from ..workloads.rules.access import Principal
from ..workloads.service import AppPagesService

_CONNECT_SECONDS = 10.0


class Upstream:
    """The connections to apps: kept open between requests, and made in the event loop that uses them."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    base_url: str
    """The Jupyter server's."""
    pages: Callable[[Principal], Awaitable[AppPagesService]]
    """The pages of the control plane, which is opened for the first who asks."""
    open_pages: Callable[[], AppPagesService | None]
    """The same of a control plane that is open; ``None``: none is, so nobody has a cookie."""
    by_login: Callable[[Any], Principal]
    other_origins: tuple[str, ...]
    """By which browsers reach this server, beside the one that ``Host`` tells."""
    browsers_log_in: bool
    """Whether people can log in to this server with a browser."""
    upstream: Upstream
