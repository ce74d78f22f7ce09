"""The thirty failures that a user is likeliest to meet: each is one line that says the cause, and a cure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .notebooks import API, session_of

BEGINS = """
from pyspark.sql.functions import col, udf
@udf("long")
def imports(n):
    import no_such_module
    return n
@udf("long")
def divides(n):
    return n // 0
"""
# Cell -> (what names the cause, what names the cure, where there is more to do than to read the cause).
FAILURES = {
    "a table that is not there": ("spark.sql('select * from nowhere').collect()", "nowhere", "listTables"),
    "a table that is not there, by name": ("spark.table('nowhere').count()", "nowhere", "listTables"),
    "a column that is not there": ("spark.range(1).select('nothing').collect()", "nothing", ""),
    "a mistake in SQL": ("spark.sql('selekt 1').collect()", "selekt|invalid argument", ""),
    "SQL that ends too soon": ("spark.sql('select 1 from').collect()", "end of input", ""),
    "a cast that fails": ("spark.sql(\"select cast('x' as int)\").collect()", "x", ""),
    "a division by zero": ("spark.sql('select 1 / 0').collect()", "[Dd]ivi", ""),
    "an error that SQL raises": ("spark.sql(\"select raise_error('too hot')\").collect()", "too hot", ""),
    "a function that is not there": ("spark.sql('select nofunction(1)').collect()", "nofunction", ""),
    "a type that does not exist": ("spark.createDataFrame([(1,)], 'a nosuchtype').collect()", "nosuchtype", ""),
    "a table that is there already": (
        "spark.sql('create table twice (n int)')\nspark.sql('create table twice (n int)')",
        "already exists",
        "CREATE OR REPLACE",
    ),
    "a path that is written already": (
        "spark.range(1).write.parquet('kept')\nspark.range(1).write.parquet('kept')",
        "exist",
        "overwrite",
    ),
    "a directory that may not be written": ("spark.range(1).write.parquet('/proc/nowhere')", "proc", ""),
    "a UDF without its module": ("spark.range(1).select(imports('id')).collect()", "no_such_module", "environment"),
    "a UDF that fails": ("spark.range(1).select(divides('id')).collect()", "ZeroDivisionError|division", ""),
    "a local file as an artifact": ("spark.addArtifacts('beside.py', pyfile=True)", "artifact", "compute config"),
    "a URL that is not read": ("spark.read.csv('http://127.0.0.1:9/x.csv').count()", "URL|scheme|http", ""),
    "a union of unlike frames": ("spark.range(1).union(spark.sql('select 1, 2')).collect()", "[Cc]olumn|UNION", ""),
    "an aggregate without a group": (
        "spark.sql('select id, count(*) from range(3)').collect()",
        "No field",
        "GROUP BY",
    ),
    "an unknown format": ("spark.read.format('nonsense').load('x').count()", "nonsense", ""),
    "an unknown compute config": ("%sail connect nonsense --new", "nonsense", ""),
    "a session that is not there": ("%sail connect --attach NOSUCH", "session", ""),
    "a session of somebody else or none": ("%sail close NOSUCH", "session", ""),
    "a duration that is too long": ("%sail connect --new --idle 999h", "28800|8 h", ""),
    "a mistake in a command": ("%sail conect", "did you mean connect", "connect"),
    "a mistake in an option": ("%sail connect --nmae x", "did you mean --name", "--name"),
    "a name that is not there, in a cell": ("%%sail sql\nselect {nobody}", "nobody", ""),
    "a value that cannot be bound": (
        "thing = object()\nget_ipython().run_cell_magic('sail', 'sql', 'select {thing}')",
        "object",
        "numbers",
    ),
    "a brace that stands alone": ("%%sail sql\nselect {", "stands alone", "{{"),
    "a relaunch of what lives": ("%sail relaunch", "active", "%sail close"),
}


@pytest.fixture(scope="module")
def kernel(server: JupyterServer, root: Path) -> Iterator[Kernel]:
    (root / "beside.py").write_text("x = 1\n")
    kernel = server.start_kernel("failures.ipynb")
    kernel.execute(f"%sail connect\n{BEGINS}")
    yield kernel
    kernel.shutdown()


def test_there_are_thirty() -> None:
    assert len(FAILURES) == 30


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_one_line_with_cause_and_cure(kernel: Kernel, failure: str) -> None:
    code, cause, cure = FAILURES[failure]
    with pytest.raises(CellFailed) as caught:
        kernel.execute(code, timeout_seconds=60)
    error = caught.value.error
    said = error.traceback.strip() or f"{caught.value.result.stderr.strip()}"
    assert re.search(cause, said), said
    assert cure in said
    assert error.name == "UsageError" or len(said.splitlines()) == 1, said


def test_a_session_that_was_closed_elsewhere_is_one_line_with_the_cure(server: JupyterServer) -> None:
    kernel = server.start_kernel("closed elsewhere.ipynb")
    kernel.execute("%sail connect")
    session = session_of(server, kernel)
    server.request("DELETE", f"{API}/workloads/sessions/{session['id']}")
    with pytest.raises(CellFailed) as caught:
        kernel.execute("spark.range(3).collect()", timeout_seconds=60)
    said = caught.value.error.traceback.strip()
    assert "\n" not in said
    assert "%sail connect" in said
    kernel.shutdown()
