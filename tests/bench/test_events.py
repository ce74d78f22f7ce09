"""What it costs to have many listeners, and how soon they hear what happens."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from headless import JupyterServer, jupyter_server
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from .figures import Figure, Figures
from .rig import TOKEN

pytestmark = pytest.mark.bench

STREAMS = 200
EVENTS = 50
_SESSIONS = "lakesail/api/v1/workloads/sessions"


def test_200_listeners_are_cheap_and_hear_soon(figures: Figures, tmp_path: Path) -> None:
    with jupyter_server(tmp_path, token=TOKEN) as server:
        session = _ready_session(server)
        memory, delays = asyncio.run(_measure(server, session))
    held = figures.add(Figure(name=f"memory of one of {STREAMS} event streams", value=memory, unit="KB", aim=200))
    soon = figures.add(
        Figure(
            name=f"from move to {STREAMS} subscribers, p95",
            value=statistics.quantiles(delays, n=20)[-1] * 1000,
            unit="ms",
            aim=200,
            note=f"median {statistics.median(delays) * 1000:.0f} ms, last {max(delays) * 1000:.0f} ms",
        )
    )
    assert held.met, figures.table()
    assert soon.met, figures.table()


def _ready_session(server: JupyterServer) -> str:
    """A session whose engine has started, so that nothing moves by itself."""
    session = server.request("POST", _SESSIONS, {}).json()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        included = server.request("GET", _SESSIONS).json()["included"]
        if included["workloads"][0]["infraStatus"] == "ready":
            return str(session["id"])
        time.sleep(0.1)  # between two looks, within the deadline
    raise TimeoutError("the engine did not start")


async def _measure(server: JupyterServer, session: str) -> tuple[float, list[float]]:
    process = psutil.Process(server.pid)
    async with _streams(server, 5):
        pass  # what the first ones load stays
    before = process.memory_info().rss
    async with _streams(server, STREAMS) as streams:
        kilobytes = (process.memory_info().rss - before) / STREAMS / 1024
        delays: list[float] = []
        for _ in range(EVENTS):
            asked = asyncio.create_task(asyncio.to_thread(_extend, server, session))
            delays += await asyncio.gather(*(_delay(stream) for stream in streams))
            await asked
    return kilobytes, delays


@asynccontextmanager
async def _streams(server: JupyterServer, count: int) -> AsyncIterator[list[WebSocketClientConnection]]:
    url = f"ws{server.url.removeprefix('http')}lakesail/api/v1/events/ws"
    request = HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"})
    streams = [await websocket_connect(request) for _ in range(count)]
    try:
        yield streams
    finally:
        for stream in streams:
            stream.close()
        for stream in streams:
            while await stream.read_message() is not None:
                pass


def _extend(server: JupyterServer, session: str) -> Any:
    answer = server.request("POST", f"{_SESSIONS}/{session}/extend", {"durationSeconds": 600})
    assert answer.is_success, answer.text
    return answer.json()


async def _delay(stream: WebSocketClientConnection) -> float:
    """Seconds from the moment that the next event names to its arrival."""
    message = await stream.read_message()
    arrived = time.time()
    event = json.loads(message or "")
    assert event["kind"] == "extension", event
    return arrived - datetime.fromisoformat(event["at"]).timestamp()
