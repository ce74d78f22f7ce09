"""What the benches compare: a session of ours, the same engine without the proxy, and Sail as anybody starts it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from headless import JupyterServer, jupyter_server
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.session import SparkSession

from lakesail_notebook.spark.sessions.channel import _OPTIONS as OUR_CHANNEL_OPTIONS

TOKEN = "token-of-the-bench"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session of ours on a server of its own, ready for queries."""

    server: JupyterServer
    through_proxy: Any
    """A PySpark session as ``connect()`` makes it."""
    direct: Any
    """One with the same client settings, on the same engine, past the proxy."""

    def processes(self) -> list[psutil.Process]:
        """The Jupyter server, the session proxy and the engine."""
        return [psutil.Process(self.server.pid), *self.server.descendants()]


@contextlib.contextmanager
def live_session(root: Path) -> Iterator[LiveSession]:
    with jupyter_server(root, token=TOKEN) as server, _environment_of(server):
        import lakesail_notebook

        through_proxy = lakesail_notebook.connect(new=True)
        through_proxy.range(1).count()
        direct = _client_of(f"localhost:{_engine_port(server)}")
        direct.range(1).count()
        try:
            yield LiveSession(server, through_proxy, direct)
        finally:
            direct.stop()
            through_proxy.stop()


@contextlib.contextmanager
def stock_server() -> Iterator[str]:
    """``sail spark server`` with its own settings: its ``HOST:PORT``."""
    port = free_port()
    command = [sys.executable, "-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for_port(port)
        yield f"localhost:{port}"
    finally:
        process.kill()
        process.wait()


def stock_client(endpoint: str) -> Any:
    return SparkSession.builder.remote(f"sc://{endpoint}").create()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.01)  # between two looks, within the deadline
    raise TimeoutError(f"nothing listened on port {port} within {START_SECONDS:g} s")


def _client_of(endpoint: str) -> Any:
    builder = DefaultChannelBuilder(f"sc://{endpoint}/", channelOptions=list(OUR_CHANNEL_OPTIONS))
    return SparkSession.builder.channelBuilder(builder).create()


def _engine_port(server: JupyterServer) -> int:
    engine = next(process for process in server.descendants() if "lakesail_notebook.engine" in process.cmdline())
    listening = (c for c in engine.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN)
    return int(next(listening).laddr.port)


@contextlib.contextmanager
def _environment_of(server: JupyterServer) -> Iterator[None]:
    ours = {"LAKESAIL_API_URL": f"{server.url}lakesail/api/v1", "LAKESAIL_API_TOKEN": TOKEN}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
