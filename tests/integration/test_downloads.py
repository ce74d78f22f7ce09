"""Downloads of libraries from a small server of this machine, whose names and addresses the test makes up.

On a server with teams, loopback is refused. So here one loopback address stands for the internet, and all others are
private: who resolves, and what is permitted, is handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lakesail_notebook.backends.local.directories import private_directory
from lakesail_notebook.backends.local.downloads import Downloads, resolve_by_system
from lakesail_notebook.backends.local.environment import user_environment
from lakesail_notebook.backends.local.libraries import LocalLibraries
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.models import Library, RequirementsLibrary
from lakesail_notebook.process import own_python
from tests.certificates import self_signed
from tests.wheels import build_wheel

PUBLIC, PRIVATE = "127.0.0.1", "127.0.0.2"
HOST = "files.example.com"


class Website:
    """An HTTPS server on both addresses, with a certificate for :data:`HOST`. A context manager."""

    def __init__(self, directory: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[tuple[str, str, str]] = []
        """Address, Host and path of each request."""
        certificate, key = self_signed(directory, HOST)
        self.tls = ssl.create_default_context(cafile=str(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._servers = [self._server(PUBLIC, 0, context)]
        self.port = int(self._servers[0].server_address[1])
        self._servers.append(self._server(PRIVATE, self.port, context))
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            for server in self._servers
        ]

    def __enter__(self) -> Website:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def _server(self, address: str, port: int, context: ssl.SSLContext) -> ThreadingHTTPServer:
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                website.asked.append((address, str(self.headers["Host"]), self.path))
                if self.path in website.redirects:
                    self.send_response(302)
                    self.send_header("Location", website.redirects[self.path])
                    self.end_headers()
                    return
                content = website.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer((address, port), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server


class Names:
    """A resolver by hand."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {HOST: [PUBLIC]}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.addresses:
            return await resolve_by_system(host, port)
        return self.addresses[host]


@pytest.fixture
def website(tmp_path: Path) -> Iterator[Website]:
    with Website(tmp_path) as running:
        yield running


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def downloads(website: Website, names: Names) -> Downloads:
    return Downloads(guarded=True, resolve=names, permits=lambda address: address == PUBLIC, tls=website.tls)


def read(downloads: Downloads, url: str, *, most_bytes: int = 1000) -> str:
    return asyncio.run(downloads.text(url, "the list", most_bytes=most_bytes))


def refusal(downloads: Downloads, url: str) -> str:
    with pytest.raises(Unavailable) as caught:
        read(downloads, url)
    return caught.value.message


def test_what_is_at_a_public_address_is_read_under_its_name(website: Website, downloads: Downloads) -> None:
    website.files["/r.txt"] = b"polars"
    assert read(downloads, website.url("/r.txt")) == "polars"
    assert website.asked == [(PUBLIC, f"{HOST}:{website.port}", "/r.txt")]


@pytest.mark.parametrize("addresses", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], ["::1"], []])
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    website: Website, names: Names, downloads: Downloads, addresses: list[str]
) -> None:
    names.addresses[HOST] = addresses
    assert "private network" in refusal(downloads, website.url("/r.txt"))
    assert website.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "https://private.example.com:{port}/r.txt",
        "//private.example.com:{port}/r.txt",
        "https://127.0.0.2:{port}/r.txt",
        "https://2130706434:{port}/r.txt",
        "https://0x7f.2:{port}/r.txt",
        "https://[::ffff:127.0.0.2]:{port}/r.txt",
        "https://localhost:{port}/r.txt",
        "https://files.example.com@127.0.0.2:{port}/r.txt",
        "https://127.0.0.2.:{port}/r.txt",
        "https://%31%32%37.0.0.2:{port}/r.txt",
        "https://①②⑦.0.0.2:{port}/r.txt",
        "http://files.example.com:{port}/r.txt",
        "file:///etc/passwd",
        "https://[fe80::1%25lo]:{port}/r.txt",
    ],
)
@pytest.mark.parametrize("hops", [1, 3])
def test_each_redirect_is_judged(website: Website, names: Names, downloads: Downloads, target: str, hops: int) -> None:
    names.addresses["private.example.com"] = [PRIVATE]
    for hop in range(1, hops):
        website.redirects[f"/hop{hop}"] = f"/hop{hop + 1}"
    website.redirects[f"/hop{hops}"] = target.format(port=website.port)
    website.files["/r.txt"] = b"secret"
    refusal(downloads, website.url("/hop1"))
    assert {address for address, _, _ in website.asked} == {PUBLIC}
    assert [path for _, _, path in website.asked] == [f"/hop{hop}" for hop in range(1, hops + 1)]


def test_a_name_that_changes_its_address_is_connected_to_as_it_was_judged(
    website: Website, names: Names, downloads: Downloads
) -> None:
    """It is resolved once for each request; nobody resolves it again to connect."""
    website.redirects["/first"] = website.url("/r.txt")
    website.files["/r.txt"] = b"polars"
    assert read(downloads, website.url("/first")) == "polars"
    assert names.asked == [HOST, HOST]
    names.addresses[HOST] = [PRIVATE]
    refusal(downloads, website.url("/first"))
    assert PRIVATE not in {address for address, _, _ in website.asked}


def test_the_certificate_must_be_the_names(website: Website, names: Names, downloads: Downloads) -> None:
    names.addresses["other.example.com"] = [PUBLIC]
    assert "ConnectError" in refusal(downloads, website.url("/r.txt", "other.example.com"))
    assert website.asked == []


def test_redirects_without_an_end_are_given_up(website: Website, downloads: Downloads) -> None:
    website.redirects["/around"] = "/around"
    assert "more than 5 times" in refusal(downloads, website.url("/around"))


