"""The values of a compute config's variables reach its engine, and nothing that others look at."""

from __future__ import annotations

from pathlib import Path

from headless import jupyter_server
from headless_kernel import CellFailed, Kernel

from .notebooks import API

SECRET = "canary-of-a-compute-config"
SHOWING = (
    "%sail",
    "%sail configs",
    "%sail sessions --all",
    "%sail logs",
    "from lakesail_notebook import Client\nclient = Client()\nlist(client.compute_configs()), vars(client)",
    "next(client.session_pages())",
    "spark.sql('select * from nowhere').collect()",
    "%tb",
    "dir(), globals()",
)
READ = """
import os
from pyspark.sql.functions import udf
spark.range(1).select(udf(lambda _: os.environ["CANARY"][::-1])("id")).first()[0]
"""


def shown_by(kernel: Kernel, cell: str) -> str:
    try:
        result = kernel.execute(cell)
    except CellFailed as failed:
        return f"{failed.error.traceback} {failed.result.text}"
    return f"{result.text} {result.displays!r} {result.value}"


def test_a_value_reaches_the_engine_and_stands_in_no_file_log_output_or_list(tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    body = {"name": "canary", "config": {"sail": {"extraEnv": {"CANARY": SECRET}}}}
    with jupyter_server(root, home=home) as server:
        made = server.request("POST", f"{API}/workloads/compute-configs", body).json()
        assert made["config"]["sail"]["extraEnv"] == {"CANARY": SECRET}, "who made it may see it"
        kernel = server.start_kernel("values.ipynb")
        shown = shown_by(kernel, "%sail connect canary")
        assert kernel.execute(READ).value.strip("'") == SECRET[::-1]
        shown += "".join(shown_by(kernel, cell) for cell in SHOWING)
        kernel.execute("%sail close")
        kernel.execute("%sail relaunch")
        assert kernel.execute(READ).value.strip("'") == SECRET[::-1], "a relaunch has it as well"
        arguments = "\n".join(word for process in server.descendants() for word in process.cmdline())
        while_it_runs = _files_with(SECRET, tmp_path)
        kernel.shutdown()
        log = server.log()
    assert SECRET not in shown
    assert "********" in shown
    assert SECRET not in arguments
    assert SECRET not in log
    assert while_it_runs == []
    assert _files_with(SECRET, tmp_path) == []


def _files_with(text: str, directory: Path) -> list[str]:
    return [str(file) for file in directory.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]
