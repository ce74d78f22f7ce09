"""Routes in force at the session proxy, and RPCs that wait for them."""

from __future__ import annotations

import asyncio

import pytest

from lakesail_notebook.errors import LakesailError, Unavailable
from lakesail_notebook.feed import REMEMBERED_CLOSED, Route, RouteState
from lakesail_notebook.session_proxy import routes as proxy_routes
from lakesail_notebook.session_proxy.auth import SessionClosed
from lakesail_notebook.session_proxy.routes import RouteTable


def route(session_id: str, state: RouteState, message: str | None = None, generation: int = 1) -> Route:
    address = "127.0.0.1:1" if state == "ready" else None
    return Route(
        session_id=session_id, workload_id="W", generation=generation, state=state, address=address, message=message
    )


class Ended:
    """Hears of sessions that end."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, str]] = []

    def __call__(self, session_id: str, reason: LakesailError) -> None:
        self.ends.append((session_id, reason.message))


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def table(ended: Ended) -> RouteTable:
    return RouteTable(ended)


def test_a_ready_route_is_given_at_once(table: RouteTable) -> None:
    table.replace([route("A", "ready")])
    assert asyncio.run(table.ready("A")).address == "127.0.0.1:1"
    assert set(table.addresses()) == {"127.0.0.1:1"}


def test_an_unknown_session_is_waited_for_and_then_closed(table: RouteTable) -> None:
    with pytest.raises(SessionClosed, match="Session A is closed; run %sail connect"):
        asyncio.run(table.ready("A"))


@pytest.mark.parametrize("steps", [["ready"], ["pending", "ready"]])
def test_a_route_that_comes_while_an_rpc_waits_lets_it_pass(table: RouteTable, steps: list[RouteState]) -> None:
    async def wait() -> Route:
        waiting = asyncio.create_task(table.ready("A"))
        for state in steps:
            await asyncio.sleep(0)
            table.change(route("A", state))
        return await waiting

    assert asyncio.run(wait()).state == "ready"


def test_a_closed_route_answers_what_waits(table: RouteTable) -> None:
    async def wait() -> Route:
        table.change(route("A", "pending"))
        waiting = asyncio.create_task(table.ready("A"))
        await asyncio.sleep(0)
        table.change(route("A", "closed", "It was closed."))
        return await waiting

    with pytest.raises(SessionClosed, match="It was closed"):
        asyncio.run(wait())


def test_a_session_that_stays_pending_is_worth_a_retry(ended: Ended) -> None:
    table = RouteTable(ended, pending_seconds=0.05)
    table.change(route("A", "pending"))
    with pytest.raises(Unavailable, match="still starting") as caught:
        asyncio.run(table.ready("A"))
    assert caught.value.retry_after_seconds == proxy_routes.PENDING_RETRY_SECONDS


def test_the_end_of_a_session_is_heard_once(table: RouteTable, ended: Ended) -> None:
    table.change(route("A", "ready"))
    table.change(route("A", "closed", "First."))
    table.change(route("A", "closed", "Second."))
    assert ended.ends == [("A", "First; run %sail connect to start a new one.")]


def test_a_session_that_a_snapshot_lacks_is_over(table: RouteTable, ended: Ended) -> None:
    table.replace([route("A", "ready"), route("B", "ready")])
    table.replace([route("B", "ready")])
    assert [session_id for session_id, _ in ended.ends] == ["A"]


def test_a_new_generation_ends_what_runs_under_the_old_one(table: RouteTable, ended: Ended) -> None:
    table.change(route("A", "ready"))
    table.change(route("A", "ready", generation=2))
    assert ended.ends == [("A", "The token was revoked; run %sail connect to get a new one.")]
    assert asyncio.run(table.ready("A")).generation == 2


def test_nothing_comes_back_from_closed(table: RouteTable) -> None:
    table.change(route("A", "closed", "Over."))
    table.change(route("A", "pending"))
    with pytest.raises(SessionClosed, match="Over"):
        asyncio.run(table.ready("A"))


def test_closed_sessions_are_remembered_within_bounds(table: RouteTable) -> None:
    for number in range(REMEMBERED_CLOSED + 1):
        table.change(route(f"S{number}", "closed", f"Reason {number}."))
    with pytest.raises(SessionClosed, match="Reason 1;"):
        asyncio.run(table.ready("S1"))
    with pytest.raises(SessionClosed, match="Session S0 is closed"):
        asyncio.run(table.ready("S0"))
