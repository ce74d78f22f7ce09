"""Everything else below a page's root: passed on to the session's app, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Coroutine
from importlib import resources
from typing import Any, cast

import aiohttp
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server_proxy.handlers import LocalProxyHandler
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError
from yarl import URL

from ..errors import FailedPrecondition, PayloadTooLarge, Unauthenticated
from . import activity, headers
from .base import PageHandler
from .context import PageContext
from .paths import leaves_its_root, place_of_redirect, without_credentials

MAX_BODY_BYTES = 256 * 2**20
"""marimo's own limit for files that are uploaded is 100 MB, and they travel as base64."""
_MOST_DIGITS = 20
"""Of the length of a body; Python does not read numbers of any length."""
_MAX_FRAME_BYTES = 256 * 2**20
_MAX_WHOLE_BYTES = 2**20
"""A larger answer is passed on piece by piece, and so is one whose length is not told."""
_BUSY_SECONDS = 20.0
"""How often running cells count as use."""
_SERVICE_WORKER = "/public-files-sw.js"
"""marimo's own, the only one."""
_NORMAL, _GONE_AWAY = 1000, 1001
_SHUTDOWN = "MARIMO_SHUTDOWN"
"""What marimo's page takes for the end of its kernel: it does not try to connect again."""
_SCRIPT = b'<script src="./_page.js"></script>'


