"""The list of queries in a real kernel: one row for one action of the user, with its end, at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, BackgroundCell, Marker, engine_of, eventually, processes_of, session_of

OBSTINATE = "select count(*) from range(1000000) a cross join range(100000) b where a.id + b.id < 0"
SLEPT_SECONDS = 3.5
"""A function that sleeps for so long does not count as one that computed, as it did before while Python was loaded."""
Row = tuple[str, str, int]
"""Words, outcome and rows."""


class Ledger:
    """What the queries of a kernel's session are, as its owner reads them."""

    def __init__(self, server: JupyterServer, kernel: Kernel) -> None:
        self._server = server
        self._kernel = kernel
        self._seen: set[str] = set()

    def new(self) -> list[dict[str, Any]]:
        """Those that were not seen before, the oldest first. One look, which waits for nothing."""
        session_id = session_of(self._server, self._kernel)["id"]
        answer = self._server.request("GET", f"{API}/workloads/sessions/{session_id}/queries")
        items = [item for item in reversed(answer.json()["items"]) if item["id"] not in self._seen]
        self._seen |= {item["id"] for item in items}
        return items

    def rows(self) -> list[Row]:
        return [(item["what"], item["outcome"], item["rows"]) for item in self.new()]

    def latest(self) -> dict[str, Any]:
        """The newest, seen or not."""
        session_id = session_of(self._server, self._kernel)["id"]
        answer = self._server.request("GET", f"{API}/workloads/sessions/{session_id}/queries?limit=1")
        latest: dict[str, Any] = answer.json()["items"][0]
        return latest


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("ledger.ipynb")
    kernel.execute(
        "%sail connect\n"
        "import time\n"
        "from pathlib import Path\n"
        "from pyspark.sql.functions import udf\n"
        "@udf('long')\n"
        "def refuses(value):\n"
        "    raise ValueError(f'no {value}')"
    )
    yield kernel
    kernel.shutdown()


@pytest.fixture
def ledger(server: JupyterServer, kernel: Kernel) -> Ledger:
    """All that ran before is seen."""
    ledger = Ledger(server, kernel)
    ledger.new()
    return ledger


def test_five_queries_are_five_rows_right_after(kernel: Kernel, ledger: Ledger) -> None:
    said = kernel.execute(
        "spark.range(5).count()\n"
        "pandas = spark.range(3).toPandas()\n"
        "spark.sql('select  1\\n as a').show()\n"
        "spark.range(4).write.saveAsTable('saved')\n"
        "rows = (spark.range(10)\n    .filter('id > 3')\n    .collect())\n"
        "%sail queries -n 5"
    ).text
    assert ledger.rows() == [
        ("spark.range(5).count()", "succeeded", 1),
        ("pandas = spark.range(3).toPandas()", "succeeded", 3),
        ("select 1 as a", "succeeded", 1),
        ("spark.range(4).write.saveAsTable('saved')", "succeeded", 0),
        ("rows = (spark.range(10) .filter('id > 3') .collect())", "succeeded", 6),
    ]
    table = said[said.index("STARTED") :].splitlines()
    assert len(table) == 6
    assert "ERROR" not in table[0]
    assert table[1].endswith("rows = (spark.range(10) .filter('id > 3') .collect())")


def test_each_statement_of_a_cell_of_sql_and_each_value_of_a_cell_is_one_row(kernel: Kernel, ledger: Ledger) -> None:
    kernel.execute("%%sail sql\ncreate table t (n int);\ninsert into t values (1), (2);\nselect * from t")
    kernel.execute("for value in range(2):\n    spark.sql(f'select {value}').collect()")
    kernel.execute("frame = spark.sql('select 3 as three')")
    kernel.execute("frame")
    kernel.execute("from concurrent.futures import ThreadPoolExecutor")
    kernel.execute("with ThreadPoolExecutor(1) as pool:\n    pool.submit(spark.range(7).count).result()")
    assert ledger.rows() == [
        ("create table t (n int)", "succeeded", 0),
        ("insert into t values (1), (2)", "succeeded", 0),
        ("select * from t", "succeeded", 2),
        ("select 0", "succeeded", 1),
        ("select 1", "succeeded", 1),
        ("select 3 as three", "succeeded", 1),
        ("range > aggregate", "succeeded", 1),
    ]


