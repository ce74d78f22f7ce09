"""Downloads for the libraries of compute configs: from where they may come, and to the very address that was judged.

A name may resolve to another address the next time it is asked for. So it is resolved here, its addresses are judged,
and the request goes to one of them, under the name: TLS checks the certificate of the name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Unavailable
from ...workloads.rules.addresses import is_public_address
from ...workloads.rules.libraries import url_problem

if TYPE_CHECKING:
    import httpx

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port -> addresses."""

MAX_WHEEL_BYTES = 1024**3
_MAX_REDIRECTS = 5
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 30.0


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """:raises OSError: when the name is unknown."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Downloads:
    """
    :param guarded: whether whoever names a URL may reach no more than the internet through this server.
    :param resolve: how names become addresses.
    :param permits: which addresses a guarded server fetches from.
    :param tls: whom it trusts; absent: as httpx does.
    """

    def __init__(
        self,
        *,
        guarded: bool = False,
        resolve: Resolve = resolve_by_system,
        permits: Callable[[str], bool] = is_public_address,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.guarded = guarded
        self._resolve = resolve
        self._permits = permits
        self._tls = tls

    async def text(self, url: str, what: str, *, most_bytes: int) -> str:
        """What is at a URL, as text.

        :param what: begins the sentence of an error.
        :raises Unavailable: when it cannot be had, or may not be fetched.
        """
        content = b""
        async with self._told(what), self._opened(url, what) as answer:
            async for chunk in _bounded(answer, what, most_bytes):
                content += chunk
            return content.decode()

    async def file(self, url: str, target: Path, what: str, *, most_bytes: int = MAX_WHEEL_BYTES) -> None:
        """Write what is at a URL into a new file.

        :param what: begins the sentence of an error.
        :raises Unavailable: when it cannot be had, or may not be fetched.
        """
        async with self._told(what), self._opened(url, what) as answer:
            with target.open("xb") as file:
                async for chunk in _bounded(answer, what, most_bytes):
                    await asyncio.to_thread(file.write, chunk)

    @asynccontextmanager
    async def _told(self, what: str) -> AsyncIterator[None]:
        """No message tells the URL, which may hold a secret."""
        import httpx  # few need it, and a server that is not used must start fast

        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise Unavailable(f"{what} cannot be read ({type(error).__name__})") from error

    @asynccontextmanager
    async def _opened(self, url: str, what: str) -> AsyncIterator[httpx.Response]:
        """The answer of the last of the places that redirect to one another; each of them is judged."""
        import httpx

        timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        verify = self._tls if self._tls is not None else True
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=False, verify=verify) as client:
            wanted = httpx.URL(url)
            for _ in range(_MAX_REDIRECTS + 1):
                answer = await client.send(await self._request(client, wanted, what), stream=True)
                try:
                    if not answer.has_redirect_location:
                        if answer.status_code != httpx.codes.OK:
                            raise Unavailable(f"{what} was answered with status {answer.status_code}")
                        yield answer
                        return
                    wanted = wanted.join(answer.headers["location"])
                finally:
                    await answer.aclose()
        raise Unavailable(f"{what} was redirected more than {_MAX_REDIRECTS} times")

    async def _request(self, client: httpx.AsyncClient, url: httpx.URL, what: str) -> httpx.Request:
        """To the address that was judged, under the URL's name."""
        problem = url_problem(str(url), {"https"}, private_hosts=not self.guarded)
        if problem is not None:
            raise Unavailable(f"{what} is at, or redirects to, a URL that {problem}")
        if not self.guarded:
            return client.build_request("GET", url)
        address = await self._judged(url, what)
        return client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii").rstrip(".")},
        )

    async def _judged(self, url: httpx.URL, what: str) -> str:
        try:
            addresses = await self._resolve(url.raw_host.decode("ascii"), url.port or 443)
        except OSError as error:
            raise Unavailable(f"{what} is at a host that is not known ({url.host})") from error
        if not addresses or not all(map(self._permits, addresses)):
            raise Unavailable(
                f"{what} is at, or redirects to, a host of this machine or a private network ({url.host}); "
                "give a public address"
            )
        return addresses[0]


async def _bounded(answer: httpx.Response, what: str, most_bytes: int) -> AsyncIterator[bytes]:
    count = 0
    async for chunk in answer.aiter_bytes():
        count += len(chunk)
        if count > most_bytes:
            raise Unavailable(f"{what} has more than {most_bytes} bytes")
        yield chunk
