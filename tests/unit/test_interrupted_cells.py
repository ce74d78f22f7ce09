"""Ctrl+C in the cells of a real IPython shell, on an endpoint that answers nothing, not even Interrupts."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.models import SessionToken
from lakesail_notebook.notebook.interrupted_cells import INTERRUPTS, show_interrupt
from lakesail_notebook.spark.interrupts.interrupted_cells import InterruptedCells
from lakesail_notebook.spark.interrupts.interrupts import engine_after, sentence
from lakesail_notebook.spark.interrupts.stopping import Stops
from lakesail_notebook.spark.rpcs.running_calls import RUNNING_CALLS
from lakesail_notebook.spark.rpcs.session_token import RenewedToken
from lakesail_notebook.spark.rpcs.stoppable_channel import QueryInterrupted
from lakesail_notebook.spark.sessions.channel import SessionChannelBuilder
from tests.unit.interrupts import PATIENCE_SECONDS
from tests.unit.small_endpoint import SmallEndpoint

OVER_SECONDS = 3.0
SLACK_SECONDS = 2.0


def nobody() -> Any:
    raise AssertionError("No control plane is asked of a Spark session that no session is known for.")


class Cells:
    """A shell whose cells send to the endpoint with ``query`` and ``configure``."""

    def __init__(self, endpoint: SmallEndpoint) -> None:
        self._endpoint = endpoint
        self.stops = Stops(RUNNING_CALLS, partial(engine_after, nobody))
        cells = InterruptedCells(self.stops)
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)  # type: ignore[no-untyped-call]
        self.shell.events.register("pre_run_cell", cells.cell_begins)
        self.shell.events.register("post_run_cell", cells.cell_ends)
        token = SessionToken(token="t", expires_at="2099-01-01T00:00:00.000Z")
        builder = SessionChannelBuilder(endpoint.address, RenewedToken(lambda: token, SystemClock()))
        self.channel = builder.toChannel()
        stub = spark_proto.SparkConnectServiceStub(self.channel)

        def query(operation_id: str) -> int:
            request = spark_proto.ExecutePlanRequest(session_id="s", operation_id=operation_id)
            request.plan.root.sql.query = f"select {operation_id}"
            return len(list(stub.ExecutePlan(request)))

        self.shell.user_ns.update(
            query=query,
            configure=lambda: stub.Config(spark_proto.ConfigRequest(session_id="s")),
            answers=endpoint.held.set,
            holds=endpoint.held.clear,
            running=RUNNING_CALLS.now,
        )
        self.run("from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(int)")

    def run(self, cell: str) -> ExecutionResult:
        return self.shell.run_cell(cell)  # type: ignore[no-untyped-call, no-any-return]

    def interrupted(self, cell: str, running: int) -> ExecutionResult:
        """Run a cell that is interrupted once so many of its RPCs wait."""
        main = threading.main_thread().ident
        assert main is not None
        self._endpoint.held.clear()
        interrupted_at: list[float] = []

        def interrupt() -> None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(RUNNING_CALLS.now()) < running and time.monotonic() < deadline:
                time.sleep(0.01)
            interrupted_at.append(time.monotonic())
            signal.pthread_kill(main, signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        result = self.run(cell)
        thread.join()
        assert time.monotonic() - interrupted_at[0] < OVER_SECONDS + SLACK_SECONDS
        return result

    @property
    def said(self) -> str:
        assert self.stops.current is not None
        return str(sentence(self.stops.current))


@pytest.fixture
def cells() -> Iterator[Cells]:
    before = signal.getsignal(signal.SIGINT)
    with SmallEndpoint() as endpoint:
        cells = Cells(endpoint)
        yield cells
        endpoint.held.set()
        cells.run("pool.shutdown()")
        cells.channel.close()
    assert signal.getsignal(signal.SIGINT) is before, "outside of cells, interrupts are as they were"


def test_a_cell_that_waits_for_a_pool_ends_although_nothing_is_answered(cells: Cells) -> None:
    result = cells.interrupted("with ThreadPoolExecutor(2) as two: list(two.map(query, '12'))", running=2)
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert cells.said.startswith("2 queries interrupted: select ")
    assert "does not obey yet" in cells.said


def test_the_thread_of_a_query_is_told_and_sends_no_more_until_the_next_cell(cells: Cells) -> None:
    code = "futures = [pool.submit(query, name) for name in '12']\nfutures[0].result()"
    assert isinstance(cells.interrupted(code, running=1).error_in_exec, KeyboardInterrupt)
    for number, words in enumerate(("This query was interrupted. Run it again", "This query was not sent")):
        error = cells.shell.user_ns["futures"][number].exception(PATIENCE_SECONDS)
        assert isinstance(error, QueryInterrupted)
        assert words in str(error)
    assert "select 1" in cells.said
    assert "select 2" not in cells.said
    assert cells.run("answers()\npool.submit(query, '3').result()").result == 3


def test_the_query_of_an_earlier_cell_can_be_interrupted_by_its_user_after_another_cell_was(cells: Cells) -> None:
    cells.run("holds()\nearlier = pool.submit(query, '1')\nwhile not running(): pass")
    assert isinstance(cells.interrupted("query('2')", running=2).error_in_exec, KeyboardInterrupt)
    assert RUNNING_CALLS.being_stopped == {"2"}, "PySpark's Interrupt of query 1 is passed on"
    assert cells.run("answers()\nearlier.result()").result == 3
    assert not RUNNING_CALLS.being_stopped


def test_what_is_no_query_is_given_up_at_once(cells: Cells) -> None:
    result = cells.interrupted("pool.submit(configure).result()\n", running=1)
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert cells.said == "None", "it ran no query"
    assert cells.run("answers()\npool.submit(configure).result().session_id").result == "s"


def test_a_traceback_ends_with_the_line_that_was_interrupted(cells: Cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.shell.set_custom_exc(INTERRUPTS, show_interrupt)  # type: ignore[no-untyped-call]
    cells.run("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhile True: pass")
    shown = capsys.readouterr().out
    assert "KeyboardInterrupt" in shown
    assert "while" in shown
    assert "interrupted_cells.py" not in shown


def test_a_cell_within_a_cell_is_a_part_of_it(cells: Cells) -> None:
    cells.shell.user_ns["shell"] = cells.shell
    code = "shell.run_cell('1')\nwith ThreadPoolExecutor(1) as one: one.submit(query, '1').result()"
    assert isinstance(cells.interrupted(code, running=1).error_in_exec, KeyboardInterrupt)
    assert "select 1" in cells.said


def test_without_an_interrupt_nothing_is_stopped_or_said(cells: Cells) -> None:
    assert cells.run("pool.submit(query, '1').result()").result == 3
    assert cells.stops.current is None