def test_code_without_a_file_a_caught_failure_and_results_left_halfway_are_one_row_each(
    kernel: Kernel, ledger: Ledger
) -> None:
    kernel.execute("größe = eval('spark.range(4).count()')")
    kernel.execute("exec('x = spark.range(5).count()')")
    kernel.execute("try:\n    spark.sql('select 1/0 as x').collect()\nexcept Exception:\n    pass")
    kernel.execute("rows = spark.range(10**7).toLocalIterator()\nnext(rows)\ndel rows")
    kernel.execute("%timeit -n1 -r2 spark.range(7).count()")
    assert [row[:2] for row in ledger.rows()] == [
        ("größe = eval('spark.range(4).count()')", "succeeded"),
        ("exec('x = spark.range(5).count()')", "succeeded"),
        ("select 1/0 as x", "failed"),
        ("next(rows)", "cancelled"),
        ("%timeit -n1 -r2 spark.range(7).count()", "succeeded"),
        ("%timeit -n1 -r2 spark.range(7).count()", "succeeded"),
    ]


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        ("spark.sql('select 1/0 as x').show()", "select 1/0 as x", "divide by zero"),
        ("spark.range(3).select('nope').show()", "spark.range(3).select('nope').show()", "nope"),
        (
            "spark.range(3).select(refuses('id')).show()",
            "spark.range(3).select(refuses('id')).show()",
            "ValueError: no",
        ),
        ("spark.table('missing').toArrow()", "spark.table('missing').toArrow()", "missing"),
        ("spark.sql('selec 1')", "selec 1", "selec"),
        ("%%sail sql\nselect * from missing", "select * from missing", "missing"),
    ],
)
def test_what_failed_in_the_cell_has_failed_with_its_error(
    kernel: Kernel, ledger: Ledger, code: str, words: str, error: str
) -> None:
    with pytest.raises(CellFailed):
        kernel.execute(code)
    [row] = ledger.new()
    assert (row["what"], row["outcome"], row["engineBusy"]) == (words, "failed", False)
    assert error in row["error"]
    assert "\n" not in row["error"]
    shown = kernel.execute("%sail queries -n 1").text
    assert "ERROR" in shown
    assert row["error"] in shown


def test_a_query_goes_on_under_its_name_when_the_session_proxy_is_killed(
    server: JupyterServer, kernel: Kernel, ledger: Ledger, root: Path
) -> None:
    begun = Marker(root, "begun")
    cell = BackgroundCell(
        kernel,
        "@udf('long')\ndef slow(value):\n"
        f"    Path({str(begun.path)!r}).touch()\n    time.sleep(2)\n    return value\n"
        "spark.range(1).select(slow('id').alias('kept')).collect()",
    )
    begun.wait()
    [proxy] = processes_of(server, "lakesail_notebook.session_proxy")
    proxy.kill()
    cell.outcome(60)
    eventually(lambda: ledger.latest()["outcome"] != "running", 60, "its end is known")
    [row] = ledger.rows()
    assert row == ("spark.range(1).select(slow('id').alias('kept')).collect()", "succeeded", 1)


def test_an_interrupted_query_is_cancelled_and_the_engine_is_at_rest(
    server: JupyterServer, kernel: Kernel, ledger: Ledger
) -> None:
    for _ in range(4):  # a busy machine may not let the engine be judged
        cell = computing(server, kernel, "spark.range(1000000000000).selectExpr('sum(id)').show()")
        eventually(lambda: is_told(ledger, "running", engine_busy=True), 60, "it is known that the engine works on it")
        kernel.interrupt()
        cell.failure(100)
        if within(15, lambda: is_told(ledger, "cancelled", engine_busy=False)):
            break
    row = ledger.latest()
    assert (row["outcome"], row["engineBusy"], row["error"]) == ("cancelled", False, None)
    assert "cancelled  " in kernel.execute("%sail queries -n 1").text


def test_an_interrupted_python_function_that_sleeps_on_is_never_told_as_stopped(
    kernel: Kernel, ledger: Ledger, root: Path
) -> None:
    begun, wake, over = (Marker(root, name) for name in ("asleep", "wake", "awake"))
    cell = BackgroundCell(
        kernel,
        "@udf('long')\ndef sleeps(value):\n"
        f"    Path({str(begun.path)!r}).touch()\n"
        f"    while not Path({str(wake.path)!r}).exists(): time.sleep(0.2)\n"
        f"    Path({str(over.path)!r}).touch()\n"
        "    return value\n"
        "spark.range(1).select(sleeps('id')).show()",
    )
    begun.wait()
    time.sleep(SLEPT_SECONDS)  # the engine must have been seen at rest for so long
    kernel.interrupt()
    cell.failure(100)
    row = ledger.latest()
    assert row["outcome"] == "cancelled"
    assert row["engineBusy"] is not False, "it is silent, or it is at rest, where nobody can tell"
    wake.path.touch()
    over.wait()


def test_a_query_that_computes_on_after_its_interrupt_says_so(
    server: JupyterServer, kernel: Kernel, ledger: Ledger
) -> None:
    cell = computing(server, kernel, f"spark.sql({OBSTINATE!r}).show()")
    kernel.interrupt()
    cell.failure(100)
    eventually(lambda: is_told(ledger, "cancelled", engine_busy=True), 60, "it is known that the engine works on it")
    assert ledger.latest()["what"] == OBSTINATE
    assert "cancelled, engine busy" in kernel.execute("%sail queries -n 1").text


def computing(server: JupyterServer, kernel: Kernel, code: str) -> BackgroundCell:
    """A cell with a query that the engine is deep in."""
    engine = engine_of(server, session_of(server, kernel))
    before = engine.cpu_times().user
    cell = BackgroundCell(kernel, code)
    eventually(lambda: engine.cpu_times().user > before + 2, 60, "the engine computes")
    return cell


def within(seconds: float, look: Callable[[], bool]) -> bool:
    """Whether it is seen within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.05)  # between two looks, within the deadline
    return seen


def is_told(ledger: Ledger, outcome: str, *, engine_busy: bool) -> bool:
    """What the newest query is told as."""
    row = ledger.latest()
    return (row["outcome"], row["engineBusy"]) == (outcome, engine_busy)
