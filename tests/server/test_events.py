"""Events over the API: long polls and WebSockets, for whoever may see what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket
from headless import Config, JupyterServer, jupyter_server
from headless_kernel import Kernel

from lakesail_notebook.store.sql import SqlStore, open_store
from tests.builders import a_session

from .conftest import TOKEN
from .event_streams import SMALL_BUFFER, EventStream, client_of, event_stream
from .header_identity import EXPIRED_FILE, USER_HEADER, ExpiringIdentityProvider
from .team_server import team_server
from .test_login import FORGED

SESSIONS = "workloads/sessions"
OWNER = {"Authorization": f"token {TOKEN}"}
EVENT_FIELDS = {
    *("sequence", "at", "kind", "sessionId", "workloadId", "workloadConfigId"),
    *("oldStatus", "newStatus", "reason", "message"),
}
_LOG_SECONDS = 60.0


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'lakesail.db'}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[JupyterServer]:
    """One whose database other processes can use."""
    config: Config = {
        "ServerApp": {"allow_unauthenticated_access": False, "base_url": "/a%40b/"},
        "LakesailApp": {"database_url": database_url},
        "LocalBackend": {"linger_seconds": 0},  # so that after a close nothing moves any more
    }
    with jupyter_server(tmp_path_factory.mktemp("root"), config=config, token=TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: JupyterServer) -> Iterator[httpx.Client]:
    with client_of(server, OWNER) as client:
        yield client


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Kernel:
    return server.start_kernel("events.ipynb")


@pytest.fixture(scope="module")
def of_kernel(server: JupyterServer, kernel: Kernel) -> Iterator[httpx.Client]:
    """The owner, as a plain member: with a kernel's token."""
    with client_of(server, _bearer(kernel)) as client:
        yield client


def _bearer(kernel: Kernel) -> dict[str, str]:
    token = kernel.execute("import os; print(open(os.environ['LAKESAIL_API_TOKEN_FILE']).read())").text.strip()
    return {"Authorization": f"Bearer {token}"}


def _now(api: httpx.Client) -> int:
    return int(api.get("events").json()["sequence"])


def _create(api: httpx.Client) -> str:
    created = api.post(SESSIONS)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


def _elsewhere(url: str, member_id: str, *, warnings: tuple[str, ...] = ()) -> str:
    """What another process on the same database does: a session of that member, and warnings about it."""

    async def add(store: SqlStore) -> str:
        session = a_session(member_id=member_id)
        async with store.writing() as unit:
            await unit.add_session(session)
            for warning in warnings:
                await unit.mark_warned(session.id, warning, datetime.now(UTC))
        await store.close()
        return session.id

    async def work() -> str:
        return await add(await open_store(url))

    return asyncio.run(work())


def test_a_poll_tells_what_happened_and_where_to_go_on(api: httpx.Client) -> None:
    before = _now(api)
    session = _create(api)
    api.delete(f"{SESSIONS}/{session}")
    page = api.get("events", params={"after": before}).json()
    assert set(page) == {"events", "sequence"}
    assert all(set(event) == EVENT_FIELDS for event in page["events"])
    mine = [event for event in page["events"] if event["sessionId"] == session]
    moves = [(event["kind"], event["oldStatus"], event["newStatus"], event["reason"]) for event in mine]
    assert moves == [("move", None, "pending", None), ("move", "pending", "closed", "user_closed")]
    assert session in mine[1]["message"]
    assert len(mine[0]["at"]) == len("2026-01-31T12:00:00.000Z")
    assert page["sequence"] == page["events"][-1]["sequence"]


def test_a_waiting_poll_answers_as_soon_as_something_happens(server: JupyterServer, api: httpx.Client) -> None:
    _settle(api)
    before = _now(api)
    with ThreadPoolExecutor(1) as pool, client_of(server, OWNER, timeout=90) as other:
        waiting = pool.submit(other.get, "events", params={"after": before, "wait": 60})
        session = _create(api)
        page = waiting.result().json()
    api.delete(f"{SESSIONS}/{session}")
    assert page["events"][0]["sequence"] == before + 1


