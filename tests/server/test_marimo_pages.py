"""The pages of marimo sessions over HTTP and WebSocket: a real Jupyter server in front of a real marimo."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx
import pytest

from lakesail_notebook.workloads.records import SessionRecord
from tests.page_server import Mode, PageServer, a_marimo_session, page_server
from tests.server.header_identity import USER_HEADER

TOKEN = "token-of-the-page-server"
PATIENCE = 60.0
NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    mo.md("seen: " + repr(sorted(dict(mo.app_meta().request.headers).items())) + " end")
    return


@app.cell
def _():
    import time

    waited = "waited".upper() if time.sleep(1) is None else ""
    return
"""


@dataclass(frozen=True, slots=True)
class Pages:
    """Ada has two sessions, whose pages one marimo each serves; Bob has one without any."""

    server: PageServer
    ada: str
    ended: str
    bob: str

    def url(self, session_id: str, below: str = "") -> str:
        return f"{self.server.page(session_id)}{below}"

    @contextlib.contextmanager
    def browser(self, session_id: str) -> Iterator[httpx.Client]:
        """Logged in to a page."""
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            opened = client.get(self.url(session_id, "_auth"), params={"ticket": self.ticket(session_id)})
            assert opened.status_code == 303
            yield client

    def ticket(self, session_id: str, user: str = "ada") -> str:
        answer = self.open(session_id, user)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].partition("ticket=")[2]

    def open(self, session_id: str, user: str = "ada") -> httpx.Response:
        headers = {USER_HEADER: user, "Accept": "text/html"}
        return httpx.get(self.url(session_id, "_open"), headers=headers, trust_env=False, timeout=PATIENCE)

    @property
    def origin(self) -> str:
        return self.server.jupyter.url.rstrip("/")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    directory = tmp_path_factory.mktemp("pages")
    notebook = directory / "notebook.py"
    notebook.write_text(NOTEBOOK)
    ada, ended, bob = a_marimo_session("ADA"), a_marimo_session("ADA"), a_marimo_session("BOB")
    provider = "tests.server.header_identity.HeaderIdentityProvider"
    config = {"ServerApp": {"identity_provider_class": provider, "allow_unauthenticated_access": False}}
    served: list[tuple[SessionRecord, Path, Mode | None]] = [
        (ada, notebook, "edit"),
        (ended, notebook, "run"),
        (bob, notebook, None),
    ]
    with page_server(directory, served, config=config, token=TOKEN) as server:
        found = Pages(server, ada.id, ended.id, bob.id)
        _until(lambda: found.open(ended.id).status_code == 303)
        yield found


@pytest.fixture(scope="module")
def browser(pages: Pages) -> Iterator[httpx.Client]:
    with pages.browser(pages.ada) as client:
        yield client


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


# Logging in


def test_a_ticket_opens_the_page_once_and_leaves_a_clean_url(pages: Pages) -> None:
    ticket = pages.ticket(pages.ada)
    first = httpx.get(pages.url(pages.ada, "_auth"), params={"ticket": ticket}, trust_env=False, timeout=PATIENCE)
    assert (first.status_code, first.headers["Location"]) == (303, f"/lakesail/marimo/{pages.ada}/")
    cookie = first.headers["Set-Cookie"]
    assert f"Path=/lakesail/marimo/{pages.ada}/" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    again = httpx.get(pages.url(pages.ada, "_auth"), params={"ticket": ticket}, trust_env=False, timeout=PATIENCE)
    assert again.status_code == 403
    assert "Set-Cookie" not in again.headers


