"""Tokens shorter than the work: the notebook does not notice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

from .notebooks import BackgroundCell, Marker, session_of

TOKEN_SECONDS = 15
WORK_SECONDS = 2 * TOKEN_SECONDS + 3

_ONE_LONG_QUERY = """
from pyspark.sql.functions import udf
@udf("long")
def slow(n):
    import time
    open("long-query", "a").write("x")
    time.sleep({seconds})
    return n + 1
spark.range(1).select(slow("id")).collect()[0][0]
"""

_MANY_QUERIES = """
import time
end = time.monotonic() + {seconds}
asked = 0
while time.monotonic() < end:
    assert spark.sql("select 41 + 1").collect()[0][0] == 42
    asked += 1
    time.sleep(0.5)
asked
"""


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    limits = {"token_duration": {"default": TOKEN_SECONDS, "floor": TOKEN_SECONDS, "ceiling": TOKEN_SECONDS}}
    with jupyter_server(root, config={"LakesailApp": {"limits": limits}}) as running:
        yield running


@pytest.mark.timeout(WORK_SECONDS + 120)
def test_tokens_shorter_than_the_work_disturb_neither_a_busy_notebook_nor_a_long_query(
    server: JupyterServer, root: Path
) -> None:
    busy, patient = server.start_kernel("busy.ipynb"), server.start_kernel("patient.ipynb")
    for kernel in (busy, patient):
        kernel.execute("%sail connect")
    started = time.monotonic()
    long_query = BackgroundCell(patient, _ONE_LONG_QUERY.format(seconds=WORK_SECONDS - 5), WORK_SECONDS + 60)
    Marker(root, "long-query").wait()
    asked = busy.execute(_MANY_QUERIES.format(seconds=WORK_SECONDS), timeout_seconds=WORK_SECONDS + 60)
    assert int(asked.value) > 3
    assert long_query.outcome(60).value == "1"
    assert time.monotonic() - started > 2 * TOKEN_SECONDS
    assert (root / "long-query").read_text() == "x", "the query ran once"
    assert session_of(server, patient)["status"] == "active"
    busy.shutdown()
    patient.shutdown()