def test_a_poll_with_nothing_to_tell_answers_empty_when_its_wait_is_over(api: httpx.Client) -> None:
    _settle(api)
    before = _now(api)
    started = time.monotonic()
    assert api.get("events", params={"after": before, "wait": 1}).json() == {"events": [], "sequence": before}
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "wait=61",
        "wait=-1",
        "limit=0",
        "limit=1001",
        "after=999999999",
        "since=3",
        "kinds=",
        "kinds=a,,b",
    ],
)
def test_parameters_out_of_range_are_refused_by_name(api: httpx.Client, query: str) -> None:
    answer = api.get(f"events?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_another_process_and_another_member_are_told_to_whom_they_concern(
    server: JupyterServer, api: httpx.Client, of_kernel: httpx.Client, database_url: str
) -> None:
    _settle(api)
    before = _now(api)
    with event_stream(server, f"?after={before}", headers=OWNER) as stream:
        theirs = _elsewhere(database_url, "SOMEBODYELSE")
        assert stream.next()["sessionId"] == theirs
    assert [event["sessionId"] for event in api.get(f"events?after={before}").json()["events"]] == [theirs]
    assert of_kernel.get(f"events?after={before}").json() == {"events": [], "sequence": before + 1}


def test_a_stream_tells_what_was_and_goes_on_with_what_comes(
    server: JupyterServer, api: httpx.Client, of_kernel: httpx.Client
) -> None:
    before = _now(api)
    first = _create(of_kernel)
    with event_stream(server, f"?after={before}", headers=OWNER) as stream:
        told = stream.until(sessionId=first)
        second = _create(of_kernel)
        of_kernel.delete(f"{SESSIONS}/{first}")
        of_kernel.delete(f"{SESSIONS}/{second}")
        told += stream.until(sessionId=second, newStatus="closed")
    assert all(set(event) == EVENT_FIELDS for event in told)
    sequences = [event["sequence"] for event in told]
    assert sequences == sorted(set(sequences))
    assert told == api.get(f"events?after={before}&limit={len(told)}").json()["events"]


def test_changes_of_a_config_are_told(server: JupyterServer, api: httpx.Client) -> None:
    before = _now(api)
    with event_stream(server, f"?after={before}", headers=OWNER) as stream:
        made = api.post(
            "workloads/compute-configs", json={"name": "told", "workloadType": "sail", "clusterId": "LOCAL"}
        )
        config = made.json()["id"]
        api.patch(f"workloads/compute-configs/{config}", json={"name": "renamed"})
        api.delete(f"workloads/compute-configs/{config}")
        told = stream.until(workloadConfigId=config, newStatus="deleted")
    mine = [event for event in told if event["workloadConfigId"] == config]
    assert [(event["kind"], event["newStatus"]) for event in mine] == [
        ("config", "created"),
        ("config", "changed"),
        ("config", "deleted"),
    ]
    assert api.get("events", params={"after": before, "kinds": "config"}).json()["events"] == mine
    assert not [event for event in api.get(f"events?after={before}").json()["events"] if event["kind"] == "config"]


def test_a_stream_without_a_beginning_tells_what_comes_from_now_on(server: JupyterServer, api: httpx.Client) -> None:
    before = _now(api)
    with event_stream(server, headers=OWNER) as stream:
        session = _create(api)
        assert stream.next()["sequence"] > before
        api.delete(f"{SESSIONS}/{session}")


def test_a_kernels_stream_ends_with_the_kernel(server: JupyterServer, database_url: str) -> None:
    kernel = server.start_kernel("short.ipynb")
    headers = _bearer(kernel)
    with event_stream(server, headers=headers) as stream, client_of(server, headers) as of_kernel:
        session = _create(of_kernel)
        stream.until(sessionId=session)
        assert server.request("DELETE", f"api/kernels/{kernel.id}").is_success
        with client_of(server, OWNER) as api:
            api.delete(f"{SESSIONS}/{session}")
        _, code, reason = stream.rest()
    assert code == 1008
    assert "the token of a running kernel" in reason


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 403),
        ({"Authorization": "token wrong"}, "", 403),
        ({"Authorization": f"Bearer {FORGED}"}, "", 401),
        (OWNER, "?after=x", 400),
        (OWNER, "?after=999999999", 400),
        (OWNER, "?wait=1", 400),
    ],
)
def test_a_stream_is_refused_before_the_upgrade(
    server: JupyterServer, headers: dict[str, str], query: str, status: int
) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, event_stream(server, query, headers=headers):
        pass
    assert refused.value.status_code == status


def test_another_origin_cannot_open_a_stream_with_a_cookie(server: JupyterServer) -> None:
    with httpx.Client(timeout=90, trust_env=False) as browser:
        browser.get(f"{server.url}lab?token={TOKEN}", follow_redirects=True)
        cookie = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)}
    own = server.url.removesuffix("/a%40b/")
    with event_stream(server, headers=cookie, suppress_origin=False, origin=own):
        pass
    for foreign in (
        {"origin": "http://evil.example"},
        {"origin": own.replace("127.0.0.1", "localhost")},
    ):
        with (
            pytest.raises(websocket.WebSocketBadStatusException) as refused,
            event_stream(server, headers=cookie, suppress_origin=False, **foreign),
        ):
            pass
        assert refused.value.status_code in {403, 404}


