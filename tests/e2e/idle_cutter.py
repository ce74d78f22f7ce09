"""A TCP proxy that cuts connections on which nothing passes, as proxies before Jupyter servers do."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType

_CHUNK_BYTES = 64 * 1024
_LOOK_SECONDS = 0.2


class IdleCutter:
    """Stands on a loopback port of its own, before ``port``. A context manager."""

    def __init__(self, port: int, idle_seconds: float) -> None:
        self._port = port
        self._idle_seconds = idle_seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.cuts: list[bytes] = []
        """What each connection that was cut began with: the request line of its first request."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> IdleCutter:
        self._begin(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._listener.settimeout(_LOOK_SECONDS)
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                self._begin(self._relay, client)

    def _relay(self, client: socket.socket) -> None:
        first = b""
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as server:
            quiet = 0.0
            while not self._ended.is_set():
                readable, _, _ = select.select([client, server], [], [], _LOOK_SECONDS)
                quiet = 0.0 if readable else quiet + _LOOK_SECONDS
                if quiet >= self._idle_seconds:
                    self.cuts.append(first)
                    return
                for source in readable:
                    chunk = source.recv(_CHUNK_BYTES)
                    if not chunk:
                        return
                    first = first or chunk.partition(b"\r\n")[0]
                    (server if source is client else client).sendall(chunk)
