"""What passes between a browser and an app over HTTP and WebSocket, and what both see when one of them ends."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from tests.unit.small_pages import ROOT, TOKEN, App, SmallPage, small_page

PATIENCE = 60.0
OVER = "was closed after 30 minutes idle"


def run(app: App, work: Callable[[SmallPage], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with asyncio.timeout(PATIENCE), small_page(app) as page:
            await work(page)

    asyncio.run(all_of_it())


class Waiting:
    """An app that is asked, and answers with a first part only, or not at all.

    :param headers: of the answer; ``None``: there is none.
    """

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self.asked = asyncio.Event()
        self._headers = headers
        self._request: web.Request | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers=self._headers)
        if self._headers is not None:
            await answer.prepare(request)
            await answer.write(b"first part")
        self._request = request
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        return answer

    def die(self) -> None:
        assert self._request is not None
        assert self._request.transport is not None
        self._request.transport.abort()


async def hello(request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


# Answers that take their time


def test_events_arrive_one_by_one_as_the_app_sends_them() -> None:
    heard = asyncio.Event()

    async def app(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(f"data: after {request.headers['Last-Event-ID']}\n\n".encode())
        await heard.wait()
        await answer.write(b"data: next\n\n")
        return answer

    async def work(page: SmallPage) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "7"}
        async with page.browser.get(page.url("/sse"), headers=headers) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert await answer.content.readuntil(b"\n\n") == b"data: after 7\n\n"
            heard.set()
            assert await answer.content.read() == b"data: next\n\n"

    run(app, work)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_that_the_end_of_the_session_overtakes_is_not_answered_as_done(method: str) -> None:
    app = Waiting()

    async def work(page: SmallPage) -> None:
        asking = asyncio.create_task(page.browser.request(method, page.url("/api/kernel/save"), data=b"{}"))
        await app.asked.wait()
        page.page.end(OVER)
        async with await asking as answer:
            assert (answer.status, await answer.json()) == (410, {"message": OVER, "over": True})

    run(app.answer, work)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "5000000"}], ids=["of unknown length", "of known length"])
@pytest.mark.parametrize("ends", ["session", "app"])
def test_an_answer_that_is_cut_off_does_not_look_whole(headers: dict[str, str], ends: str) -> None:
    app = Waiting(headers)

    async def work(page: SmallPage) -> None:
        async with page.browser.get(page.url("/file")) as answer:
            assert await answer.content.readexactly(10) == b"first part"
            page.page.end(OVER) if ends == "session" else app.die()
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()

    run(app.answer, work)


def test_an_app_that_dies_before_it_answers_is_told() -> None:
    app = Waiting()

    async def work(page: SmallPage) -> None:
        asking = asyncio.create_task(page.browser.post(page.url("/api/kernel/save"), data=b"{}"))
        await app.asked.wait()
        app.die()
        async with await asking as answer:
            assert (answer.status, await answer.json()) == (502, {"message": "marimo did not answer.", "over": False})

    run(app.answer, work)


# What passes


def test_an_app_sees_the_request_and_nothing_of_who_sent_it() -> None:
    async def app(request: web.Request) -> web.StreamResponse:
        seen = {name.lower(): value for name, value in request.headers.items() if name.lower() != "host"}
        return web.json_response([request.method, request.raw_path, seen, (await request.read()).decode()])

    async def work(page: SmallPage) -> None:
        sent = {
            "Accept-Encoding": "gzip",
            "Connection": "keep-alive, Cookie",
            "Content-Type": "text/plain",
            "Forwarded": "for=1.2.3.4",
            "Proxy-Authorization": "Basic secret",
            "TE": "trailers",
            "Upgrade": "h2c",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Prefix": "/evil",
        }
        url = page.url("/api?a=%2F&b")
        async with page.browser.post(url, headers=sent, data=_in_pieces(), skip_auto_headers=["User-Agent"]) as answer:
            method, path, headers, body = await answer.json()
        assert (method, path, body) == ("POST", f"{ROOT}/api?a=%2F&b", "one, two")
        assert headers == {
            "accept": "*/*",
            "accept-encoding": "gzip",
            "authorization": f"Bearer {TOKEN}",
            "content-length": "8",
            "content-type": "text/plain",
        }

    run(app, work)


async def _in_pieces() -> AsyncIterator[bytes]:
    yield b"one, "
    yield b"two"


@pytest.mark.parametrize(("method", "body"), [("HEAD", b""), ("OPTIONS", b"hello"), ("PATCH", b"hello")])
def test_other_verbs_pass_too(method: str, body: bytes) -> None:
    async def work(page: SmallPage) -> None:
        async with page.browser.request(method, page.url("/x")) as answer:
            assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "5", body)

    run(hello, work)


def test_a_compressed_answer_passes_as_it_is_and_the_page_itself_is_not_compressed() -> None:
    packed = gzip.compress(b"x" * 5000)

    async def app(request: web.Request) -> web.StreamResponse:
        if "Accept-Encoding" in request.headers:
            return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
        return web.Response(text="<html><head></head></html>", content_type="text/html")

    async def work(page: SmallPage) -> None:
        async with page.browser.get(page.url("/x")) as answer:
            assert (answer.headers["Content-Encoding"], await answer.read()) == ("gzip", packed)
        async with page.browser.get(page.url()) as answer:
            assert await answer.text() == '<html><head><script src="./_page.js"></script></head></html>'

    run(app, work)


def test_a_large_page_has_our_script_too() -> None:
    large = "<html><head></head>" + "<!-- a picture -->" * 100_000

    async def app(request: web.Request) -> web.StreamResponse:
        return web.Response(text=large, content_type="text/html")

    async def work(page: SmallPage) -> None:
        async with page.browser.get(page.url()) as answer:
            text = await answer.text()
        assert '<head><script src="./_page.js"></script></head>' in text
        assert len(text) == len(large) + len('<script src="./_page.js"></script>')

    run(app, work)


# What does not pass

_UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
ODD: list[tuple[int, str, tuple[str, ...]]] = [
    (404, f"GET http://127.0.0.1{ROOT}/x", ()),
    (404, f"GET //evil.example{ROOT}/x", ()),
    (400, f"GET {ROOT}/../OTHER/", ()),
    (405, f"TRACE {ROOT}/x", ()),
    (405, f"CONNECT {ROOT}/x", ()),
    (405, f"HEAD {ROOT}/_auth?ticket=a", ()),
    (400, f"POST {ROOT}/x", ("Content-Length: 1", "Content-Length: 2")),
    (400, f"POST {ROOT}/x", ("Content-Length: 1", "Transfer-Encoding: chunked")),
    (400, f"POST {ROOT}/x", ("Content-Length: -1",)),
    (400, f"POST {ROOT}/x", ("Content-Length: one",)),
    (413, f"POST {ROOT}/x", (f"Content-Length: {2**40}",)),
    (413, f"POST {ROOT}/x", (f"Content-Length: {'9' * 5000}",)),
    (403, f"GET {ROOT}/x", ("Host: evil.example",)),
    (403, f"GET {ROOT}/x", ("Host: localhost:1;script-src",)),
    (400, f"GET {ROOT}/x", ("Host: localhost", "Host: evil.example")),
]
STRANGE_ORIGINS = [
    "null",
    "",
    "http://127.0.0.1:1",
    "http://[broken",
    "http://127.0.0.1:{port}@evil.example",
    "file://",
]


@pytest.mark.parametrize(("status", "line", "headers"), ODD)
def test_an_odd_request_is_refused_and_reaches_no_app(status: int, line: str, headers: tuple[str, ...]) -> None:
    app = Waiting()

    async def work(page: SmallPage) -> None:
        assert await page.status_of(line, *headers) == status
        assert not app.asked.is_set()

    run(app.answer, work)


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_another_origin_is_refused_in_whatever_way_it_is_spelt(origin: str) -> None:
    app = Waiting()

    async def work(page: SmallPage) -> None:
        header = f"Origin: {origin.format(port=page.port)}"
        assert await page.status_of(f"POST {ROOT}/x", header, "Content-Length: 0") == 403
        assert await page.status_of(f"GET {ROOT}/ws", header, *_UPGRADE) == 403
        assert await page.status_of(f"GET {ROOT}/_watch", header, *_UPGRADE) == 403
        assert await page.status_of(f"GET {ROOT}/_watch", f"Origin: {page.origin}", *_UPGRADE) == 101
        assert not app.asked.is_set()

    run(app.answer, work)


# Sockets


def test_a_socket_whose_page_is_closed_before_the_app_takes_it_is_closed_there_too() -> None:
    asked, left, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def app(request: web.Request) -> web.StreamResponse:
        asked.set()
        await left.wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        closed.set()
        return socket

    async def work(page: SmallPage) -> None:
        async with page.asking(f"GET {ROOT}/ws", f"Host: 127.0.0.1:{page.port}", *_UPGRADE) as (reader, _):
            await asked.wait()
            await reader.readuntil(b"\r\n\r\n")
        left.set()
        await closed.wait()

    run(app, work)


def test_how_the_app_closes_a_socket_is_told_to_the_page() -> None:
    async def app(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
            await socket.close(code=4000)
        return socket

    async def work(page: SmallPage) -> None:
        async with page.browser.ws_connect(page.url("/ws"), headers={"Origin": page.origin}) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "HELLO"
            assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 4000

    run(app, work)
