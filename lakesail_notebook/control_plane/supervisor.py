"""Keeps a session proxy running for this control plane: holds its port, starts it again when it ends, feeds it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from ..errors import Unavailable
from ..feed import ProxyLaunch, Route
from ..process import ChildProcess, describe_exit, own_python, spawn
from .feed_server import FeedServer, FeedSource

LOCALHOST = "localhost"
LOOPBACK = ("127.0.0.1", "::1")
_WILDCARDS = frozenset({"0.0.0.0", "::"})
STOP_SECONDS = 3.0
ABANDONED_SECONDS = 30
"""A proxy that runs without following the feed for so long is stuck, and replaced."""
MAX_QUICK_DEATHS = 3
"""After so many proxies in a row that ended at once, and never served, it is said that none will."""
_YOUNG_SECONDS = 10.0
_FIRST_BACKOFF_SECONDS, _LAST_BACKOFF_SECONDS = 0.1, 5.0
_PORT_TRIES = 20
_PROXY_ENVIRONMENT = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHOME",
        "PYTHONNOUSERSITE",
        "PYTHONPATH",
        "PYTHONPYCACHEPREFIX",
        "PYTHONUSERBASE",
        "TMPDIR",
        "TZ",
    }
)
"""What a process of ours needs to start. It holds no secret of Jupyter, of a Hub or of a cloud."""
_GIVE_MEMORY_BACK = {
    "MALLOC_MMAP_THRESHOLD_": "32768",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "MALLOC_ARENA_MAX": "2",
}
"""For glibc: what a large message took goes back to the system, instead of staying with the process in pieces."""

log = logging.getLogger(__name__)


class ProxySupervisor:
    """The control plane's ``SessionProxy``: a child process that it keeps alive.

    :param bind: addresses to serve; without any, the loopback.
    :param port: ``0`` for a free one, then held until :meth:`close`.
    :param public_endpoint: ``HOST:PORT`` to tell to clients, where it is not ``localhost``.
    """

    def __init__(
        self,
        *,
        bind: Sequence[str] = (),
        port: int = 0,
        public_endpoint: str | None = None,
        tls_certificate_file: str | None = None,
        tls_key_file: str | None = None,
    ) -> None:
        self._bind = tuple(bind)
        self._wanted_port = port
        self._public_endpoint = public_endpoint
        self._tls = (tls_certificate_file, tls_key_file)
        self._feed = FeedServer()
        self._starting = asyncio.Lock()
        self._reserved: list[socket.socket] = []
        self._host = LOCALHOST
        self._child: ChildProcess | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._quick_deaths = 0
        self._last_death = ""

    def serve(self, source: FeedSource) -> None:
        """What to tell to the proxy; one that is started before waits for it, and lets nothing pass."""
        self._feed.serve(source)

    async def start(self) -> None:
        """Reserve the port and begin to keep a proxy on it; return before it serves. Idempotent.

        :raises Unavailable: when no port can be had, or one proxy after the other has ended at once.
        """
        async with self._starting:
            if self._keeping is not None:
                self._require_that_one_comes_up()
                return
            self._reserved = reserve_port(self._bind, self._wanted_port)
            bound = [str(reserved.getsockname()[0]) for reserved in self._reserved]
            self._host = host_for_clients(bound, await asyncio.to_thread(_addresses_of_localhost))
            feed_host, feed_port = await self._feed.start()
            self._keeping = asyncio.create_task(self._keep_alive(feed_host, feed_port))

    def _require_that_one_comes_up(self) -> None:
        if self._quick_deaths >= MAX_QUICK_DEATHS:
            tls = "" if self._tls == (None, None) else "c.LakesailApp.proxy_tls_cert, c.LakesailApp.proxy_tls_key and "
            raise Unavailable(f"The session proxy cannot start: {self._last_death}; see {tls}c.LakesailApp.proxy_bind.")

    @property
    def endpoint(self) -> str:
        """``HOST:PORT`` for clients.

        :raises Unavailable: before :meth:`start`, when there is none yet.
        """
        if self._public_endpoint is not None:
            return self._public_endpoint
        if not self._reserved:
            raise Unavailable("The session proxy has not been started.")
        return f"{self._host}:{self._reserved[0].getsockname()[1]}"

    @property
    def listening(self) -> bool:
        """Whether a proxy has said that it listens. It stays so: clients of one that ended wait for the next one."""
        return self._listening.is_set()

    async def wait_until_listening(self, seconds: float) -> None:
        """Return once :attr:`listening`, or after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._listening.wait()

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        """Put a route in force; of a closed session, or where it is to be ``confirmed``, wait up to a second until the
        proxy lets nothing pass that has ended."""
        sequence = self._feed.publish(route)
        runs = self._child is not None and self._child.return_code is None
        awaited = (confirmed or route.state == "closed") and runs
        if awaited and not await self._feed.applied(sequence):
            log.warning("session proxy: it did not confirm in time what has ended of session %s", route.session_id)

    async def flush_queries(self, seconds: float) -> bool:
        """Have the proxy report at once what it has not told of queries; whether it did within so long."""
        return await self._feed.flushed(seconds)

    async def interrupt_queries(self, session_id: str, query_id: str | None, seconds: float) -> tuple[str, ...]:
        """Have the proxy end queries of a session; the ids of those that ran.

        :raises Unavailable: when no proxy answers within so long.
        """
        interrupted = await self._feed.interrupted(session_id, query_id, seconds)
        if interrupted is None:
            raise Unavailable(
                f"The session proxy of session {session_id} does not answer; it is started again if it has ended. Try "
                "again in a moment.",
                reason="session_proxy_away",
                retry_after_seconds=1,
            )
        return interrupted

    def log_tail(self, count: int) -> list[str]:
        """The last lines that the proxy wrote."""
        return [] if self._child is None else self._child.log.tail(count)

    async def close(self) -> None:
        """Stop the proxy and give the port back."""
        async with self._starting:
            if self._keeping is not None:
                self._keeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._keeping
            await self._feed.close()
            for reserved in self._reserved:
                reserved.close()

    async def _keep_alive(self, feed_host: str, feed_port: int) -> None:
        loop = asyncio.get_running_loop()
        backoff = _FIRST_BACKOFF_SECONDS
        while True:
            born = loop.time()
            said = await self._run_one(feed_host, feed_port)
            self._last_death = said
            if loop.time() - born > _YOUNG_SECONDS:
                self._quick_deaths = 0
                backoff = _FIRST_BACKOFF_SECONDS
                log.warning("session proxy: %s; starting it again", said)
                continue
            self._quick_deaths += 1
            log.warning("session proxy: %s; starting it again in %.1f s", said, backoff)
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _LAST_BACKOFF_SECONDS)

    async def _run_one(self, feed_host: str, feed_port: int) -> str:
        """Run one proxy to its end; what became of it."""
        launch = ProxyLaunch(
            feed_host=feed_host,
            feed_port=feed_port,
            feed_secret=self._feed.new_secret(),
            listen=tuple(_listen_address(reserved) for reserved in self._reserved),
            tls_certificate_file=self._tls[0],
            tls_key_file=self._tls[1],
        )
        # -P: the working directory must not decide which modules are loaded.
        arguments = [own_python(), "-P", "-m", "lakesail_notebook.session_proxy"]
        line = msgspec.json.encode(launch) + b"\n"
        try:
            environment = _GIVE_MEMORY_BACK | proxy_environment(os.environ)
            self._child = await spawn(arguments, env=environment, cwd=Path("/"), first_line=line)
        except Unavailable as error:
            return error.message
        try:
            return_code = await self._end_of(self._child)
        except asyncio.CancelledError:
            await self._child.stop(STOP_SECONDS)
            raise
        last_words = " | ".join(self.log_tail(3))
        return f"it ended with {describe_exit(return_code)} ({last_words or 'it wrote nothing'})"

    async def _end_of(self, child: ChildProcess) -> int:
        """The return code of a proxy, which is ended if it is stuck."""
        abandoned = asyncio.create_task(self._feed.abandoned(ABANDONED_SECONDS))
        ended = asyncio.create_task(child.wait())
        coming_up = asyncio.create_task(self._see_it_come_up(child))
        try:
            await asyncio.wait({abandoned, ended}, return_when=asyncio.FIRST_COMPLETED)
            return await child.stop(0) if not ended.done() else ended.result()
        finally:
            for task in (abandoned, ended, coming_up):
                task.cancel()

    async def _see_it_come_up(self, child: ChildProcess) -> None:
        with contextlib.suppress(Unavailable):  # it ended before
            await child.ready()
            self._listening.set()
            self._quick_deaths = 0


