"""Two Jupyter servers of one user on one database: each sees all sessions, and touches only its own engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

from .notebooks import API, BackgroundCell, Marker, describe, engine_of, eventually, session_of

Servers = tuple[JupyterServer, JupyterServer]

_SLOW = """
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    open("begun", "w").close()
    time.sleep(300)
    return n
spark.range(1).select(slow("id")).collect()
"""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    (tmp_path / "home").mkdir()
    with ExitStack() as stack:
        roots = [tmp_path / name for name in ("one", "other")]
        for root in roots:
            root.mkdir()
        one, other = (stack.enter_context(jupyter_server(root, home=tmp_path / "home")) for root in roots)
        yield one, other


def test_a_session_that_the_other_server_closes_ends_here_too(servers: Servers, tmp_path: Path) -> None:
    one, other = servers
    kernel = one.start_kernel("mine.ipynb")
    kernel.execute("%sail connect")
    session = session_of(one, kernel)
    assert describe(other, session["id"])["id"] == session["id"]
    running = BackgroundCell(kernel, _SLOW)
    Marker(tmp_path / "one", "begun").wait()
    assert other.request("DELETE", f"{API}/workloads/sessions/{session['id']}").status_code == 204
    assert "was closed" in running.failure(60).error.value
    kernel.execute("%sail connect\nassert spark.range(3).count() == 3")


def test_a_server_that_dies_leaves_the_others_sessions_alone_and_its_own_are_failed(servers: Servers) -> None:
    one, other = servers
    dying, living = one.start_kernel("dies.ipynb"), other.start_kernel("lives.ipynb")
    for kernel in (dying, living):
        kernel.execute("%sail connect\nassert spark.range(3).count() == 3")
    lost, kept = session_of(one, dying), session_of(other, living)
    engine = engine_of(other, kept)
    one.kill()
    eventually(lambda: describe(other, lost["id"])["status"] == "failed", 60, "the lost session is failed")
    assert describe(other, lost["id"])["terminationReason"] == "server_stopped"
    assert living.execute("spark.range(5).count()").value == "5"
    assert describe(other, kept["id"])["status"] == "active"
    assert engine.is_running()
