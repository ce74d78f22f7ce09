"""Cells of marimo around our queries: when they begin and end, what they say, and other versions of marimo."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest
from marimo._runtime.exceptions import MarimoRuntimeException
from pyspark.errors.exceptions.connect import AnalysisException

import lakesail_notebook
from lakesail_notebook.errors import FailedPrecondition, NotFound
from lakesail_notebook.marimo_support.cell_executor import CellExecutor, names_of_running_cell
from lakesail_notebook.marimo_support.cells import Cells
from lakesail_notebook.marimo_support.errors import made_readable, sentence
from lakesail_notebook.marimo_support.words import in_its_console, in_marimo
from lakesail_notebook.rendering.strip import CellStrips
from lakesail_notebook.spark.interrupts.interrupted_cells import InterruptedCells
from lakesail_notebook.spark.interrupts.interrupts import engine_after, verdict
from lakesail_notebook.spark.interrupts.stopping import EngineAfter, StoppedQuery, Stops
from lakesail_notebook.spark.queries.observed import QUERIES, ObservedQuery
from lakesail_notebook.spark.readable_errors import of_an_ended_session, readable
from lakesail_notebook.spark.rpcs.running_calls import RUNNING_CALLS
from lakesail_notebook.spark.sail_workarounds.engine_load import EngineLoad

PATIENCE_SECONDS = 60.0


@pytest.mark.parametrize(
    "told",
    [
        of_an_ended_session((), None),
        readable("[NO_ACTIVE_SESSION]"),
        readable("ModuleNotFoundError: No module named 'x'"),
        verdict([StoppedQuery("select 1", 1.0, None)], EngineAfter(None)),
        verdict([StoppedQuery("select 1", 1.0, True)], EngineAfter(EngineLoad(0.97))),
        verdict([StoppedQuery("select 1", 1.0, True)], EngineAfter(EngineLoad(0.3))),
    ],
)
def test_what_is_said_names_nothing_that_marimo_does_not_have(told: str) -> None:
    assert "%sail" in told
    assert "%sail" not in in_marimo(told)


def sentences_of(room: Path) -> Iterator[str]:
    """The texts in the code of a room, without what explains the code."""
    for file in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
        tree = ast.parse(file.read_text())
        explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
                yield node.value


@pytest.mark.parametrize("room", ["spark", "workloads", "client", "cures.py"])
def test_no_sentence_that_a_cell_can_show_names_a_magic(room: str) -> None:
    package = Path(lakesail_notebook.__file__).parent
    for text in sentences_of(package / room):
        assert "%sail" not in in_marimo(text), text
        assert "%cd" not in in_marimo(text), text


def test_an_error_of_ours_names_what_marimo_has() -> None:
    error = FailedPrecondition("It is over; run %sail connect to start a new one.")
    assert made_readable(error) is error
    assert str(error) == error.message == "It is over; run the cell with connect() again to start a new one."


def failing_at(error: Exception) -> Exception:
    """The exception as user code gets it that called a library."""
    there = compile("def fails(error): raise error", f"{sys.prefix}/lib/site-packages/library.py", "exec")
    names: dict[str, Any] = {}
    exec(there, names)
    try:
        exec(compile("fails(error)", "<cell-1>", "exec"), {**names, "error": error})
    except Exception as caught:
        return caught
    raise AssertionError("it did not fail")


def test_an_error_of_the_engine_is_one_sentence_and_its_traceback_ends_in_the_users_code() -> None:
    message = "Python UDF failed:\nTraceback (most recent call last):\n  File x, line 1\nValueError: no such day"
    shown = made_readable(failing_at(AnalysisException(message)))
    assert str(shown) == "Python UDF failed: ValueError: no such day"
    assert shown.engine_message == message  # type: ignore[attr-defined]
    assert isinstance(shown, AnalysisException)
    last = shown.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    assert last is not None
    assert last.tb_frame.f_code.co_filename == "<cell-1>"
    assert str(made_readable(shown)) == str(shown)


def test_an_error_of_others_stays_as_it_is() -> None:
    error = failing_at(ValueError("two\nlines"))
    assert made_readable(error) is error
    assert str(error) == "two\nlines"
    assert sentence(error) is None
    assert sentence(NotFound("There is no config x.")) == "There is no config x."


class Inner:
    """marimo's own executor."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def execute_cell(self, cell: Any, names: Any) -> Any:
        self.seen.append(names_of_running_cell())
        return cell()

    async def execute_cell_async(self, cell: Any, names: Any) -> Any:
        return self.execute_cell(cell, names)


def test_a_cell_runs_as_ever_and_is_known_while_it_runs() -> None:
    inner = Inner()
    executor = CellExecutor(inner)
    names = {"a": 1}
    assert executor.execute_cell(lambda: executor.execute_cell(lambda: 41, {}) + 1, names) == 42
    assert asyncio.run(executor.execute_cell_async(lambda: 7, names)) == 7
    assert inner.seen == [names, names, names]
    assert names_of_running_cell() is None


class InterruptedAt:
    """What hears of cells is interrupted itself."""

    def __init__(self, at: str) -> None:
        self._at = at
        self.heard: list[str] = []

    def begins(self, names: Any) -> None:
        self._hear("begins")

    def ends(self) -> None:
        self._hear("ends")

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        if what == self._at:
            raise KeyboardInterrupt


