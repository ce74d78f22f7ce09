"""What the owner of a session interrupts by the API: rights and answers, and real queries of real clients."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from headless import JupyterServer
from headless_kernel import Kernel
from jupyter_events import EventLogger
from pyspark.errors.exceptions.connect import SparkConnectGrpcException

from lakesail_notebook.errors import FailedPrecondition, NotFound, PermissionDenied, Unavailable
from lakesail_notebook.jupyter.audit import QUERY_INTERRUPT, JupyterAudit
from lakesail_notebook.models import SessionCreate, SessionInterrupt
from tests.builders import a_principal, a_query

from .by_hand import SOMEBODY, ClockByHand, Plane, in_plane
from .notebooks import API, BackgroundCell, engine_of, eventually, session_of
from .proxy_rig import ProxyRig, proxy_rig, until
from .spark_clients import stock_client
from .test_session_proxy_queries import ENDLESS, all_ended, once

EVERYTHING = SessionInterrupt()
SAID = "This query was interrupted from outside of the code that ran it."
SOON_SECONDS = 45.0
"""For a busy machine; the queries and the sleep would last for minutes."""


def of(query_id: str) -> SessionInterrupt:
    return SessionInterrupt(query_id=query_id)


def test_the_queries_that_ran_are_named(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        session = await plane.launches.create(SOMEBODY, SessionCreate())
        plane.proxy.running[session.id] = ["a", "b", "c"]
        assert (await plane.sessions.interrupt(SOMEBODY, session.id, of("b"))).interrupted == ("b",)
        assert (await plane.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)).interrupted == ("a", "c")
        assert (await plane.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)).interrupted == ()

    in_plane(tmp_path, work)


def test_an_interrupt_is_in_the_audit_when_something_ran(tmp_path: Path) -> None:
    lines = io.StringIO()
    audit = JupyterAudit(EventLogger(handlers=[logging.StreamHandler(lines)]), ClockByHand().now)

    async def work(plane: Plane) -> None:
        session = await plane.launches.create(SOMEBODY, SessionCreate())
        plane.proxy.running[session.id] = ["a", "b"]
        for _ in range(2):
            await plane.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)
        [line] = [json.loads(line) for line in lines.getvalue().splitlines()]
        assert (line["__schema__"], line["session"]) == (QUERY_INTERRUPT, session.id)
        assert (line["by_login"], line["owner_login"], line["queries"]) == ("somebody", "somebody", ["a", "b"])

    in_plane(tmp_path, work, audit=audit)


def test_a_query_that_does_not_run_is_no_mistake_and_an_unknown_one_is(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        session = await plane.launches.create(SOMEBODY, SessionCreate())
        ended = a_query(session_id=session.id, id="operation", action_id="action", outcome="succeeded")
        async with plane.store.writing() as unit:
            await unit.upsert_queries(session.id, [ended], latest=500)
        for known in ("operation", "action"):
            assert (await plane.sessions.interrupt(SOMEBODY, session.id, of(known))).interrupted == ()
        with pytest.raises(NotFound, match="no query unheard"):
            await plane.sessions.interrupt(SOMEBODY, session.id, of("unheard"))
        await plane.sessions.close(SOMEBODY, session.id)
        assert (await plane.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)).interrupted == ()
        with pytest.raises(NotFound):
            await plane.sessions.interrupt(SOMEBODY, session.id, of("unheard"))

    in_plane(tmp_path, work)


def test_an_administrator_interrupts_nothing_of_others(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        session = await plane.launches.create(SOMEBODY, SessionCreate())
        plane.proxy.running[session.id] = ["a"]
        boss = a_principal(id="BOSS", team_ids=SOMEBODY.team_ids, organization_admin=True)
        with pytest.raises(PermissionDenied, match="Only its owner"):
            await plane.sessions.interrupt(boss, session.id, EVERYTHING)
        with pytest.raises(NotFound):
            await plane.sessions.interrupt(a_principal(id="STRANGER"), session.id, EVERYTHING)
        assert plane.proxy.running[session.id] == ["a"]

    in_plane(tmp_path, work)


def test_a_proxy_that_is_away_and_a_session_of_another_server_are_said(tmp_path: Path) -> None:
    async def work(plane: Plane) -> None:
        session = await plane.launches.create(SOMEBODY, SessionCreate())
        plane.proxy.away = True
        with pytest.raises(Unavailable):
            await plane.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)
        other = Plane(plane.store, ClockByHand(), 2)
        with pytest.raises(FailedPrecondition, match="another Jupyter server"):
            await other.sessions.interrupt(SOMEBODY, session.id, EVERYTHING)

    in_plane(tmp_path, work)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyRig]:
    with proxy_rig(Path(tmp_path_factory.mktemp("rig"))) as running:
        yield running


class Query(threading.Thread):
    """A query of a client, and how it ended."""

    def __init__(self, spark: Any, sql: str = ENDLESS) -> None:
        super().__init__(daemon=True)
        self._spark = spark
        self._sql = sql
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._spark.sql(self._sql).toArrow()
        except Exception as error:
            self.error = error


def interrupt(rig: ProxyRig, session_id: str, query_id: str | None = None) -> tuple[str, ...]:
    return rig.run(rig.parts.supervisor.interrupt_queries(session_id, query_id, 10))


def test_one_query_of_two_spark_sessions_ends_and_the_other_goes_on(rig: ProxyRig) -> None:
    session = rig.add_session()
    with (
        stock_client(rig.endpoint, rig.token(session)) as first,
        stock_client(rig.endpoint, rig.token(session)) as second,
    ):
        one, two = Query(first), Query(second, ENDLESS.replace("id", "id + 1"))
        found = once(rig, session, lambda queries: sum(query.rows > 0 for query in queries) == 2)
        ids = {query.what: query.id for query in found}
        assert interrupt(rig, session, ids[ENDLESS]) == (ids[ENDLESS],)
        one.join(SOON_SECONDS)
        assert not one.is_alive()
        assert isinstance(one.error, SparkConnectGrpcException)
        assert str(one.error).startswith(SAID)
        assert two.is_alive()
        assert first.sql("select 7 as n").collect()[0].n == 7, "the session goes on"
        assert interrupt(rig, session) == (ids[two._sql],)
        two.join(SOON_SECONDS)
        assert str(two.error).startswith(SAID)
        outcomes = {query.what: query.outcome for query in once(rig, session, all_ended)}
        assert (outcomes[ENDLESS], outcomes[two._sql]) == ("cancelled", "cancelled")


def test_while_a_proxy_is_started_again_the_caller_is_told_to_come_back(rig: ProxyRig) -> None:
    session, old = rig.add_session(), rig.proxy_pid
    retry_after: list[float | None] = []

    def answer() -> tuple[str, ...] | None:
        try:
            return interrupt(rig, session)
        except Unavailable as error:
            retry_after.append(error.retry_after_seconds)
            return None

    rig.kill_proxy()
    assert answer() is None
    until(lambda: answer() == ())
    assert all(retry_after)
    assert rig.proxy_pid not in {None, old}


SETUP = """
%sail connect
import threading, time
def obedient():
    return spark.range(10**11).selectExpr("id % 7 as k").groupBy("k").count().collect()
