"""Ctrl+C in a cell: everything that the cell runs stops soon, and the cell says so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, BackgroundCell, Marker, engine_of, eventually, interrupt_all, session_of

OVER_SECONDS = 45.0
"""Three on a machine that has nothing else to do. The queries run for minutes, and a cell that the interrupt does not
end waits for 65 s at least."""

SETUP = """
%sail connect
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
from pyspark.sql.functions import udf
def obedient(divisor):
    return spark.range(10**11).selectExpr(f"id % {divisor} as k").groupBy("k").count().collect()
def deaf(_=None):
    return spark.range(10**6).crossJoin(spark.range(10**6)).selectExpr("sum(1)").collect()
"""


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("interrupts.ipynb")
    kernel.execute(SETUP)
    yield kernel
    kernel.shutdown()


@pytest.fixture
def engine(server: JupyterServer, kernel: Kernel) -> psutil.Process:
    kernel.execute("%sail connect")
    engine = engine_of(server, session_of(server, kernel))
    eventually(lambda: engine.cpu_percent(0.2) < 20, 60, "the engine is at rest")
    return engine


def interrupted(
    kernel: Kernel, engine: psutil.Process, code: str, runs: Callable[[], bool] | None = None
) -> CellFailed:
    """How a cell ends that is interrupted while its queries run.

    :param runs: whether they run, where the engine computes for others, too.
    """
    cell = BackgroundCell(kernel, code, timeout_seconds=120)
    before = engine.cpu_times().user
    eventually(runs or (lambda: engine.cpu_times().user > before + 0.5), 60, "the queries of the cell run")
    began = time.monotonic()
    kernel.interrupt()
    failure = cell.failure(100)
    assert time.monotonic() - began < OVER_SECONDS, failure.error.traceback
    assert failure.error.traceback.strip().count("\n") == 0, "one line, and no traceback"
    return failure


POOL = "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(obedient, [7, 11]))"
FUTURES = """
with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(obedient, divisor) for divisor in range(3, 13)]
    counts = [future.result() for future in futures]
"""
GATHERED = "counts = await asyncio.gather(*(asyncio.to_thread(obedient, divisor) for divisor in (7, 11)))"
IN_A_LOOP = "await asyncio.sleep(0)\nobedient(7)"
SWALLOWED = """
with ThreadPoolExecutor(1) as pool:
    future = pool.submit(obedient, 7)
    try:
        future.result()
    except KeyboardInterrupt:
        pass
raise future.exception()
"""


@pytest.mark.parametrize(
    ("code", "name", "count"),
    [
        ("obedient(7)", "KeyboardInterrupt", "interrupted after"),
        (FUTURES, "KeyboardInterrupt", "2 queries interrupted: return spark.range(10**11)"),
        (GATHERED, "CancelledError", "2 queries interrupted: return spark.range(10**11)"),
        (IN_A_LOOP, "QueryInterrupted", "interrupted after"),
        (SWALLOWED, "QueryInterrupted", "interrupted after"),
    ],
    ids=["a statement", "more futures than threads", "gather", "in the event loop", "swallowed"],
)
def test_queries_in_all_threads_of_the_cell_are_stopped(
    kernel: Kernel, engine: psutil.Process, code: str, name: str, count: str
) -> None:
    failure = interrupted(kernel, engine, code)
    assert failure.error.name == name
    assert count in failure.error.traceback
    eventually(lambda: interrupt_all(kernel) == "No query was running.", 60, "the engine is at rest")
    assert kernel.execute("spark.range(5).count()").value == "5"


THREAD_OF_A_THREAD = """
def outer():
    inner = threading.Thread(target=obedient, args=[7], name="inner")
    inner.start()
    inner.join()
    raise ValueError("of the user")
thread = threading.Thread(target=outer, name="outer")
thread.start()
thread.join()
"""


def test_a_thread_that_an_interrupt_ends_says_so_in_one_line(kernel: Kernel, engine: psutil.Process) -> None:
    failure = interrupted(kernel, engine, THREAD_OF_A_THREAD)
    assert "interrupted after" in failure.error.traceback
    lines = kernel.execute("thread.join()").stderr + failure.result.stderr
    assert "inner ended: This query was interrupted" in lines
    assert "QueryInterrupted" not in lines, "no traceback"
    assert "ValueError: of the user" in lines, "other exceptions come with theirs"


BACKGROUND = """
counted, wanted = [], threading.Event()
def work_on():
    while not wanted.is_set():
        counted.append(spark.range(10**6).selectExpr("id % 5 as k").groupBy("k").count().count())
