"""What time does to a session, on a server whose limits are low: each way for it to end, and what keeps it alive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from headless import Config, JupyterServer, jupyter_server
from headless_kernel import Kernel

from .notebooks import (
    API,
    BackgroundCell,
    Marker,
    describe,
    eventually,
    processes_of,
    session_of,
)

DETACHED_SECONDS = 3
LINGER_SECONDS = 6
START_SECONDS = 45
"""Every engine of this server must start within it, on a busy machine, too."""
LOW_LIMITS: Config = {
    "LakesailApp": {
        "limits": {
            "idle_timeout": {"floor": 1},
            "max_duration": {"floor": 1},
            "detached_seconds": DETACHED_SECONDS,
            "start_timeout_seconds": START_SECONDS,
        }
    },
    "LocalBackend": {"linger_seconds": LINGER_SECONDS},
}


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root, config=LOW_LIMITS) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def never_ready(server: JupyterServer, root: Path) -> dict[str, Any]:
    """A session that waits for its engine while the other tests run."""
    never = root / "never-ready"
    never.write_text("#!/bin/sh\nexec sleep 600\n")
    never.chmod(0o700)
    answer = server.request("POST", f"{API}/workloads/sessions", {"metadata": {"lakesail/python": str(never)}})
    session: dict[str, Any] = answer.json()
    return session


def _create(server: JupyterServer, **config: int) -> dict[str, Any]:
    answer = server.request("POST", f"{API}/workloads/sessions", {"config": config})
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


def _attached(server: JupyterServer, notebook: str, **config: int) -> tuple[Kernel, dict[str, Any]]:
    """A kernel on a session of these limits, which begin to count when the kernel can use it."""
    kernel = server.start_kernel(notebook)
    kernel.execute("import pyspark.sql.connect.session")
    session = _create(server, **config)
    kernel.execute(f"%sail connect --attach {session['id']}")
    return kernel, session


def _querying(
    server: JupyterServer, root: Path, name: str, *, sleep_seconds: int, **config: int
) -> tuple[Kernel, dict[str, Any], BackgroundCell] | None:
    """A kernel on a session of these limits, whose query sleeps; ``None``: the limits were over before it began."""
    kernel = server.start_kernel(f"{name}.ipynb")
    kernel.execute("import pyspark.sql.connect.session\nfrom pyspark.sql.functions import udf")
    session, marker = _create(server, **config), Marker(root, f"{name} {time.monotonic()}")
    connect = f"%sail connect --attach {session['id']}\n"
    cell = BackgroundCell(kernel, connect + _SLEEPING_UDF.format(marker=marker.path.name, seconds=sleep_seconds), 120)
    eventually(lambda: marker.path.exists() or not cell.is_alive(), 120, "the query began, or the session ended")
    if marker.path.exists():
        return kernel, session, cell
    kernel.shutdown()
    return None


def _ended(server: JupyterServer, session: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        seen = describe(server, session["id"])
        return seen if seen["status"] in {"closed", "failed"} else None

    return eventually(look, 60, f"session {session['id']} ended")


def _status(server: JupyterServer, session: dict[str, Any], status: str) -> None:
    eventually(lambda: describe(server, session["id"])["status"] == status, 60, f"the session is {status}")


_SLEEPING_UDF = """
@udf("long")
def slow(n):
    import time
    open("{marker}", "w").close()
    time.sleep({seconds})
    return n + 1
