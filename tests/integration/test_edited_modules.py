"""After an edit of a module and a reload, functions on the engine compute with the new code, like the notebook."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer
from headless_kernel import Kernel

KINDS = """
import sys, types
import pandas as pd
from pyspark.sql.functions import col, lit, pandas_udf, udf, udtf
from pyspark.sql.datasource import DataSource, DataSourceReader
import helper
from helper import version

@udf("string")
def by_module(n): return helper.version()
@udf("string")
def of_a_class(n): return helper.Named().name
@udf("string")
def by_constant(n): return helper.VERSION
@udf("string")
def of_a_package(n): return helper.inner.version()
@pandas_udf("string")
def by_series(n: pd.Series) -> pd.Series: return n.map(lambda _: helper.version())
@udtf(returnType="found string")
class Table:
    def eval(self): yield helper.version(),
class Source(DataSource):
    @classmethod
    def name(cls): return "versions"
    def schema(self): return "found string"
    def reader(self, schema): return Reader()
class Reader(DataSourceReader):
    def read(self, partition): yield helper.version(),
def frames(batches):
    for batch in batches: yield pd.DataFrame({"found": [helper.version()] * len(batch)})
def frame(group): return pd.DataFrame({"found": [helper.version()]})
made = sys.modules["made"] = types.ModuleType("made")
def found():
    exec(f"def told(n): return {version()!r}", made.__dict__)
    spark.udf.register("by_name", helper.version_of)
    spark.dataSource.register(Source)
    one = spark.range(1)
    return [row[0] for made in [
        one.select(udf(version, "string")()),
        one.select(by_module("id")), one.select(of_a_class("id")), one.select(by_constant("id")),
        one.select(of_a_package("id")), one.select(by_series("id")),
        spark.sql("select by_name(1)"), Table(), spark.read.format("versions").load(),
        one.mapInPandas(frames, "found string"), one.groupBy("id").applyInPandas(frame, "found string"),
        one.select(udf(made.told, "string")("id")),
    ] for row in made.collect()]
"""
RELOAD = """
import importlib
for module in (helper.inner, helper.deeper, helper): importlib.reload(module)
from helper import version
"""


def write(root: Path, version: str) -> None:
    """The modules of the notebook's folder, whose functions all tell this version."""
    files = {
        "deeper.py": f"VERSION = '{version}'\ndef version(): return VERSION\n",
        "parts/__init__.py": "",
        "parts/inner.py": f"import functools\n@functools.lru_cache\ndef version(): return '{version}'\n",
        "guarded.py": (
            f"import threading\nLOCK = threading.Lock()\ndef version():\n    with LOCK: return '{version}'\n"
        ),
        "late.py": f"def version(): return '{version}'\n",
        "helper.py": (
            "import deeper, parts.inner\nfrom parts import inner\nfrom deeper import VERSION, version\n"
            "def version_of(n): return version()\nclass Named:\n    name = VERSION\n"
        ),
    }
    moment = time.time_ns() + 2_000_000_000 * len(version)  # Python tells versions of a file apart by whole seconds
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
        os.utime(root / name, ns=(moment, moment))


@pytest.fixture(scope="module")
def kernel(server: JupyterServer, root: Path) -> Iterator[Kernel]:
    write(root, "one")
    kernel = server.start_kernel("modules.ipynb")
    kernel.execute("%sail connect")
    kernel.execute(KINDS)
    yield kernel
    kernel.shutdown()


def test_every_kind_of_function_has_the_code_that_the_notebook_has(kernel: Kernel, root: Path) -> None:
    assert kernel.execute("set(found())").value == "{'one'}"
    write(root, "second")
    said = kernel.execute("set(found())")
    assert said.value == "{'one'}", "the notebook has not taken up the new code either"
    assert "The file of module helper has changed since this notebook imported it" in said.stderr
    assert "importlib.reload(helper)" in said.stderr
    kernel.execute(RELOAD)
    said = kernel.execute("set(found()), len(found())")
    assert said.value == "({'second'}, 12)"
    assert "has changed" not in said.stderr


BY_NAME = """
import guarded
from pyspark.sql.functions import udf
@udf("string")
def by_lock(n): return guarded.version()
@udf("string")
def inside(n):
    import late
    return late.version()
def found(): return [spark.range(1).select(one("id")).head()[0] for one in (by_lock, inside)]
"""


def test_what_cannot_travel_is_named_and_is_imported_again_after_an_edit(kernel: Kernel, root: Path) -> None:
    write(root, "one")
    said = kernel.execute(f"{BY_NAME}\nfound()")
    assert said.value == "['one', 'one']"
    assert "The code of module guarded cannot be sent with the functions that use it (cannot pickle" in said.stderr
    write(root, "second")
    said = kernel.execute("import importlib\nimportlib.reload(guarded)\nfound()")
    assert said.value == "['second', 'second']"
    assert "cannot be sent" not in said.stderr, "it is said once"


HERE = "here = [version(), helper.version(), helper.Named().name, helper.VERSION, helper.inner.version()]"
AUTORELOAD = "%load_ext autoreload\n%autoreload 2"


def test_autoreload_and_a_restart_of_the_kernel_take_up_the_new_code(kernel: Kernel, root: Path) -> None:
    write(root, "one")
    kernel.execute("import importlib, guarded\nimportlib.reload(guarded)")
    kernel.execute(f"{AUTORELOAD}\n{KINDS}\n{RELOAD}")
    assert kernel.execute("set(found())").value == "{'one'}"
    write(root, "second")
    said = kernel.execute(f"{HERE}\nfound()[:5] == here, set(here[:2])")
    assert said.value == "(True, {'second'})", "autoreload loads helper before what helper takes its constants from"
    assert "has changed" not in said.stderr
    write(root, "third one")
    kernel.restart()
    said = kernel.execute(f"%sail connect\n{KINDS}\n{BY_NAME.replace('found', 'by_name')}")
    assert kernel.execute("set(found()), set(by_name())").value == "({'third one'}, {'third one'})"