thread = threading.Thread(target=work_on)
thread.start()
"""
FOREGROUND = f"before = len(counted)\n{POOL}"


def test_a_thread_that_an_earlier_cell_began_goes_on(
    server: JupyterServer, kernel: Kernel, engine: psutil.Process
) -> None:
    def two_run() -> bool:
        answer = server.request("GET", f"{API}/workloads/sessions/{session_id}/queries").json()
        return [row["outcome"] for row in answer["items"] if "10**11" in row["what"]][:2] == ["running", "running"]

    session_id = session_of(server, kernel)["id"]
    kernel.execute(BACKGROUND)
    failure = interrupted(kernel, engine, FOREGROUND, two_run)
    assert failure.error.name == "KeyboardInterrupt"
    assert "2 queries interrupted: return spark.range(10**11)" in failure.error.traceback
    more = "seen = len(counted)\nwhile len(counted) < seen + 2 and thread.is_alive(): time.sleep(0.01)"
    kernel.execute(f"{more}\nwanted.set()\nthread.join(60)", timeout_seconds=120)
    assert kernel.execute("len(counted) >= before + 2 and set(counted) == {5}").value == "True"


ONE_OF_FOUR = """
for n in range(3): spark.range(n).count()
thread = threading.Thread(target=lambda: obedient(7))
thread.start()
"""


def test_what_is_interrupted_without_a_cell_is_what_runs(kernel: Kernel, engine: psutil.Process) -> None:
    before = engine.cpu_times().user
    kernel.execute(ONE_OF_FOUR)
    eventually(lambda: engine.cpu_times().user > before + 0.5, 60, "the engine computes")
    said = interrupt_all(kernel)
    assert said.startswith("Told to stop: return spark.range(10**11)")
    assert "spark.range(n)" not in said, "the three that had ended are not named"
    assert kernel.execute("thread.join(60)\nthread.is_alive()", timeout_seconds=120).value == "False"
    eventually(lambda: interrupt_all(kernel) == "No query was running.", 60, "nothing runs")


DISOBEDIENT = """
@udf("long")
def asleep(n):
    import time
    open("asleep", "w").close()
    time.sleep(300)
    return n
def deaf_later():
    while not os.path.exists("asleep"):  # a function would wait for a thread of the engine that the join has taken
        time.sleep(0.05)
    return deaf()
import os
work = [deaf_later, lambda: spark.range(1).select(asleep("id")).toPandas()]
with ThreadPoolExecutor(2) as pool:
    list(pool.map(lambda one: one(), work))
"""


def test_an_engine_that_does_not_obey_keeps_no_cell_and_everything_after_it_says_so(
    server: JupyterServer, kernel: Kernel, engine: psutil.Process, root: Path
) -> None:
    cell = BackgroundCell(kernel, DISOBEDIENT, timeout_seconds=120)
    Marker(root, "asleep").wait()
    before = engine.cpu_times().user
    eventually(lambda: engine.cpu_times().user > before + 1, 60, "the engine is deep in the join")
    began = time.monotonic()
    kernel.interrupt()
    said = cell.failure(100).error.traceback
    assert time.monotonic() - began < OVER_SECONDS
    assert said.strip().count("\n") == 0
    assert said.startswith("KeyboardInterrupt: 2 queries interrupted: ")
    assert "does not obey" in said
    assert_told_of_a_wait(kernel)
    said = kernel.execute("try:\n    %sail connect --wait 1s\nexcept Exception as error: print(error)").text
    for told in (said, kernel.execute("%sail status").text):
        assert re.search("The engine (may )?still works? on what was .*%sail relaunch", told)
    eventually(
        lambda: is_told_how_to_end_it(kernel), 60, "connect tells of an engine that computes and does not answer"
    )
    said = kernel.execute("%sail close\n%sail relaunch\nspark.range(5).count()").text
    assert said.endswith("5")
    eventually(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE, 60, "the engine is gone")


def assert_told_of_a_wait(kernel: Kernel) -> None:
    """A query that waits for others says so in its cell, which an interrupt ends. A busy machine is given longer."""
    for seconds in (5, 15, 45):
        with pytest.raises(TimeoutError) as caught:
            kernel.execute("spark.range(5).select(asleep('id')).count()", timeout_seconds=seconds)
        kernel.interrupt()
        if re.search(r"Waiting: .* · the engine is busy with \d+ other quer", str(caught.value)):
            return
    raise AssertionError(f"it does not say for what it waits: {caught.value}")


def is_told_how_to_end_it(kernel: Kernel) -> bool:
    with pytest.raises(CellFailed) as caught:
        kernel.execute("%sail connect --wait 4s", timeout_seconds=120)
    said = caught.value.error.traceback
    return re.search(r"its engine answers nothing and uses \d+% of a core.*%sail close", said) is not None


def test_impatience_changes_nothing(kernel: Kernel, engine: psutil.Process) -> None:
    cell = BackgroundCell(kernel, POOL, timeout_seconds=120)
    before = engine.cpu_times().user
    eventually(lambda: engine.cpu_times().user > before + 0.5, 60, "the engine computes")
    for _ in range(4):
        kernel.interrupt()
    assert "interrupted" in cell.failure(60).error.traceback
    with pytest.raises(CellFailed) as caught:
        kernel.execute("spark.table('not there').show()")
    assert caught.value.error.traceback.strip().count("\n") == 0, "errors are still one line"