def test_a_ticket_of_another_session_opens_nothing(pages: Pages) -> None:
    for ticket in (pages.ticket(pages.ended), "guessed", ""):
        answer = httpx.get(pages.url(pages.ada, "_auth"), params={"ticket": ticket}, trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_only_its_owner_who_is_logged_in_opens_a_page(pages: Pages) -> None:
    assert pages.open(pages.ada, "bob").status_code == 404
    nobody = httpx.get(
        pages.url(pages.ada, "_open"), headers={"Accept": "text/html"}, trust_env=False, timeout=PATIENCE
    )
    assert nobody.status_code == 302
    assert "/login?next=" in nobody.headers["Location"]


def test_a_page_that_nothing_serves_yet_says_what_it_waits_for_and_looks_again(pages: Pages) -> None:
    answer = pages.open(pages.bob, "bob")
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text


def test_the_cookie_alone_counts_and_only_for_its_own_page(pages: Pages, browser: httpx.Client) -> None:
    status = pages.url(pages.ada, "api/status")
    assert browser.get(status).status_code == 200
    bearer = {"Authorization": f"token {TOKEN}", USER_HEADER: "ada"}
    assert httpx.get(status, headers=bearer, trust_env=False, timeout=PATIENCE).status_code == 403
    [(_, value)] = browser.cookies.items()
    others = {f"lakesail-{pages.ended}": value}
    assert (
        httpx.get(pages.url(pages.ended, "api/status"), cookies=others, trust_env=False, timeout=PATIENCE).status_code
        == 403
    )


def test_a_person_without_a_cookie_is_led_to_the_login(pages: Pages) -> None:
    answer = httpx.get(pages.url(pages.ada), headers={"Accept": "text/html"}, trust_env=False, timeout=PATIENCE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/lakesail/marimo/{pages.ada}/_open")


def test_tickets_stand_in_no_log(pages: Pages) -> None:
    ticket = pages.ticket(pages.ada)
    httpx.get(pages.url(pages.ada, "_auth"), params={"ticket": ticket}, trust_env=False, timeout=PATIENCE)
    httpx.get(pages.url(pages.ada, "_auth"), params={"ticket": ticket}, trust_env=False, timeout=PATIENCE)
    _until(lambda: "_auth?ticket=[secret]" in pages.server.jupyter.log())
    assert ticket not in pages.server.jupyter.log()


# What passes


@pytest.mark.parametrize("below", ["..%2f..%2fapi", "%2e%2e%2f", "a//b", "..%5capi", "%252e%252e/x"])
def test_a_path_that_leaves_the_page_is_refused(pages: Pages, browser: httpx.Client, below: str) -> None:
    assert browser.get(pages.url(pages.ada, below)).status_code == 400


def test_a_jupyter_token_in_the_url_goes_no_further(pages: Pages, browser: httpx.Client) -> None:
    url = pages.url(pages.ada, f"?token={TOKEN}&a=1")
    shown = browser.get(url, headers={"Accept": "text/html"})
    assert (shown.status_code, shown.headers["Location"]) == (303, f"/lakesail/marimo/{pages.ada}/?a=1")
    assert browser.get(url).status_code == 400


def test_every_answer_keeps_its_scripts_to_the_path_of_the_page(pages: Pages, browser: httpx.Client) -> None:
    for below in ("", "api/status", "assets/none.js", "_status", "_page.js", "..%2fx"):
        headers = browser.get(pages.url(pages.ada, below)).headers
        assert f"connect-src {pages.url(pages.ada)} " in headers["Content-Security-Policy"], below
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_a_large_file_arrives_whole(pages: Pages, browser: httpx.Client) -> None:
    import marimo

    assets = Path(marimo.__file__).parent / "_static" / "assets"
    largest = max(assets.iterdir(), key=lambda file: file.stat().st_size)
    assert browser.get(pages.url(pages.ada, f"assets/{largest.name}")).content == largest.read_bytes()


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site"}])
def test_pages_of_other_origins_use_nothing(pages: Pages, browser: httpx.Client, headers: dict[str, str]) -> None:
    assert browser.post(pages.url(pages.ada, "api/kernel/run"), headers=headers, json={}).status_code == 403


def test_a_notebook_installs_no_service_worker(pages: Pages, browser: httpx.Client) -> None:
    headers = {"Service-Worker": "script"}
    assert browser.get(pages.url(pages.ada, "@file/1-a.js"), headers=headers).status_code == 403
    assert browser.get(pages.url(pages.ada, "public-files-sw.js"), headers=headers).status_code == 200


# Sockets


@contextlib.asynccontextmanager
async def _connected(
    pages: Pages, browser: httpx.Client, session_id: str, below: str, **headers: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    url = pages.url(session_id, below).replace("http", "ws", 1)
    sent = {"Cookie": cookie, "Origin": pages.origin, **headers}
    async with aiohttp.ClientSession() as client, client.ws_connect(url, headers=sent) as socket:
        yield socket


async def _heard(socket: aiohttp.ClientWebSocketResponse, pattern: str) -> str:
    """The first message that the pattern is found in."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.receive()
            assert message.type == aiohttp.WSMsgType.TEXT, "the socket was closed"
            if re.search(pattern, message.data, re.DOTALL):
                return str(message.data)


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Why, in words; when the server has closed it."""
    async with asyncio.timeout(PATIENCE):
        while (message := await socket.receive()).type == aiohttp.WSMsgType.TEXT:
            pass
    return str(message.extra or "")


def _run(work: Awaitable[None]) -> None:
    async def all_of_it() -> None:
        await work

    asyncio.run(all_of_it())


def test_a_socket_of_another_origin_or_without_the_cookie_is_refused(pages: Pages, browser: httpx.Client) -> None:
    async def work() -> None:
        for headers in ({"Origin": "http://evil.example"}, {"Cookie": "a=b"}):
            for below in ("ws?session_id=s_stranger", "_watch"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    async with _connected(pages, browser, pages.ada, below, **headers):
                        pass
                assert refused.value.status == 403

    _run(work())


def test_a_notebook_runs_and_sees_nothing_of_the_viewers_login(pages: Pages) -> None:
    async def work() -> None:
        with pages.browser(pages.ended) as browser:
            browser.cookies.set("username-127-0-0-1", "jupyter-secret")
            headers = {"X-Forwarded-User": "forwarded-secret", USER_HEADER: "header-secret"}
            async with _connected(pages, browser, pages.ended, "ws?session_id=s_viewer", **headers) as socket:
                shown = await _heard(socket, "seen: .* end")
            for secret in ("jupyter-secret", "forwarded-secret", "header-secret", *browser.cookies.values()):
                assert secret not in shown
            assert "authorization" in shown, "marimo's own, which opens marimo alone"

    _run(work())


def test_an_open_page_is_no_use_and_a_person_in_it_is(pages: Pages) -> None:
    async def work() -> None:
        with pages.browser(pages.ended) as browser:
            uses = pages.server.uses().count(pages.ended)
            async with _connected(pages, browser, pages.ended, "_watch") as watching:
                for _ in range(3):
                    assert browser.get(pages.url(pages.ended, "health")).status_code == 200
                assert pages.server.uses().count(pages.ended) == uses
                async with asyncio.timeout(PATIENCE):
                    while pages.server.uses().count(pages.ended) == uses:
                        await watching.send_str("used")
                        await asyncio.sleep(0.1)

    _run(work())


# The end; the last test, since one of the sessions ends with it


def test_the_end_of_a_session_closes_its_page_which_is_told_why(pages: Pages) -> None:
    async def work() -> None:
        with pages.browser(pages.ended) as browser:
            ticket = pages.ticket(pages.ended)
            async with (
                _connected(pages, browser, pages.ended, "_watch") as watching,
                _connected(pages, browser, pages.ended, "ws?session_id=s_last") as kernel,
            ):
                await _heard(kernel, "kernel-ready")
                await asyncio.to_thread(pages.server.end, pages.ended, "was closed after 30 minutes idle")
                assert "after 30 minutes idle" in await _closed(watching)
                assert watching.close_code == 4410
                await _closed(kernel)
            fetched = browser.get(pages.url(pages.ended, "health"))
            assert (fetched.status_code, fetched.json()["over"]) == (410, True)
            assert "after 30 minutes idle" in fetched.json()["message"]
            for below in ("", "_open"):
                headers = {"Accept": "text/html", USER_HEADER: "ada"}
                shown = browser.get(pages.url(pages.ended, below), headers=headers)
                assert (shown.status_code, "after 30 minutes idle" in shown.text) == (410, True)
            late = browser.get(pages.url(pages.ended, "_auth"), params={"ticket": ticket})
            assert late.status_code == 403

    _run(work())
