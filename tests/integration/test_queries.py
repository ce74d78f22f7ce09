"""What a session's owner reads of its queries, from a real server with a real engine to the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import jupyter_server

from lakesail_notebook.cli.main import main
from lakesail_notebook.client.client import Client
from lakesail_notebook.models import Query, SessionCreate
from tests.integration.proxy_rig import until
from tests.integration.spark_clients import stock_client

TOKEN = "a-token-of-this-test-alone"


@pytest.fixture(scope="module")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with jupyter_server(Path(tmp_path_factory.mktemp("root")), token=TOKEN) as server:
        yield f"{server.url}lakesail/api/v1"


def test_an_owner_sees_what_ran_and_what_ended_with_the_session(
    api_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKESAIL_API_URL", api_url)
    monkeypatch.setenv("LAKESAIL_API_TOKEN", TOKEN)
    with Client() as client:
        session = client.create_session(SessionCreate())
        assert client.queries(session.id) == ()
        assert session.connection_info is not None
        assert session.connection_info.grpc_endpoint is not None
        with stock_client(session.connection_info.grpc_endpoint, client.issue_token(session.id).token) as spark:
            spark.range(70).toArrow()
            results = spark.range(1_000_000_000_000).toLocalIterator()
            next(results)

            def both_are_there() -> tuple[Query, ...]:
                found = client.queries(session.id)
                return found if len(found) == 2 and found[0].rows and found[1].outcome != "running" else ()

            running, done = until(both_are_there, 20)
            assert (done.what, done.rows, done.outcome) == ("range", 70, "succeeded")
            assert done.bytes >= 70 * 8
            assert (running.what, running.outcome) == ("range", "running")
            assert running.started_at >= done.started_at
            assert client.queries(session.id)[0].seconds > running.seconds

            assert main(["queries", "--limit", "1"]) == 0
            heading, row = capsys.readouterr().out.splitlines()
            assert heading.split() == ["STARTED", "TOOK", "OUTCOME", "ROWS", "BYTES", "WHAT"]
            assert "running" in row
            client.close_session(session.id)
            ended = client.queries(session.id)[0]
            assert (ended.id, ended.outcome) == (running.id, "cancelled")
            assert main(["queries", session.id, "--json"]) == 0
            shown = json.loads(capsys.readouterr().out)["items"]
            assert [(query["id"], query["outcome"]) for query in shown] == [
                (running.id, "cancelled"),
                (done.id, "succeeded"),
            ]
