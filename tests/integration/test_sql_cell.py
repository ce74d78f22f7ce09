"""``%%sail sql`` on a real engine: what it runs and what it does not, what comes back, what is shown of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .notebooks import eventually


def any_value(values: Sequence[object]) -> bool:
    """A list of None alone has no type, and is refused."""
    return any(value is not None for value in values)


_INT = st.integers(-(2**63), 2**63 - 1)
_DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
_LISTS = st.one_of(
    st.lists(st.none() | _INT, min_size=1, max_size=5).filter(any_value),
    st.lists(st.floats(allow_nan=False) | st.integers(-(2**53), 2**53), min_size=1, max_size=5),
    st.lists(_DECIMAL | st.decimals(-100, 100, places=1) | st.integers(-9, 9), min_size=1, max_size=5),
    st.lists(st.none() | st.text(max_size=5), min_size=1, max_size=5).filter(any_value),
)
_VALUES = st.one_of(st.none(), st.booleans(), _INT, st.floats(allow_nan=False), _DECIMAL, st.binary(), st.text())


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("sql.ipynb")
    kernel.execute("%sail connect\nfrom decimal import Decimal\nimport datetime\nnan, inf = float('nan'), float('inf')")
    kernel.execute("%%sail sql\ncreate table written (n int)")
    yield kernel
    kernel.shutdown()


def rows_written(kernel: Kernel) -> int:
    return int(kernel.execute("spark.table('written').count()").text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_VALUES | _LISTS)
def test_whatever_value_is_bound_comes_back_as_it_is(kernel: Kernel, value: object) -> None:
    kernel.execute(f"value = {value!r}")
    kernel.execute("%%sail sql answer\nselect {value} as v")
    assert kernel.execute("answer.first()[0] == value").value == "True"


@pytest.mark.parametrize("value", [date(1, 1, 1), date(9999, 12, 31), datetime(2024, 2, 29, 1, 2, 3, 45), [Decimal(0)]])
def test_a_value_of_a_narrow_type_comes_back_as_it_is(kernel: Kernel, value: object) -> None:
    kernel.execute(f"value = {value!r}")
    kernel.execute("%%sail sql answer\nselect {value} as v")
    assert kernel.execute("answer.first()[0] == value").value == "True"


def test_no_number_is_no_number(kernel: Kernel) -> None:
    kernel.execute(f"value = {math.nan!r}")
    assert "nan" in kernel.execute("%%sail sql\nselect {value} as v").text


@pytest.mark.parametrize("option", ["--explain", "--schema"])
@pytest.mark.parametrize(
    "statement", ["insert into written values (1)", "drop table written", "create table new (n int)"]
)
def test_a_statement_that_is_only_described_is_not_run(kernel: Kernel, option: str, statement: str) -> None:
    before = rows_written(kernel)
    with pytest.raises(CellFailed, match="has not been run"):
        kernel.execute(f"%%sail sql {option}\n{statement}")
    with pytest.raises(CellFailed, match="one statement alone"):
        kernel.execute(f"%%sail sql {option}\n{statement}; select 1")
    assert rows_written(kernel) == before
    assert "new" not in kernel.execute("%%sail sql\nshow tables").text


def test_a_query_with_values_and_dataframes_is_described(kernel: Kernel) -> None:
    kernel.execute("args = spark.range(3)\nkind = 'a'\nlarge = [1, 2**40]")
    query = "select *, {kind} as kind, {large} as large from {args}"
    said = kernel.execute(f"%%sail sql described --schema\n{query}").text
    assert "array<bigint>" in said
    assert "Plan" in kernel.execute(f"%%sail sql --explain\n{query}").text
    assert kernel.execute("described.count()").value == "3"
    assert "3 rows" in kernel.execute(f"%%sail sql\n{query}").text


def test_without_a_session_the_cure_is_named_at_once(server: JupyterServer) -> None:
    fresh = server.start_kernel("not connected.ipynb")
    with pytest.raises(CellFailed, match="run %sail connect first"):
        fresh.execute("%%sail sql\nselect 1")
    assert fresh.execute("import sys\n'pyspark' in sys.modules").value == "False"
    assert fresh.complete("%%sail sql\nselect a") is not None
    assert fresh.execute("'pyspark' in sys.modules").value == "False"
    fresh.shutdown()


def test_nothing_runs_of_a_cell_with_a_mistake(kernel: Kernel) -> None:
    before = rows_written(kernel)
    for last in ("select 'not closed", "select {", "select {nobody_has_this}", "/* not closed"):
        with pytest.raises(CellFailed, match="UsageError"):
            kernel.execute(f"%%sail sql\ninsert into written values (1);\n{last}")
    assert rows_written(kernel) == before


@pytest.mark.parametrize("line", ["", "assigned"])
def test_a_write_runs_once_however_often_its_result_is_shown(kernel: Kernel, line: str) -> None:
    before = rows_written(kernel)
    kernel.execute(f"%%sail sql {line}\ninsert into written values (1)")
    if line:
        kernel.execute("assigned")
        kernel.execute("assigned.toArrow()")
    assert rows_written(kernel) == before + 1


def test_a_result_that_cannot_be_drawn_is_said_to_be_one_of_a_statement_that_ran(kernel: Kernel) -> None:
    before = rows_written(kernel)
    with pytest.raises(CellFailed, match="has run"):
        kernel.execute("%%sail sql --plot\ninsert into written values (1)")
    assert rows_written(kernel) == before + 1


def test_values_beyond_those_of_python_are_shown(kernel: Kernel) -> None:
    said = kernel.execute("%%sail sql\nselect make_date(12000, 1, 1) as late, date '-0001-01-01' as early").text
    assert "12000-01-01" in said
    assert "-0001-01-01" in said


@pytest.mark.parametrize(
    ("query", "drawn"),
    [
        (
            "select date '2024-01-01' + cast(id as int) as day, cast(id as decimal(9, 2)) as sum from range(9)",
            "sum over day",
        ),
        ("select 'a' as `$x$`, 1 as n, 2 as n", "n, n over $x$, 1 row"),
    ],
)
def test_dates_and_decimals_are_drawn(kernel: Kernel, query: str, drawn: str) -> None:
    [chart] = kernel.execute(f"%%sail sql --plot\n{query}").displays
    assert drawn in chart["text/plain"]
    assert chart["image/png"]


def test_a_table_that_cannot_be_read_hides_no_other_in_the_completion(kernel: Kernel) -> None:
    kernel.execute("spark.range(3).write.parquet('vanishing')")
    kernel.execute("%%sail sql\ncreate view vanished as select * from parquet.`vanishing`")
    kernel.execute("spark.range(3).withColumnRenamed('id', 'mileage').createOrReplaceTempView('motorbikes')")
    kernel.execute("import shutil\nshutil.rmtree('vanishing')")
    eventually(lambda: "motorbikes" in kernel.complete("%%sail sql\nselect * from motor"), 60, "the view was completed")
    assert "mileage" in kernel.complete("%%sail sql\nselect * from motorbikes as m where m.mil")
    assert "motorbikes" not in kernel.complete("%%sail sql\nselect * from motorbikes as m where m.mo")


def test_the_display_of_a_query_that_fails_is_one_line_without_a_traceback(kernel: Kernel) -> None:
    said = kernel.execute("spark.sql('select raise_error(\"<b>no</b>\")')")
    [broken] = said.displays
    assert "<b>" not in broken["text/html"]
    assert "Traceback" not in said.text