class FailingInner(Inner):
    """marimo's own executor wraps what a cell raises."""

    def execute_cell(self, cell: Any, names: Any) -> Any:
        try:
            return super().execute_cell(cell, names)
        except Exception as error:
            raise MarimoRuntimeException from error


@pytest.mark.parametrize("at", ["begins", "ends"])
@pytest.mark.parametrize("cell", [lambda: 1, lambda: 1 / 0])
def test_an_interrupt_while_a_cell_begins_or_ends_is_one_of_the_cell(at: str, cell: Callable[[], float]) -> None:
    """marimo takes what is not wrapped for a fault of its own."""
    told = InterruptedAt(at)
    executor = CellExecutor(FailingInner(), lambda: told)
    with pytest.raises(MarimoRuntimeException) as raised:
        executor.execute_cell(cell, {})
    assert isinstance(raised.value.__cause__, KeyboardInterrupt)
    with pytest.raises(MarimoRuntimeException):
        asyncio.run(executor.execute_cell_async(cell, {}))
    assert told.heard == ["begins", "ends"] * 2
    assert names_of_running_cell() is None


def test_a_notebook_that_does_not_use_the_package_loads_nothing_of_it() -> None:
    code = (
        "import sys\n"
        "from lakesail_notebook.marimo_support.cell_executor import CellExecutor\n"
        "class Inner:\n"
        "    def execute_cell(self, cell, names): return cell\n"
        "assert CellExecutor(Inner()).execute_cell(5, {}) == 5\n"
        "loaded = {'grpc', 'pyspark', 'pyarrow', 'msgspec', 'httpx'} & set(sys.modules)\n"
        "ours = {name for name in sys.modules if name.startswith('lakesail_notebook.spark')}\n"
        "print(sorted(ours))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr


class Line:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.shown = threading.Event()

    def told(self, elapsed_seconds: float, text: str) -> None:
        self.texts.append(text)
        self.shown.set()

    def warned(self, text: str) -> None: ...
    def cleared(self) -> None: ...
    def broken_off(self, text: str) -> None: ...

    def ended(self, text: str) -> None:
        self.texts.append(text)


def begun(what: str) -> ObservedQuery:
    request = spark_proto.ExecutePlanRequest(operation_id=str(uuid.uuid4()), session_id="s")
    request.plan.root.sql.query = what
    QUERIES.begins(request)
    return next(one for one in QUERIES.after(0) if one.operation_id == request.operation_id)


def nobody() -> Any:
    raise AssertionError("No control plane is asked.")


def cells_with(lines: dict[int, Line]) -> Cells:
    """Of kernels that are threads, as those of ``marimo run``."""

    def strips(_: Any) -> CellStrips:
        ident = threading.get_ident()
        line = lines[ident] = Line()
        return CellStrips(lambda: line, lambda _: None, lambda _: 0, mine=lambda query: query.thread_id == ident)

    return Cells(InterruptedCells(Stops(RUNNING_CALLS, partial(engine_after, nobody))), strips)


def test_the_cells_of_two_viewers_show_their_own_queries() -> None:
    lines: dict[int, Line] = {}
    cells = cells_with(lines)
    both_begun = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    texts: dict[str, list[str]] = {}

    def viewer(name: str) -> None:
        cells.begins({})
        query = begun(name)
        cells.query_begins(query)
        both_begun.wait()
        line = lines[threading.get_ident()]
        assert line.shown.wait(PATIENCE_SECONDS)
        QUERIES.leaves(query.operation_id, None)
        cells.ends()
        texts[name] = line.texts

    threads = [threading.Thread(target=viewer, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    for name in ("one", "two"):
        assert texts[name][0].startswith(f"Running: {name} ")
        assert texts[name][-1].startswith("1 query, ")


@pytest.mark.parametrize("files", [{}, {"_sql/__init__.py": "", "_sql/get_engines.py": "SUPPORTED_ENGINES = []"}])
def test_another_marimo_is_told_of_by_one_sentence_that_names_the_way_round_it(
    files: dict[str, str], tmp_path: Path
) -> None:
    for name, text in {"__init__.py": "__version__ = '0.99.0'", **files}.items():
        (tmp_path / "marimo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "marimo" / name).write_text(text)
    code = (
        "import warnings\n"
        "from lakesail_notebook.marimo_support.registration import register_sql_engine\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    assert [register_sql_engine(), register_sql_engine()] == [False, False]\n"
        "[one] = told\n"
        "print(one.message)\n"
    )
    path = {"PYTHONPATH": f"{tmp_path}", "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=path, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert ran.returncode == 0, ran.stderr
    assert "marimo (0.99.0)" in ran.stdout
    assert "engine=lakesail_notebook.sql_engine(spark)" in ran.stdout


def test_what_a_cell_says_of_an_interrupt_is_broken_into_lines() -> None:
    told = verdict([StoppedQuery("select " + "column, " * 30, 1.0, None)], EngineAfter(None))
    lines = in_its_console(told).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 100
    assert " ".join(lines).split() == in_marimo(told).split()