def host_for_clients(bound: Sequence[str], localhost: Collection[str]) -> str:
    """The host by which clients of this machine reach a proxy: ``localhost`` wherever that leads to it.

    Stock PySpark insists on TLS for every other name of this machine.

    :param bound: the addresses that the proxy listens on.
    :param localhost: what the system resolves ``localhost`` to.
    """
    if not _WILDCARDS.isdisjoint(bound) or not set(bound).isdisjoint(localhost):
        return LOCALHOST
    return f"[{bound[0]}]" if ":" in bound[0] else bound[0]


def _addresses_of_localhost() -> frozenset[str]:
    try:
        found = socket.getaddrinfo(LOCALHOST, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset()
    return frozenset(str(address[0]) for *_, address in found)


def proxy_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name in _PROXY_ENVIRONMENT or name.startswith("LC_")}


def reserve_port(bind: Sequence[str], port: int = 0) -> list[socket.socket]:
    """Sockets that hold one port number on every address, without listening: only processes of this user that ask for
    SO_REUSEPORT, as the proxy does, can bind it as well. Close them to give it back.

    :raises Unavailable: when an address cannot be had.
    """
    hosts = tuple(bind) or tuple(host for host in LOOPBACK if _exists(host))
    for _ in range(_PORT_TRIES):
        reserved: list[socket.socket] = []
        try:
            for host in hosts:
                taken = reserved[0].getsockname()[1] if reserved else port
                reserved.append(_bound(host, taken))
            return reserved
        except OSError as error:
            for held in reserved:
                held.close()
            if port or error.errno != errno.EADDRINUSE:
                wanted = f"port {port} of {', '.join(hosts)}" if port else ", ".join(hosts)
                raise Unavailable(
                    f"The session proxy cannot listen on {wanted}: {error.strerror}; see c.LakesailApp.proxy_bind."
                ) from error
    raise Unavailable(f"No port is free on all of {', '.join(hosts)} for the session proxy; try again.")


def _bound(host: str, port: int) -> socket.socket:
    """:raises OSError: also when a process of this user shares the port already."""
    if port:
        with _socket_for(host) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections do not count
            alone.bind((host, port))
    reserved = _socket_for(host)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind((host, port))
    except OSError:
        reserved.close()
        raise
    return reserved


def _socket_for(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made


def _exists(host: str) -> bool:
    try:
        _bound(host, 0).close()
    except OSError:
        return False
    return True


def _listen_address(reserved: socket.socket) -> str:
    host, port = reserved.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