spark.range(1).select(slow("id")).first()[0]
"""


def test_a_query_survives_an_idle_timeout_that_is_shorter(server: JupyterServer, root: Path) -> None:
    for timeout in (5, 15, 30):  # a busy machine may let the session idle before the query begins
        limits = {"idleTimeoutSeconds": timeout, "idleCloseDelaySeconds": 0}
        if begun := _querying(server, root, "long query", sleep_seconds=timeout + 9, **limits):
            break
    assert begun is not None
    kernel, session, cell = begun
    assert cell.outcome(100).value == "1"
    ended = _ended(server, session)
    assert (ended["status"], ended["terminationReason"]) == ("closed", "idle_timeout")
    assert f"{timeout} s idle" in ended["statusMessage"]
    kernel.shutdown()


def test_an_idle_session_is_active_again_with_its_next_query(server: JupyterServer) -> None:
    kernel, session = _attached(server, "idle.ipynb", idleTimeoutSeconds=6, idleCloseDelaySeconds=600)
    _status(server, session, "idle")
    assert describe(server, session["id"])["idleSince"] is not None

    def is_active() -> bool:
        kernel.execute("spark.range(3).count()")
        seen = describe(server, session["id"])
        return seen["status"] == "active" and seen["idleSince"] is None

    eventually(is_active, 60, "it is active, for some seconds")
    kernel.shutdown()


def test_a_session_that_nobody_uses_closes_by_the_idle_rules(server: JupyterServer) -> None:
    session = _create(server, idleTimeoutSeconds=1, idleCloseDelaySeconds=1)
    assert _ended(server, session)["terminationReason"] == "idle_timeout"


def test_it_is_said_that_a_session_will_close_before_it_does(server: JupyterServer) -> None:
    for delay in (5, 15, 30):  # a machine that stalls for as long lets the session end at once
        session = _create(server, idleTimeoutSeconds=3, idleCloseDelaySeconds=delay)
        _ended(server, session)
        events = server.request("GET", f"{API}/events?after=0&limit=1000").json()["events"]
        mine = [event for event in events if event["sessionId"] == session["id"]]
        kinds = [event["kind"] for event in mine]
        if "warning" in kinds:
            break
    assert kinds.count("warning") == 1
    assert kinds.index("warning") < [event["newStatus"] for event in mine].index("closed")
    warning = mine[kinds.index("warning")]
    assert "will close in" in warning["message"]


def test_the_countdown_is_the_moment_at_which_it_closes(server: JupyterServer) -> None:
    session = _create(server, idleTimeoutSeconds=2, idleCloseDelaySeconds=1)
    told = datetime.fromisoformat(session["timeoutAt"])
    closed = datetime.fromisoformat(_ended(server, session)["closedAt"])
    assert told <= closed <= told + timedelta(seconds=60)


def test_a_session_closes_at_its_maximum_duration_though_a_query_runs(server: JupyterServer, root: Path) -> None:
    for duration in (8, 25, 50):  # a busy machine may need longer before the query begins
        if begun := _querying(server, root, "maximum", sleep_seconds=300, maxDurationSeconds=duration):
            break
    assert begun is not None
    kernel, session, cell = begun
    assert f"maximum duration of {duration} s" in cell.failure(100).error.value
    ended = _ended(server, session)
    assert ended["terminationReason"] == "max_duration"
    created_at, closed_at = (datetime.fromisoformat(ended[moment]) for moment in ("createdAt", "closedAt"))
    assert closed_at >= created_at + timedelta(seconds=duration)
    kernel.shutdown()


def test_a_token_ends_with_the_maximum_duration(server: JupyterServer) -> None:
    kernel, session = _attached(server, "token.ipynb", maxDurationSeconds=600)
    _status(server, session, "active")
    now = describe(server, session["id"])
    token = server.request("POST", f"{API}/workloads/sessions/{session['id']}/token", {"durationSeconds": 3600}).json()
    assert datetime.fromisoformat(token["expiresAt"]) <= datetime.fromisoformat(now["createdAt"]) + timedelta(
        minutes=11
    )
    kernel.shutdown()


def test_a_session_whose_kernel_is_gone_closes_as_detached(server: JupyterServer) -> None:
    kernel = server.start_kernel("detached.ipynb")
    kernel.execute("%sail connect")
    session = session_of(server, kernel)
    kernel.shutdown()
    ended = _ended(server, session)
    assert (ended["status"], ended["terminationReason"]) == ("closed", "detached")


def test_a_session_goes_on_with_the_kernel_that_took_it_over(server: JupyterServer) -> None:
    first, second = server.start_kernel("first of two.ipynb"), server.start_kernel("second of two.ipynb")
    first.execute("%sail connect")
    session = session_of(server, first)
    second.execute(f"%sail connect --attach {session['id']}")
    first.shutdown()
    time.sleep(DETACHED_SECONDS + 3)  # nothing shows that nothing happens, but time
    assert describe(server, session["id"])["status"] == "active"
    assert second.execute("spark.range(4).count()").value == "4"
    second.shutdown()


def test_an_engine_that_never_becomes_ready_fails_its_session_in_time(
    server: JupyterServer, never_ready: dict[str, Any]
) -> None:
    ended = _ended(server, never_ready)
    assert (ended["status"], ended["terminationReason"]) == ("failed", "start_timeout")
    assert f"within {START_SECONDS} s" in ended["statusMessage"]
    eventually(lambda: not processes_of(server, "600"), 60, "what was started is gone")


def test_a_freed_engine_lingers_and_then_ends(server: JupyterServer) -> None:
    kernel = server.start_kernel("lingers.ipynb")
    kernel.execute("%sail connect --new")
    session = session_of(server, kernel)
    kernel.execute("%sail close")
    eventually(lambda: _workload(server, session)["cleanedAt"] is not None, 60, "it stopped")
    ended = _workload(server, session)
    assert (ended["infraStatus"], ended["shutdownPolicy"]) == ("stopped", f"linger:{LINGER_SECONDS}")
    closed_at = datetime.fromisoformat(describe(server, session["id"])["closedAt"])
    assert datetime.fromisoformat(ended["cleanedAt"]) >= closed_at + timedelta(seconds=LINGER_SECONDS)
    kernel.shutdown()


def _workload(server: JupyterServer, session: dict[str, Any]) -> dict[str, Any]:
    page = server.request("GET", f"{API}/workloads/sessions").json()
    workloads: dict[str, dict[str, Any]] = {row["id"]: row for row in page["included"]["workloads"]}
    return workloads[session["workloadId"]]
