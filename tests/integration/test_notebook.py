"""The main job: a notebook of a real Jupyter server with a session on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed

from .notebooks import connect_on_workload, describe, engine_of, eventually, session_of


def test_connect_binds_spark_to_a_session_of_this_notebook(server: JupyterServer) -> None:
    kernel = server.start_kernel("first.ipynb")
    said = kernel.execute("%sail connect").text
    session = session_of(server, kernel)
    assert session["id"] in said
    assert kernel.execute("spark.range(1000).count()").value == "1000"
    assert describe(server, session["id"])["status"] == "active"
    assert kernel.execute("spark.sql('select current_user()').first()[0]").value == repr(session["memberId"])
    assert session["metadata"]["lakesail/notebook"].endswith("first.ipynb")
    assert session["notebookId"]
    kernel.shutdown()


def test_connecting_twice_is_the_same_session_and_the_same_spark(server: JupyterServer) -> None:
    kernel = server.start_kernel("twice.ipynb")
    kernel.execute("%sail connect\nbefore = spark")
    first = session_of(server, kernel)
    kernel.execute("%sail connect\nassert spark is before")
    assert session_of(server, kernel)["id"] == first["id"]
    kernel.shutdown()


def test_a_restarted_kernel_finds_its_session_and_its_temp_views(server: JupyterServer) -> None:
    kernel = server.start_kernel("restarted.ipynb")
    kernel.execute("%sail connect\nspark.range(7).createOrReplaceTempView('seven')")
    first = session_of(server, kernel)
    kernel.restart()
    kernel.execute("%sail connect")
    assert session_of(server, kernel)["id"] == first["id"]
    assert kernel.execute("spark.sql('select count(*) from seven').first()[0]").value == "7"
    kernel.shutdown()


def test_after_spark_stop_a_bare_connect_begins_afresh_in_the_same_session(server: JupyterServer) -> None:
    kernel = server.start_kernel("stopped.ipynb")
    kernel.execute("%sail connect\nspark.range(7).createOrReplaceTempView('seven')\nspark.stop()")
    first = session_of(server, kernel)
    kernel.execute("%sail connect --bare\nassert spark.range(3).count() == 3")
    assert session_of(server, kernel)["id"] == first["id"]
    with pytest.raises(CellFailed):
        kernel.execute("spark.sql('select * from seven').collect()")
    kernel.shutdown()


def test_a_closed_session_is_said_and_replaced(server: JupyterServer) -> None:
    kernel = server.start_kernel("closed.ipynb")
    kernel.execute("%sail connect")
    first = session_of(server, kernel)
    kernel.execute("%sail close")
    assert describe(server, first["id"])["terminationReason"] == "user_closed"
    with pytest.raises(CellFailed):
        kernel.execute("spark.range(3).count()", timeout_seconds=60)
    kernel.execute("%sail connect\nassert spark.range(3).count() == 3")
    assert session_of(server, kernel)["id"] != first["id"]
    kernel.shutdown()


def test_two_notebooks_have_two_sessions_on_two_engines(server: JupyterServer) -> None:
    one, other = server.start_kernel("one.ipynb"), server.start_kernel("other.ipynb")
    one.execute("%sail connect\nspark.range(3).createOrReplaceTempView('mine')")
    other.execute("%sail connect")
    assert session_of(server, one)["workloadId"] != session_of(server, other)["workloadId"]
    with pytest.raises(CellFailed):
        other.execute("spark.sql('select * from mine').collect()")
    one.shutdown()
    other.shutdown()


def test_relative_paths_mean_what_they_mean_in_the_notebook(server: JupyterServer, root: Path) -> None:
    (root / "deep").mkdir()
    (root / "deep" / "numbers.csv").write_text("n\n1\n2\n3\n")
    kernel = server.start_kernel("deep/relative.ipynb")
    kernel.execute("%sail connect\nnumbers = spark.read.csv('numbers.csv', header=True, inferSchema=True)")
    assert kernel.execute("numbers.count()").value == "3"
    kernel.execute("numbers.write.parquet('numbers.parquet')\nnumbers.write.saveAsTable('kept')")
    assert list((root / "deep" / "numbers.parquet").glob("*.parquet"))
    import_pandas = "import pandas\nint(pandas.read_parquet('numbers.parquet')['n'].sum())"
    assert kernel.execute(import_pandas).value == "6"
    kernel.execute("%sail close")
    kernel.shutdown()
    assert list((root / "deep" / "numbers.parquet").glob("*.parquet"))
    assert list((root / "deep" / "spark-warehouse").glob("kept*/*.parquet"))


def test_a_udf_imports_what_lies_beside_the_notebook(server: JupyterServer, root: Path) -> None:
    (root / "beside").mkdir()
    (root / "beside" / "rules.py").write_text("def doubled(n):\n    return 2 * n\n")
    kernel = server.start_kernel("beside/udf.ipynb")
    kernel.execute(
        "%sail connect\n"
        "from pyspark.sql.functions import col, udf\n"
        "@udf('long')\n"
        "def twice(n):\n"
        "    import rules\n"
        "    return rules.doubled(n)\n"
    )
    assert kernel.execute("sum(r[0] for r in spark.range(5).select(twice(col('id'))).collect())").value == "20"
    kernel.shutdown()


def test_a_udf_runs_in_the_kernels_interpreter_without_jupyters_secrets(server: JupyterServer) -> None:
    kernel = server.start_kernel("environment.ipynb")
    kernel.execute(
        "%sail connect\n"
        "import sys\n"
        "from pyspark.sql.functions import udf\n"
        "@udf('string')\n"
        "def interpreter(n):\n"
        "    import sys\n"
        "    return sys.executable\n"
        "@udf('string')\n"
        "def secrets(n):\n"
        "    import os\n"
        "    return ' '.join(k for k in os.environ if k.startswith(('JUPYTER', 'JPY_', 'LAKESAIL_')))\n"
    )
    assert kernel.execute("spark.range(1).select(interpreter('id')).first()[0] == sys.executable").value == "True"
    assert kernel.execute("spark.range(1).select(secrets('id')).first()[0]").value == "''"
    kernel.shutdown()


def test_the_token_stands_in_nothing_that_a_notebook_shows(server: JupyterServer) -> None:
    kernel = server.start_kernel("secret.ipynb")
    said = kernel.execute("%sail connect").text
    said += kernel.execute("%sail status").text
    said += kernel.execute("(spark, vars(spark), vars(spark.client), vars(type(spark).builder))").text
    assert "eyJ" not in said
    kernel.shutdown()


def test_an_engine_that_lingers_is_used_again(server: JupyterServer) -> None:
    kernel = server.start_kernel("lingers.ipynb")
    kernel.execute("%sail connect")
    session = session_of(server, kernel)
    engine = engine_of(server, session)
    connect_on_workload(server, kernel, session["workloadId"])
    assert engine_of(server, session_of(server, kernel)) == engine
    kernel.shutdown()


def test_a_start_that_fails_says_why(server: JupyterServer) -> None:
    kernel = server.start_kernel("broken.ipynb")
    metadata = {"lakesail/python": "/bin/false"}
    created = server.request("POST", "lakesail/api/v1/workloads/sessions", {"metadata": metadata}).json()
    failed = eventually(
        lambda: (seen := describe(server, created["id"]))["status"] == "failed" and seen, 10, "the session failed"
    )
    assert failed["terminationReason"] == "start_failed"
    assert "exit code 1" in failed["statusMessage"]
    assert "%sail" not in failed["statusMessage"], "each surface says what to do next"
    kernel.shutdown()
