"""A marimo notebook on one session: each of its viewers has a Spark session there, which goes when the viewer does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

from lakesail_notebook.api_location import TOKEN_VARIABLE, URL_VARIABLE

from .marimo_pages import MarimoPage, MarimoServer, marimo_server
from .notebooks import API, describe, eventually
from .spark_clients import bearer, call, config_request

TOKEN = "a-token-of-the-tests"

APP = """
import marimo
app = marimo.App()

with app.setup:
    import marimo as mo
    import lakesail_notebook as sail

@app.cell
def choosing():
    step = mo.ui.slider(0, 9)
    step
    return (step,)

@app.cell
def connecting(step):
    spark = sail.connect()
    mo.Html(f"<p>spark{step.value}={spark.session_id};</p>")
    return (spark,)

@app.cell
def working(spark, step):
    if not spark.catalog.tableExists("mine"):
        spark.range(3 + step.value).createOrReplaceTempView("mine")
    mo.Html(f"<p>rows{step.value}={spark.table('mine').count()};</p>")
    return

@app.cell
def threading(spark):
    seen = []
    threads = [mo.Thread(target=lambda: seen.append(sail.connect() is spark)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mo.Html(f"<p>same={seen};</p>")
    return

@app.cell
def refusing():
    refusals = []
    for words in ({"config": "another"}, {"new": True}):
        try:
            sail.connect(**words)
        except sail.LakesailError as error:
            refusals.append(error.reason)
    mo.Html(f"<p>refused={refusals};</p>")
    return

@app.cell
def computing(spark, step):
    if step.value == 9:
        spark.range(10**13).selectExpr("sum(id % 7)").collect()
    return
"""

EDITED = """
import marimo
app = marimo.App()

@app.cell
def connecting():
    import lakesail_notebook as sail
    import marimo as mo
    spark = sail.connect()
    mo.Html(f"<p>rows={spark.range(4).count()};</p>")
    return
"""


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root, token=TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def environment(server: JupyterServer) -> dict[str, str]:
    """Of a marimo that somebody starts in a terminal."""
    return {URL_VARIABLE: f"{server.url}{API}", TOKEN_VARIABLE: TOKEN}


@pytest.fixture(scope="module")
def app(root: Path, environment: dict[str, str]) -> Iterator[MarimoServer]:
    notebook = root / "viewers.py"
    notebook.write_text(APP)
    with marimo_server("run", notebook, env=environment, more=("--session-ttl", "1")) as running:
        yield running


@pytest.fixture(scope="module")
def ann(app: MarimoServer) -> Iterator[MarimoPage]:
    page = app.open()
    yield page
    page.close()


@pytest.fixture
def bob(app: MarimoServer) -> Iterator[MarimoPage]:
    page = app.open()
    yield page
    page.close()


def live_sessions(server: JupyterServer) -> list[str]:
    page = server.request("GET", f"{API}/workloads/sessions").json()
    return [one["id"] for one in page["included"]["sessions"] if one["status"] in {"pending", "active", "idle"}]


class SparkSessions:
    """What the session proxy says of them."""

    def __init__(self, server: JupyterServer) -> None:
        [session_id] = live_sessions(server)
        self._token = server.request("POST", f"{API}/workloads/sessions/{session_id}/token", {}).json()["token"]
        self._endpoint = describe(server, session_id)["connectionInfo"]["grpcEndpoint"]

    def is_over(self, spark_session_id: str) -> bool:
        answer = call(self._endpoint, "Config", config_request(spark_session_id), bearer(self._token)).message
        assert answer == "" or "was stopped" in answer
        return answer != ""


def test_each_viewer_has_a_spark_session_of_its_own_on_one_session(
    server: JupyterServer, ann: MarimoPage, bob: MarimoPage
) -> None:
    assert ann.told("spark0") != bob.told("spark0")
    for viewer in (ann, bob):
        assert viewer.told("rows0") == "3"
        assert viewer.told("same") == "[True, True]"
        assert viewer.told("refused") == "['session_on_another_config', 'session_is_shared']"
    assert len(live_sessions(server)) == 1


def test_a_cell_that_runs_again_keeps_the_spark_session(ann: MarimoPage) -> None:
    before = ann.told("spark0")
    ann.choose(4)
    assert ann.told("spark4") == before
    assert ann.told("rows4") == "3"


def test_the_spark_session_of_a_viewer_who_leaves_ends_and_the_others_stay(
    server: JupyterServer, ann: MarimoPage, bob: MarimoPage
) -> None:
    sparks = SparkSessions(server)
    left, stays = bob.told("spark0"), ann.told("spark0")
    assert not sparks.is_over(left)
    bob.close()
    eventually(lambda: sparks.is_over(left), 60, "the Spark session of the viewer ended")
    assert not sparks.is_over(stays)


def test_a_viewer_who_leaves_while_a_query_runs_leaves_nothing_running(server: JupyterServer, bob: MarimoPage) -> None:
    sparks = SparkSessions(server)
    [session_id] = live_sessions(server)
    left = bob.told("spark0")
    bob.told("rows0")
    bob.choose(9)

    def running() -> int:
        queries = server.request("GET", f"{API}/workloads/sessions/{session_id}/queries").json()["items"]
        return sum(one["outcome"] == "running" for one in queries)

    eventually(running, 60, "the query runs")
    bob.close()
    eventually(lambda: sparks.is_over(left), 60, "the Spark session of the viewer ended")
    eventually(lambda: not running(), 60, "the query ended")


def test_a_session_that_is_over_is_replaced_by_one_for_all_viewers(
    server: JupyterServer, ann: MarimoPage, bob: MarimoPage
) -> None:
    before = {viewer: (viewer.told("spark0"), viewer.told("rows0")) for viewer in (ann, bob)}
    [session_id] = live_sessions(server)
    server.request("DELETE", f"{API}/workloads/sessions/{session_id}")
    for viewer in (ann, bob):
        viewer.choose(5)
    for viewer, (spark, rows) in before.items():
        assert viewer.told("rows5") == rows  # the view was made again
        assert viewer.told("spark5") != spark
    [again] = live_sessions(server)
    assert again != session_id


@pytest.mark.usefixtures("ann")
def test_the_session_ends_with_the_marimo_server(server: JupyterServer, app: MarimoServer) -> None:
    [session_id] = live_sessions(server)
    app.stop()
    eventually(lambda: describe(server, session_id)["status"] == "closed", 60, "the session was closed")


def test_the_session_of_an_edited_notebook_ends_with_its_kernel(
    server: JupyterServer, root: Path, environment: dict[str, str]
) -> None:
    notebook = root / "edited.py"
    notebook.write_text(EDITED)
    before = set(live_sessions(server))
    with marimo_server("edit", notebook, env=environment) as running, contextlib.closing(running.open()) as page:
        assert page.told("rows") == "4"
        [session_id] = set(live_sessions(server)) - before
        running.stop()
    eventually(lambda: describe(server, session_id)["status"] == "closed", 60, "the session was closed")
