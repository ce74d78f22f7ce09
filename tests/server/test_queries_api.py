"""The queries of a session over the API: to its owner alone, newest first, as many as are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders import a_query

from .team_server import TeamServer, now, team_server

SECRET = "select * from t where password = 'of-ada'"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(Path(tmp_path_factory.mktemp("queries"))) as running:
        yield running


@pytest.fixture(scope="module")
def session_id(server: TeamServer) -> str:
    """A session of ada's that is over, with three queries, the last of which ran until the end."""
    session_id = server.add_closed_session("RED", name="ada")
    start = now() - timedelta(minutes=1)
    queries = [
        a_query(
            session_id=session_id,
            id=f"o{number}",
            what=SECRET,
            started_at=start + timedelta(seconds=number),
            ended_at=None if number == 2 else start + timedelta(seconds=number, milliseconds=250),
            outcome="running" if number == 2 else "succeeded",
            rows=number,
            data_bytes=8 * number,
        )
        for number in range(3)
    ]
    server.write(lambda unit: unit.upsert_queries(session_id, queries, latest=500))
    return session_id


def ask(client: httpx.Client, session_id: str, **query: Any) -> httpx.Response:
    return client.get(f"workloads/sessions/{session_id}/queries", params=query)


def test_the_owner_reads_them_newest_first(server: TeamServer, session_id: str) -> None:
    answer = ask(server.client("ada"), session_id)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["id"] for item in items] == ["o2", "o1", "o0"]
    assert set(items[0]) == {
        "id",
        "what",
        "startedAt",
        "seconds",
        "rows",
        "bytes",
        "outcome",
        "error",
        "engineBusy",
    }
    assert [item["outcome"] for item in items] == ["cancelled", "succeeded", "succeeded"]
    assert (items[1]["what"], items[1]["seconds"], items[1]["rows"], items[1]["bytes"]) == (SECRET, 0.25, 1, 8)
    assert items[1]["startedAt"].endswith("Z")


@pytest.mark.parametrize(
    ("name", "status"), [("cal", 404), ("sue", 404), ("bea", 404), ("ted", 403), ("ola", 403), ("nobody", 403)]
)
def test_nobody_else_reads_them(server: TeamServer, session_id: str, name: str, status: int) -> None:
    client = server.client(None if name == "nobody" else name)
    answer = ask(client, session_id)
    assert answer.status_code == status
    assert "password" not in answer.text
    if name in {"ted", "ola"}:
        assert client.get(f"workloads/sessions/{session_id}").status_code == 200, "who sees the session"
        assert "Only its owner" in answer.json()["message"]


@pytest.mark.parametrize(("limit", "ids"), [(0, []), (1, ["o2"]), (100, ["o2", "o1", "o0"])])
def test_as_many_as_are_asked_for(server: TeamServer, session_id: str, limit: int, ids: list[str]) -> None:
    items = ask(server.client("ada"), session_id, limit=limit).json()["items"]
    assert [item["id"] for item in items] == ids


@pytest.mark.parametrize(("name", "value"), [("limit", 101), ("limit", -1), ("limit", "x"), ("tail", 1)])
def test_what_is_no_limit_is_refused_by_its_name(server: TeamServer, session_id: str, name: str, value: Any) -> None:
    answer = ask(server.client("ada"), session_id, **{name: value})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ARGUMENT")
    assert answer.json()["errors"][0]["pointer"] == f"/{name}"


def test_a_session_that_ran_nothing_has_none(server: TeamServer) -> None:
    assert ask(server.client("ada"), server.add_closed_session("RED", name="ada")).json() == {"items": []}