def test_a_stream_takes_no_messages(server: JupyterServer) -> None:
    with event_stream(server, headers=OWNER) as stream:
        stream.connection.send("hello")
        _, code, reason = stream.rest()
    assert (code, reason) == (1003, "This stream takes no messages.")


def test_a_client_that_does_not_read_is_closed_and_can_go_on_where_it_was(
    server: JupyterServer, api: httpx.Client, database_url: str
) -> None:
    before = _now(api)
    _elsewhere(database_url, "TALKATIVE", warnings=("x" * 50_000,) * 300)
    end = _now(api)
    lost = server.log().count("does not read its stream")
    with event_stream(server, f"?after={before}", headers=OWNER, sockopt=SMALL_BUFFER) as stream:
        _wait_for(lambda: server.log().count("does not read its stream") > lost)
        told, code, reason = stream.rest_or_cut()
    assert code in {1008, None}
    assert code is None or reason.startswith("You do not read the events; connect again with after=")
    assert before < told[-1]["sequence"] < end
    while told[-1]["sequence"] < end:  # on a busy machine this client, too, may read too slowly
        with event_stream(server, f"?after={told[-1]['sequence']}", headers=OWNER) as stream:
            told += stream.as_far_as(end)
    assert [event["sequence"] for event in told] == list(range(before + 1, end + 1))


def test_to_listen_is_no_activity_and_starts_no_session_proxy(tmp_path: Any) -> None:
    with jupyter_server(tmp_path, token=TOKEN) as server, client_of(server, OWNER) as api:
        active = _last_activity(server)
        for _ in range(2):
            assert api.get("events").json() == {"events": [], "sequence": 1}, "the default config was made"
        with event_stream(server, headers=OWNER) as stream:
            stream.connection.ping()
        assert _last_activity(server) == active
        assert server.descendants() == []
        api.get("me")
        assert _last_activity(server) > active


def test_a_kernel_that_listens_first_starts_no_session_proxy_and_hears_of_the_end(tmp_path: Any) -> None:
    with jupyter_server(tmp_path, token=TOKEN) as server:
        headers = _bearer(server.start_kernel("first.ipynb"))
        with event_stream(server, headers=headers) as stream:
            assert not any("lakesail_notebook.session_proxy" in process.cmdline() for process in server.descendants())
            server.stop()
            assert stream.rest() == ([], 4002, "The control plane is stopping; ask again when it is back.")


def test_a_browser_whose_login_has_expired_is_told_so(tmp_path: Path) -> None:
    with team_server(tmp_path, ExpiringIdentityProvider) as server:
        cookie = {USER_HEADER: "ada"}
        with event_stream(server.jupyter, headers=cookie) as stream:
            first = server.add_closed_session("RED", name="ada")
            stream.until(sessionId=first)
            (server.home / "config" / EXPIRED_FILE).touch()
            server.add_closed_session("RED", name="ada")
            told, code, reason = stream.rest()
    assert (told, code, reason) == ([], 4001, "Your login has expired; log in again.")


def test_jupyters_own_event_log_is_told_of_moves(server: JupyterServer, api: httpx.Client) -> None:
    log: Any = websocket.create_connection(
        f"ws{server.url.removeprefix('http')}api/events/subscribe",
        header=OWNER,
        suppress_origin=True,
        timeout=_LOG_SECONDS,
        http_no_proxy=["*"],
    )
    session = _create(api)
    api.delete(f"{SESSIONS}/{session}")
    stream = EventStream(log)
    closed = stream.until(session=session, to="closed")[-1]
    log.shutdown()
    assert closed["schema_id"] == "https://schema.lakesail.com/lakesail_notebook/move/v1"
    assert (closed["owner"], closed["reason"]) == (api.get("me").json()["memberId"], "user_closed")


def _settle(api: httpx.Client) -> None:
    """Wait until nothing moves any more: no workload that starts or stops."""

    def all_is_over() -> bool:
        workloads = api.get(SESSIONS).json()["included"]["workloads"]
        return all(workload["infraStatus"] in {"stopped", "failed"} for workload in workloads)

    _wait_for(all_is_over)


def _last_activity(server: JupyterServer) -> str:
    return str(server.request("GET", "api/status").json()["last_activity"])


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + _LOG_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.05)
