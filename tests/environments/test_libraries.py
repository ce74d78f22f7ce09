"""Libraries that ask PySpark for a session themselves work on the one that the notebook is connected to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from headless import JupyterServer
from headless_kernel import Kernel

from .servers import server_in
from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

_WORDS = """
words = spark.createDataFrame([(1, "a"), (2, "b"), (2, "c")], ["n", "word"])
words.createOrReplaceTempView("words")
"""
_IBIS = """
import ibis

connection = ibis.pyspark.connect()
table = connection.table("words")
counts = table.group_by("n").aggregate(rows=table.count()).order_by("n").execute()
counts.to_dict("list"), int(connection.sql("select sum(n) as s from words").execute().s[0])
"""
_IBIS_IN_A_THREAD = """
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    found = pool.submit(lambda: ibis.pyspark.connect().table("words").count().execute()).result()
int(found)
"""
_NARWHALS = """
import narwhals
import pyarrow

frame = narwhals.from_native(spark.table("words"))
counts = frame.group_by("n").agg(narwhals.col("word").count().alias("rows")).sort("n")
small = narwhals.from_native(pyarrow.table({"a": [1, 2]}))
(
    counts.collect().to_native().to_pydict(),
    small.lazy(backend="pyspark[connect]", session=spark).to_native().count(),
)
"""
_PANDAS_ON_SPARK = """
import pandas
import pyspark.pandas

frame = pyspark.pandas.from_pandas(pandas.DataFrame({"n": [1, 2, 2], "x": [1.0, 2.0, 3.0]}))
sums = frame.groupby("n").x.sum().sort_index().to_pandas().to_dict()
sums, pyspark.pandas.sql("select n, word from words", index_col="n").to_pandas().word.tolist()
"""
_CUALLEE = """
from cuallee import Check, CheckLevel

check = Check(CheckLevel.WARNING, "words").is_complete("n").is_unique("word").is_greater_than("n", 1)
[row.status for row in check.validate(spark.table("words")).orderBy("id").collect()]
"""
_QUINN = """
import quinn

nested = spark.sql("select 1 as b, named_struct('d', 1, 'c', 2) as a")
(
    quinn.column_to_list(words, "word"),
    quinn.two_columns_to_dictionary(words, "word", "n"),
    quinn.sort_columns(nested, "asc", sort_nested=True).schema.simpleString(),
)
"""


@pytest.fixture(scope="module")
def kernel(libraries: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with server_in(libraries, tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")) as server:
        kernel = _connected(server)
        yield kernel
        kernel.shutdown()


def _connected(server: JupyterServer) -> Kernel:
    kernel = server.start_kernel("libraries.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(_WORDS)
    return kernel


@pytest.mark.parametrize(
    ("job", "answer"),
    [
        (_IBIS, "({'n': [1, 2], 'rows': [1, 2]}, 5)"),
        (f"import ibis\n{_IBIS_IN_A_THREAD}", "3"),
        (_NARWHALS, "({'n': [1, 2], 'rows': [1, 2]}, 2)"),
        (_PANDAS_ON_SPARK, "({1: 1.0, 2: 5.0}, ['a', 'b', 'c'])"),
        (_CUALLEE, "['PASS', 'PASS', 'FAIL']"),
        (_QUINN, "(['a', 'b', 'c'], {'a': 1, 'b': 2, 'c': 2}, 'struct<a:struct<c:int,d:int>,b:int>')"),
    ],
    ids=["ibis", "ibis in a thread", "narwhals", "pandas on Spark", "cuallee", "quinn"],
)
def test_a_library_works_on_the_notebooks_session(kernel: Kernel, job: str, answer: str) -> None:
    assert " ".join(kernel.execute(job).value.split()) == answer