def deaf():
    return spark.range(10**6).crossJoin(spark.range(10**6)).selectExpr("sum(1)").collect()
def caught():
    global how
    try:
        obedient()
    except Exception as error:
        how = str(error)
"""
SLEEPING = "threading.Thread(target=caught).start()\ntime.sleep(600)"


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("interrupted_from_outside.ipynb")
    kernel.execute(SETUP)
    yield kernel
    kernel.shutdown()


def computes(server: JupyterServer, kernel: Kernel) -> None:
    engine: psutil.Process = engine_of(server, session_of(server, kernel))
    before = engine.cpu_times().user
    eventually(lambda: engine.cpu_times().user > before + 0.5, 60, "the engine computes")


def post_interrupt(server: JupyterServer, kernel: Kernel, body: Any = None) -> Any:
    session = session_of(server, kernel)["id"]
    answer = server.request("POST", f"{API}/workloads/sessions/{session}/interrupt", body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()["interrupted"]


def queries_of(server: JupyterServer, kernel: Kernel) -> Any:
    session = session_of(server, kernel)["id"]
    return server.request("GET", f"{API}/workloads/sessions/{session}/queries").json()["items"]


@pytest.mark.parametrize("work", ["obedient", "deaf"])
def test_a_cell_whose_query_is_interrupted_says_so_in_one_line(
    server: JupyterServer, kernel: Kernel, work: str
) -> None:
    cell = BackgroundCell(kernel, f"{work}()", timeout_seconds=120)
    computes(server, kernel)
    [running] = [query for query in queries_of(server, kernel) if query["outcome"] == "running"]
    began = time.monotonic()
    assert post_interrupt(server, kernel, {"queryId": running["id"]}) == [running["id"]]
    failure = cell.failure(100)
    assert time.monotonic() - began < SOON_SECONDS
    assert SAID in failure.error.traceback
    assert failure.error.traceback.strip().count("\n") == 0, "one line, and no traceback"
    [ended] = [query for query in queries_of(server, kernel) if query["id"] == running["id"]]
    assert ended["outcome"] == "cancelled"
    assert "engineBusy" in ended


def test_a_query_is_interrupted_while_its_kernel_sleeps(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail close\n%sail connect\nhow = None")
    cell = BackgroundCell(kernel, SLEEPING, timeout_seconds=120)
    computes(server, kernel)
    began = time.monotonic()
    assert len(post_interrupt(server, kernel)) == 1
    assert time.monotonic() - began < SOON_SECONDS
    assert {query["outcome"] for query in queries_of(server, kernel)} == {"cancelled"}
    assert cell.is_alive(), "the kernel sleeps on"
    kernel.interrupt()
    cell.failure(60)
    assert SAID in str(kernel.execute("how").value)
    assert kernel.execute("spark.range(5).count()").value == "5"
