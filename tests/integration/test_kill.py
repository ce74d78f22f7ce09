"""SIGKILL to each process, idle and busy: nothing is left, the session says what happened, a connect recovers."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import JupyterError, Kernel

from .notebooks import BackgroundCell, Marker, describe, engine_of, eventually, processes_of, session_of

ENGINE, PROXY = "lakesail_notebook.engine", "lakesail_notebook.session_proxy"
WORK = ["idle", "streaming", "sleeping UDF"]


def _connected(server: JupyterServer, notebook: str) -> Kernel:
    kernel = server.start_kernel(notebook)
    kernel.execute("%sail connect\nassert spark.range(3).count() == 3")
    return kernel


def _busy(kernel: Kernel, work: str, root: Path, seconds: int = 300) -> BackgroundCell | None:
    """Begin work that lasts for so long; return when it runs."""
    if work == "idle":
        return None
    marker = Marker(root, f"begun-{kernel.id}")
    code = _STREAM if work == "streaming" else _SLEEP
    cell = BackgroundCell(kernel, code.format(marker=marker.path.name, seconds=seconds))
    marker.wait()
    return cell


_STREAM = """
def trickle(batches):
    import time
    for batch in batches:
        open("{marker}", "a").write("x")
        for _ in range({seconds}):
            time.sleep(1)
            yield batch
spark.range(1000).repartition(1).mapInArrow(trickle, "id long").toArrow().num_rows
"""
_SLEEP = """
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    open("{marker}", "a").write("x")
    time.sleep({seconds})
    return n + 1
spark.range(1).select(slow("id")).first()[0]
"""
_ANSWER = {"streaming": "5000", "sleeping UDF": "1"}


@pytest.mark.parametrize("work", WORK)
def test_a_killed_server_leaves_no_process_and_its_session_can_be_replaced(tmp_path: Path, work: str) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    with jupyter_server(root, home=home) as server:
        kernel = _connected(server, "killed.ipynb")
        session = session_of(server, kernel)
        cell = _busy(kernel, work, root)
        assert processes_of(server, ENGINE)
        assert processes_of(server, PROXY)
        server.kill()
        eventually(lambda: not server.descendants(), 60, "every process of the server is gone")
        if cell is not None:
            with pytest.raises(JupyterError):
                cell.outcome(60)
    with jupyter_server(root, home=home) as server:
        again = _connected(server, "killed.ipynb")
        failed = describe(server, session["id"])
        assert (failed["status"], failed["terminationReason"]) == ("failed", "server_stopped")
        assert failed["statusMessage"] == f"Session {session['id']} ended with the server that it ran on."
        assert session_of(server, again)["id"] != session["id"]


@pytest.mark.parametrize("work", WORK)
def test_a_killed_proxy_comes_back_on_its_port_and_queries_go_on(server: JupyterServer, root: Path, work: str) -> None:
    kernel = _connected(server, f"proxy {work}.ipynb")
    session = session_of(server, kernel)
    cell = _busy(kernel, work, root, seconds=5)
    [proxy] = processes_of(server, PROXY)
    proxy.kill()
    eventually(lambda: processes_of(server, PROXY), 60, "a new session proxy runs")
    if cell is not None:
        assert cell.outcome(60).value == _ANSWER[work]
    assert kernel.execute("spark.range(5).count()").value == "5"
    now = describe(server, session["id"])
    assert now["status"] == "active"
    assert now["connectionInfo"] == session["connectionInfo"]
    if cell is not None:
        assert (root / f"begun-{kernel.id}").read_text() == "x", "the query ran once"
    kernel.shutdown()


@pytest.mark.parametrize("work", WORK)
def test_a_killed_engine_fails_its_session_at_once_and_says_so(server: JupyterServer, root: Path, work: str) -> None:
    kernel = _connected(server, f"engine {work}.ipynb")
    session = session_of(server, kernel)
    cell = _busy(kernel, work, root)
    engine_of(server, session).kill()
    if cell is not None:
        failure = cell.failure(60)
        assert "signal 9" in failure.error.value
        assert "%sail connect" in failure.error.value
    failed = eventually(
        lambda: (seen := describe(server, session["id"]))["status"] == "failed" and seen, 60, "the session failed"
    )
    assert failed["terminationReason"] == "engine_crashed"
    assert "signal 9 (SIGKILL)" in failed["statusMessage"]
    refused = BackgroundCell(kernel, "spark.range(3).count()").failure(60)
    assert "signal 9" in refused.error.value or "NO_ACTIVE_SESSION" in refused.error.value
    kernel.execute("%sail connect\nassert spark.range(3).count() == 3")
    assert session_of(server, kernel)["id"] != session["id"]
    kernel.shutdown()
