"""The proxy of pages in front of a small app, in one event loop: real sockets, and neither Jupyter nor marimo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from aiohttp import web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from yarl import URL

from lakesail_notebook.errors import FailedPrecondition, Unauthenticated
from lakesail_notebook.http_proxy.base import cookie_name
from lakesail_notebook.http_proxy.context import PageContext, Upstream
from lakesail_notebook.http_proxy.forwarding import MAX_BODY_BYTES
from lakesail_notebook.http_proxy.routes import page_handlers
from lakesail_notebook.workloads.apps_port import AppAddress
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.service import PageState

SESSION = "0123456789ABCDEFGHJK"
COOKIE = "the-cookie-of-the-page"
TOKEN = "the-token-of-the-app"
ROOT = f"/lakesail/marimo/{SESSION}"

App = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OnePage:
    """The domain behind one page, which whoever has the cookie may open. Implements ``AppPagesService``."""

    def __init__(self, port: int) -> None:
        self._address = AppAddress(port, TOKEN)
        self._over = asyncio.Event()
        self._what = ""
        self.uses = 0

    def end(self, what: str) -> None:
        self._what = what
        self._over.set()

    async def look(self, principal: Principal, session_id: str) -> PageState:
        return PageState(ticket="a-ticket")

    async def redeem(self, session_id: str, ticket: str) -> str:
        return COOKIE

    def admit(self, session_id: str, cookie: str) -> AppAddress:
        if cookie != COOKIE:
            raise Unauthenticated("This browser is not logged in to this page.")
        if self._over.is_set():
            raise FailedPrecondition(self._what, reason="session_closed")
        return self._address

    async def over(self, session_id: str) -> str:
        await self._over.wait()
        return self._what

    async def used(self, session_id: str) -> None:
        self.uses += 1


class SmallPage:
    """Made by :func:`small_page`."""

    def __init__(self, port: int, page: OnePage, browser: aiohttp.ClientSession) -> None:
        self.port = port
        self.page = page
        self.browser = browser
        """Logged in to the page."""

    def url(self, below: str = "/") -> URL:
        return URL(f"{self.origin}{ROOT}{below}", encoded=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def status_of(self, line: str, *headers: str) -> int:
        """The status that a request is answered with, of whatever form it is.

        :param line: the first one, without the protocol.
        :param headers: beside the cookie; ``Host`` is told when none of them is one.
        """
        host = () if any(header.startswith("Host:") for header in headers) else (f"Host: 127.0.0.1:{self.port}",)
        async with self.asking(line, *host, *headers) as (reader, _):
            return int((await reader.readline()).split()[1])

    @contextlib.asynccontextmanager
    async def asking(
        self, line: str, *headers: str
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection over which a request without a body was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = (f"{line} HTTP/1.1", f"Cookie: {cookie_name(SESSION)}={COOKIE}", *headers, "", "")
        writer.write("\r\n".join(lines).encode())
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def small_page(app: App) -> AsyncIterator[SmallPage]:
    """:param app: answers everything that the proxy passes on."""
    async with contextlib.AsyncExitStack() as stack:
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", app)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        page = OnePage(runner.addresses[0][1])
        upstream = Upstream()
        stack.push_async_callback(upstream.close)

        async def opened(_: Principal) -> OnePage:
            return page

        context = PageContext(
            base_url="/",
            pages=opened,
            open_pages=lambda: page,
            by_login=lambda _: Principal(id="ADA", login="ada", team_ids=("LOCAL",)),
            other_origins=(),
            browsers_log_in=True,
            upstream=upstream,
        )
        server = HTTPServer(Application(page_handlers(context), base_url="/"))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        stack.push_async_callback(server.close_all_connections)
        stack.callback(server.stop)
        cookies = {"Cookie": f"{cookie_name(SESSION)}={COOKIE}"}
        browser = await stack.enter_async_context(aiohttp.ClientSession(headers=cookies, auto_decompress=False))
        yield SmallPage(sockets[0].getsockname()[1], page, browser)