@web.stream_request_body
class AppHandler(PageHandler, LocalProxyHandler):  # type: ignore[misc]
    """jupyter-server-proxy's handler, with an authentication, and a choice of what passes, of our own."""

    def initialize(self, context: PageContext) -> None:
        super().initialize(context)
        self._received = bytearray()
        self._whole = False
        """Whether the body was read to its end."""
        self._cells = activity.RunningCells()
        self._at_work: list[asyncio.Task[Any]] = []
        self._upstream: aiohttp.ClientWebSocketResponse | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Before the body is read."""
        self.refuse_strangers()
        if self.path_in_page == "":
            self.redirect(f"{self.root}/", status=302)
            return
        if leaves_its_root(self.path_in_page):
            raise web.HTTPError(400, "This path leaves the page of its session.")
        clean = without_credentials(self.request.query)
        if clean is not None:
            self._go_on_without_credentials(clean)
            return
        if self.request.headers.get("Service-Worker") and self.path_in_page != _SERVICE_WORKER:
            raise web.HTTPError(403, "A notebook may not install a service worker.")
        try:
            self._pages, self._app = self.admit()
        except Unauthenticated:
            in_a_tab = self.is_navigation and self.request.headers.get("Sec-Fetch-Dest", "document") == "document"
            if not in_a_tab or not self.context.browsers_log_in:
                raise
            self.redirect(f"{self.root}/_open", status=303)
            return
        self._bound_body()
        if activity.by_a_person(self.request.method, self.path_in_page):
            await self._used()

    def _go_on_without_credentials(self, clean: str) -> None:
        if not self.is_navigation:
            raise web.HTTPError(400, "No token may stand in this URL.")
        self.redirect(self.request.path + (f"?{clean}" if clean else ""), status=303)

    def _bound_body(self) -> None:
        """tornado refuses a length that is no number, and one that its connection does not allow, without a word."""
        cast("Any", self.request.connection).set_max_body_size(MAX_BODY_BYTES)
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and (len(length) > _MOST_DIGITS or int(length) > MAX_BODY_BYTES):
            raise PayloadTooLarge(f"A page may send at most {MAX_BODY_BYTES} bytes at once.")

    def data_received(self, chunk: bytes) -> None:
        self._received += chunk

    def set_default_headers(self) -> None:
        super().set_default_headers()
        if hasattr(self, "path_kwargs") and not self._whole:
            # tornado closes a connection with an unread body, but does not say so: the next request would be lost.
            self.set_header("Connection", "close")

    def _has_come_whole(self) -> None:
        self._whole = True
        self.clear_header("Connection")

    # HTTP

    @allow_unauthenticated  # `prepare` has looked at the page's own cookie
    async def get(self, *_: Any, **__: Any) -> None:
        """jupyter-server-proxy tells a page from a socket."""
        self._has_come_whole()
        await LocalProxyHandler.get(self, self.session_id)

    async def http_get(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def head(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def post(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def put(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def patch(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def delete(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    @allow_unauthenticated
    async def options(self, *_: Any, **__: Any) -> None:
        await self.proxy()

    async def proxy(self) -> None:
        """Until the answer is whole, or the session is over."""
        self._has_come_whole()
        forwarding = asyncio.create_task(self._forward())
        over = asyncio.create_task(self._pages.over(self.session_id))
        self._at_work = [forwarding, over]
        try:
            await asyncio.wait(self._at_work, return_when=asyncio.FIRST_COMPLETED)
            if forwarding.done() and not forwarding.cancelled():
                forwarding.result()
            elif over.done() and not over.cancelled():
                self._give_up(FailedPrecondition(over.result(), reason="session_closed"))
        except (aiohttp.ClientError, TimeoutError):
            self._give_up(web.HTTPError(502, "marimo did not answer."))
        except StreamClosedError:
            pass  # who asked is gone
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        for task in self._at_work:
            task.cancel()

    def _give_up(self, error: Exception) -> None:
        """Say why; if an answer has begun, cut it off, so that nobody takes its first part for the whole."""
        if not self._headers_written:
            raise error
        cast("Any", self.request.connection).close()

    async def _forward(self) -> None:
        async with self.context.upstream.session.request(
            str(self.request.method),
            self._address("http"),
            headers=self._headers_to_app(),
            data=bytes(self._received) if self._received else None,
            allow_redirects=False,
        ) as answer:
            self._begin(answer)
            length = answer.content_length
            if self._shows_the_page or (length is not None and length <= _MAX_WHOLE_BYTES):
                self._end_whole(await answer.read())
                return
            async for chunk in answer.content.iter_any():
                self.write(chunk)
                await web.RequestHandler.flush(self)  # jupyter-server-proxy's own returns nothing to wait for

    def _begin(self, answer: aiohttp.ClientResponse) -> None:
        location = answer.headers.get("Location")
        if location is not None or 300 <= answer.status < 304:
            place = None
            if location is not None:
                place = place_of_redirect(location, root=self.root, port=self._app.port)
            if place is None:
                raise web.HTTPError(502, "marimo redirects to a place outside of this session's page.")
            self.set_header("Location", place)
        self.set_status(answer.status, answer.reason)
        self.clear_header("Content-Type")
        for name, value in headers.to_browser(answer.headers.items()):
            self.add_header(name, value)

    def _end_whole(self, body: bytes) -> None:
        if self._shows_the_page:
            body = body.replace(b"<head>", b"<head>" + _SCRIPT, 1)
            self.set_header("Content-Length", str(len(body)))
        if body:
            self.write(body)

    @property
    def _asks_for_the_page(self) -> bool:
        return self.path_in_page == "/" and self.request.method == "GET"

    @property
    def _shows_the_page(self) -> bool:
        """Whether the answer that has begun is the page itself; it may hold pictures and styles, and be large."""
        return self._asks_for_the_page and self._headers.get("Content-Type", "").startswith("text/html")

    # WebSocket

    async def open(self, *_: Any, **__: Any) -> None:
        self.set_nodelay(True)
        try:
            self._upstream = await self.context.upstream.session.ws_connect(
                self._address("ws"),
                headers=self._headers_to_app(),
                max_msg_size=_MAX_FRAME_BYTES,
                protocols=self._requested_subprotocols or (),
                autoping=True,
                compress=0,
            )
        except (aiohttp.ClientError, TimeoutError):
            self.close(_GONE_AWAY, "marimo did not answer")
            return
        work = (functools.partial(self._carry_down, self._upstream), self._carry_the_end, self._count_running_cells)
        self._at_work = [asyncio.create_task(self._until_closed(one)) for one in work]

    async def on_message(self, message: str | bytes) -> None:
        upstream = self._upstream
        if upstream is None or upstream.closed:
            return
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            if isinstance(message, bytes):
                await upstream.send_bytes(message)
            else:
                await upstream.send_str(message)

    def on_ping(self, data: bytes) -> None:
        """tornado has answered it; the app's own connection has pings of its own."""

    def on_pong(self, data: bytes) -> None:
        pass

    def on_close(self) -> None:
        for task in self._at_work:
            task.cancel()
        if self._upstream is not None:
            asyncio.ensure_future(self._upstream.close())  # noqa: RUF006 - it ends by itself, whatever becomes of it

    async def _until_closed(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            await work()

    async def _carry_down(self, upstream: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in upstream:
            if frame.type == aiohttp.WSMsgType.TEXT:
                self._cells.hear(frame.data)
                await self.write_message(frame.data)
            elif frame.type == aiohttp.WSMsgType.BINARY:
                await self.write_message(frame.data, binary=True)
        code = upstream.close_code
        self.close(code if code is not None and 1000 <= code < 5000 and code not in {1005, 1006} else _GONE_AWAY)

    async def _carry_the_end(self) -> None:
        await self._pages.over(self.session_id)
        self.close(_NORMAL, _SHUTDOWN)

    async def _count_running_cells(self) -> None:
        while True:
            if self._cells:
                await self._used()
            await asyncio.sleep(_BUSY_SECONDS)

    # Both

    def _address(self, scheme: str) -> URL:
        query = f"?{self.request.query}" if self.request.query else ""
        return URL(f"{scheme}://127.0.0.1:{self._app.port}{self.request.path}{query}", encoded=True)

    def _headers_to_app(self) -> list[tuple[str, str]]:
        found = headers.to_app(self.request.headers.get_all(), self._app.token)
        if not self._asks_for_the_page:
            return found
        return [(name, value) for name, value in found if name.lower() != "accept-encoding"]

    async def _used(self) -> None:
        """For our idle time, and for Jupyter's own."""
        self._record_activity()
        await self._pages.used(self.session_id)


class ScriptHandler(PageHandler):
    """What runs in the page on our behalf."""

    async def prepare(self) -> None:  # type: ignore[override]
        self.refuse_strangers()

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.finish(_script())


@functools.cache
def _script() -> bytes:
    return (resources.files(__package__) / "page.js").read_bytes()