@pytest.mark.parametrize(("content", "said"), [(b"x" * 1001, "more than 1000 bytes"), (b"\xff", "UnicodeDecodeError")])
def test_what_is_too_long_or_no_text_is_told(website: Website, downloads: Downloads, content: bytes, said: str) -> None:
    website.files["/r.txt"] = content
    assert said in refusal(downloads, website.url("/r.txt"))


def test_a_message_tells_no_url(website: Website, downloads: Downloads) -> None:
    for path in ("/token-in-a-path", "/gone?token=secret"):
        message = refusal(downloads, website.url(path))
        assert "404" in message
        assert "token" not in message


def test_one_person_may_fetch_from_this_machine(website: Website) -> None:
    website.files["/r.txt"] = b"polars"
    everything = Downloads(tls=_trusting(website))
    assert read(everything, website.url("/r.txt", "localhost")) == "polars"
    assert refusal(Downloads(guarded=True), website.url("/r.txt", "localhost")).endswith("a private network")


def _trusting(website: Website) -> ssl.SSLContext:
    website.tls.check_hostname = False
    return website.tls


# Wheels


def install(downloads: Downloads, directory: Path, *libraries: Library, **environment: str) -> Path:
    cache = LocalLibraries(
        private_directory(directory, "the test"), user_environment(os.environ) | environment, downloads
    )
    return asyncio.run(cache.install(libraries, own_python(), lambda _: None))


def wheel_at(website: Website, directory: Path, path: str, requires: Sequence[str] = ()) -> bytes:
    content = build_wheel(directory, "greeting", "WORDS = 'hello'", requires=requires).read_bytes()
    website.files[path] = content
    return content


def test_a_wheel_is_downloaded_here_and_pip_has_the_file(
    website: Website, downloads: Downloads, tmp_path: Path
) -> None:
    wheel_at(website, tmp_path, "/a/greeting-1.0-py3-none-any.whl")
    website.redirects["/w/greeting-1.0-py3-none-any.whl"] = "/a/greeting-1.0-py3-none-any.whl"
    library = Library(whl=website.url("/w/greeting-1.0-py3-none-any.whl"))
    nobody = {"HTTPS_PROXY": "http://127.0.0.1:9"}  # of pip, which needs no network for it
    first = install(downloads, tmp_path / "cache", library, **nobody)
    assert (first / "greeting.py").read_text() == "WORDS = 'hello'"
    asked = len(website.asked)
    assert install(downloads, tmp_path / "cache", library) == first
    assert len(website.asked) == asked, "it is installed once"


def test_a_wheel_that_redirects_to_a_private_address_is_not_installed(
    website: Website, downloads: Downloads, tmp_path: Path
) -> None:
    wheel_at(website, tmp_path, "/inside/greeting-1.0-py3-none-any.whl")
    target = f"https://{PRIVATE}:{website.port}/inside/greeting-1.0-py3-none-any.whl"
    website.redirects["/greeting-1.0-py3-none-any.whl"] = target
    with pytest.raises(Unavailable, match="private network"):
        install(downloads, tmp_path / "cache", Library(whl=website.url("/greeting-1.0-py3-none-any.whl")))
    assert {address for address, _, _ in website.asked} == {PUBLIC}
    assert [found for found in (tmp_path / "cache").iterdir() if found.is_dir()] == []


@pytest.mark.parametrize(
    "need", ["words @ https://127.0.0.2/words-1.0-py3-none-any.whl", "words@file:///etc/words.whl"]
)
def test_a_teams_wheel_sends_pip_to_no_url(website: Website, downloads: Downloads, tmp_path: Path, need: str) -> None:
    wheel_at(website, tmp_path, "/greeting-1.0-py3-none-any.whl", [need])
    local = build_wheel(tmp_path, "greeting", "", requires=[need])
    for library in (Library(whl=website.url("/greeting-1.0-py3-none-any.whl")), Library(whl=str(local))):
        with pytest.raises(Unavailable, match="needs words from a URL"):
            install(downloads, tmp_path / "cache", library)


@pytest.mark.parametrize(("wrong", "said"), [(False, None), (True, "does not have the sha256")])
def test_a_wheel_must_have_the_hash_that_its_url_says(
    website: Website, downloads: Downloads, tmp_path: Path, wrong: bool, said: str | None
) -> None:
    content = wheel_at(website, tmp_path, "/greeting-1.0-py3-none-any.whl")
    digest = hashlib.sha256(b"other" if wrong else content).hexdigest()
    library = Library(whl=website.url(f"/greeting-1.0-py3-none-any.whl#sha256={digest}"))
    if said is None:
        assert (install(downloads, tmp_path / "cache", library) / "greeting.py").exists()
    else:
        with pytest.raises(Unavailable, match=said):
            install(downloads, tmp_path / "cache", library)


@pytest.mark.parametrize("name", ["greeting%2F..%2F..%2Fx.whl", "-r.whl", "a b.whl", "%0A--pre.whl", ".whl"])
def test_a_name_that_no_wheel_has_reaches_neither_a_path_nor_pip(
    website: Website, downloads: Downloads, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Unavailable, match="name of a wheel"):
        install(downloads, tmp_path / "cache", Library(whl=website.url(f"/{name}")))
    assert website.asked == []


def test_a_list_of_requirements_is_fetched_alike(
    website: Website, names: Names, downloads: Downloads, tmp_path: Path
) -> None:
    website.redirects["/r.txt"] = f"https://{PRIVATE}:{website.port}/r.txt"
    library = Library(requirements=RequirementsLibrary(uri=website.url("/r.txt")))
    with pytest.raises(Unavailable, match="private network"):
        install(downloads, tmp_path / "cache", library)
    assert {address for address, _, _ in website.asked} == {PUBLIC}
