"""What the stream of events brings to a session's owner: the end of a query within half a second, and pings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import websocket
from headless import JupyterServer, jupyter_server

from lakesail_notebook.client.client import Client
from lakesail_notebook.models import EventKind, Query, SessionCreate
from tests.integration.proxy_rig import until
from tests.integration.spark_clients import stock_client
from tests.server.event_streams import event_stream

TOKEN = "a-token-of-this-test-alone"
OWNER = {"Authorization": f"token {TOKEN}"}
TIMES = 50
"""So often it is tried: a busy machine is seldom fast."""
SOON_SECONDS = 0.5
CUT_AFTER_SECONDS = 30
"""Proxies cut connections on which nothing passes for so long."""
NOTICES: tuple[EventKind, ...] = ("query",)


@pytest.fixture(scope="module")
def noticing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(Path(tmp_path_factory.mktemp("root")), token=TOKEN) as running:
        yield running


def endpoint_of(client: Client, session_id: str) -> str:
    """Once the session proxy listens."""

    def told() -> str | None:
        info = client.session(session_id).connection_info
        return None if info is None else info.grpc_endpoint

    return str(until(told))


def test_the_end_of_a_query_is_told_soon_and_can_be_read(noticing: JupyterServer) -> None:
    with Client(f"{noticing.url}lakesail/api/v1", TOKEN) as client:
        session = client.create_session(SessionCreate())
        endpoint = endpoint_of(client, session.id)
        with (
            stock_client(endpoint, client.issue_token(session.id).token) as spark,
            event_stream(noticing, headers=OWNER) as stream,
        ):
            spark.range(1).toArrow()
            before = client.event_page().sequence
            delays: list[float] = []
            while not delays or (min(delays) >= SOON_SECONDS and len(delays) < TIMES):
                spark.range(len(delays)).toArrow()
                began = time.monotonic()
                ended: tuple[Query, ...] = ()
                while len(ended) < len(delays) + 2 or ended[0].outcome == "running":
                    stream.until(kind="query", sessionId=session.id, sequence=None)
                    ended = client.queries(session.id)
                delays.append(time.monotonic() - began)
            assert min(delays) < SOON_SECONDS
            assert {query.outcome for query in client.queries(session.id)} == {"succeeded"}
            rows = client.event_page(before).events
            assert all(event.kind != "query" for event in rows), "a notice is no row"


def test_a_waiting_poll_is_answered_by_a_notice(noticing: JupyterServer) -> None:
    url = f"{noticing.url}lakesail/api/v1"
    with Client(url, TOKEN) as client, ThreadPoolExecutor(1) as pool:
        session = client.create_session(SessionCreate())
        endpoint = endpoint_of(client, session.id)
        with stock_client(endpoint, client.issue_token(session.id).token) as spark:
            spark.range(1).toArrow()
            polling = pool.submit(client.event_page, client.event_page().sequence, wait_seconds=60, kinds=NOTICES)
            while not polling.done():  # the poll may begin to wait after a query that runs beside it
                spark.range(1).toArrow()
            [notice] = polling.result().events
    assert (notice.kind, notice.session_id, notice.sequence) == ("query", session.id, None)


def test_a_stream_is_pinged_before_a_proxy_takes_it_for_idle(noticing: JupyterServer) -> None:
    with event_stream(noticing, headers=OWNER) as stream:
        stream.connection.settimeout(CUT_AFTER_SECONDS)  # raises when nothing comes for so long
        opcode = websocket.ABNF.OPCODE_TEXT
        while opcode != websocket.ABNF.OPCODE_PING:
            opcode, _ = stream.connection.recv_data(control_frame=True)
