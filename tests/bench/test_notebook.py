"""What ``%sail`` adds to what it stands for, in a real kernel."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from .figures import Figure, Figures

pytestmark = pytest.mark.bench

_RUNS = 60
_IMPORT_AND_CONNECT = """
import json, time
began = time.perf_counter()
import pyspark.sql.connect.session
imported = time.perf_counter()
get_ipython().run_line_magic("sail", "connect")
connected = time.perf_counter()
print("FIGURES" + json.dumps([imported - began, connected - imported]))
"""
_SQL = f"""
import json, time
from IPython.utils.capture import capture_output
def seconds_of(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
def cell():
    with capture_output():
        get_ipython().run_cell_magic("sail", "sql", "select id, id * 2 as twice from range(1000)")
def plain():
    return spark.sql("select id, id * 2 as twice from range(1000)").limit(1001).toArrow()
for _ in range(10): cell(), plain()
print("FIGURES" + json.dumps([[seconds_of(cell), seconds_of(plain)] for _ in range({_RUNS})]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("root")) as running:
        yield running


def measured(kernel: Kernel, code: str) -> list[list[float]]:
    said = kernel.execute(code).stdout
    found: list[list[float]] = json.loads(said.partition("FIGURES")[2])
    return found


def test_a_connect_to_a_warm_session_beyond_the_import_of_pyspark(figures: Figures, server: JupyterServer) -> None:
    kernel = server.start_kernel("warm.ipynb")
    kernel.execute("%sail connect")
    runs = []
    for _ in range(5):
        kernel.restart()
        runs.append(measured(kernel, _IMPORT_AND_CONNECT))
    kernel.shutdown()
    imported, connected = (statistics.median(column) for column in zip(*runs, strict=True))
    note = f"the import of PySpark takes {imported * 1000:.0f} ms"
    figure = figures.add(
        Figure(name="%sail connect, warm, after the import", value=connected * 1000, unit="ms", aim=300, note=note)
    )
    assert figure.met, figures.table()


def test_a_cell_of_sql_against_spark_sql(figures: Figures, server: JupyterServer) -> None:
    kernel = server.start_kernel("sql.ipynb")
    kernel.execute("%sail connect")
    pairs = measured(kernel, _SQL)
    kernel.shutdown()
    cell, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    note = f"{cell * 1000:.1f} ms against {plain * 1000:.1f} ms: {cell / plain:.1f} x, with 1,000 rows as a table"
    figure = figures.add(
        Figure(name="%%sail sql beyond spark.sql", value=(cell - plain) * 1000, unit="ms", aim=20, note=note)
    )
    assert figure.met, figures.table()
