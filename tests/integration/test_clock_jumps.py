"""The machine's clock is set while a query runs: the query, the session and its tokens outlive it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from .faked_clock import FakedClock
from .notebooks import API, BackgroundCell, describe, session_of
from .test_healing import WRITTEN_ROWS, begin_write, connected, rows_written

NINE_HOURS = 9 * 3600
"""Longer than a token's 8 h, and than the 8 h after which an idle session closes."""
RUNNING_SECONDS = 3.0


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> FakedClock:
    return FakedClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def server(root: Path, clock: FakedClock) -> Iterator[JupyterServer]:
    with jupyter_server(root, env=clock.environment) as running:
        yield running


@pytest.fixture
def kernel(server: JupyterServer, clock: FakedClock, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    clock.jump(0)
    kernel = connected(server, f"{request.node.callspec.id}.ipynb")
    yield kernel
    server.request("DELETE", f"{API}/workloads/sessions/{session_of(server, kernel)['id']}")
    kernel.shutdown()


def ahead_of_this_machine(kernel: Kernel) -> float:
    """By how many seconds the kernel's clock is ahead."""
    return float(kernel.execute("import time\ntime.time()").text) - time.time()


@pytest.mark.parametrize("jump", [NINE_HOURS, -NINE_HOURS], ids=["ahead", "back"])
def test_a_write_over_a_jump_of_the_clock_ends_well_and_ran_once_and_the_session_goes_on(
    server: JupyterServer, root: Path, clock: FakedClock, kernel: Kernel, jump: int
) -> None:
    name = "ahead" if jump > 0 else "back"
    session = session_of(server, kernel)
    writing = begin_write(kernel, root, name, RUNNING_SECONDS)
    clock.jump(jump)
    assert writing.outcome(60).error is None
    assert ahead_of_this_machine(kernel) == pytest.approx(jump, abs=60), "the clock was not set"
    assert rows_written(kernel, name) == WRITTEN_ROWS
    assert (root / f"{name}-begun").read_text() == "x" * WRITTEN_ROWS
    assert kernel.execute("spark.range(5).count()").value == "5", "the next query asks for a token of the new time"
    now = describe(server, session["id"])
    assert (now["status"], now["workloadId"]) == ("active", session["workloadId"])
    closes = datetime.fromisoformat(now["timeoutAt"]).timestamp()
    assert closes > time.time() + jump + 1800, "a jump is no idleness"


@pytest.mark.parametrize("jump", [NINE_HOURS], ids=["and back"])
def test_a_clock_that_is_set_back_while_a_query_runs_leaves_a_session_that_works(
    server: JupyterServer, root: Path, clock: FakedClock, kernel: Kernel, jump: int
) -> None:
    clock.jump(jump)
    assert kernel.execute("spark.range(4).count()").value == "4", "there is a token of the time ahead"
    writing: BackgroundCell = begin_write(kernel, root, "and-back", RUNNING_SECONDS)
    clock.jump(0)
    assert writing.outcome(60).error is None
    assert (root / "and-back-begun").read_text() == "x" * WRITTEN_ROWS
    assert kernel.execute("spark.range(5).count()").value == "5"
    assert describe(server, session_of(server, kernel)["id"])["status"] == "active"
