"""Under pandas 3, PySpark says of itself that it is not ready; what notebooks use of it works, and cells stay clean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from headless import JupyterServer
from headless_kernel import CellFailed, Kernel

from .servers import server_in
from .virtual_environment import INSTALL_SECONDS, Environment

pytestmark = pytest.mark.timeout(2 * INSTALL_SECONDS)

_FROM_PANDAS_AND_BACK = """
import pandas
given = pandas.DataFrame({"word": ["a", None], "number": [1.5, 2.5], "time": pandas.to_datetime(["2026-01-01", None])})
df = spark.createDataFrame(given)
back = df.toPandas()
pandas.testing.assert_frame_equal(back, given)
pandas.__version__.partition(".")[0]
"""
_UDFS = """
from pyspark.sql.functions import pandas_udf, udf

@pandas_udf("string")
def upper(words: pandas.Series) -> pandas.Series:
    return words.str.upper()

def twice(frames):
    for frame in frames:
        yield frame.assign(number=frame.number * 2)

def first(frame):
    return frame.head(1)

few = df.select("word", "number")
words = few.select(upper("word")).toPandas()
sums = few.mapInPandas(twice, few.schema).toPandas().number.sum()
groups = len(few.groupBy("number").applyInPandas(first, few.schema).toPandas())
lengths = few.select(udf(lambda word: len(word or ""), "int")("word")).toPandas()
words.iloc[0, 0], float(sums), groups, int(lengths.iloc[0, 0])
"""


@pytest.fixture(scope="module")
def server(pandas_3: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with server_in(pandas_3, tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    started = server.start_kernel("pandas-3.ipynb")
    yield started
    started.shutdown()


def test_what_notebooks_use_works_under_pandas_3(kernel: Kernel) -> None:
    kernel.execute("%sail connect")
    assert kernel.execute(_FROM_PANDAS_AND_BACK).value == "'3'"
    assert kernel.execute(_UDFS).value == "('A', 8.0, 2, 1)"


def test_no_cell_shows_a_warning_of_pyspark_about_pandas_3(kernel: Kernel) -> None:
    cells = ("%sail connect", _FROM_PANDAS_AND_BACK, _UDFS, "%%sail sql rows\nselect 1 as a", "rows.toPandas()")
    shown = [kernel.execute(cell).stderr for cell in cells]
    shown += [kernel.execute("%sail logs").text]
    assert not any("pandas >= 3" in text for text in shown), shown


def test_the_pandas_api_on_spark_which_needs_an_older_pandas_still_warns(kernel: Kernel) -> None:
    kernel.execute("%sail connect")
    with pytest.raises(CellFailed) as failed:
        kernel.execute("import pyspark.pandas")
    assert "pandas < 3" in failed.value.result.stderr
