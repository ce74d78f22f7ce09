"""From nothing to the first result, in the first cell of a fresh kernel, imports included."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from headless import jupyter_server

from .figures import Figure, Figures, paired

pytestmark = pytest.mark.bench

RUNS = 5
CLASSIC_ENVIRONMENT = Path(__file__).parents[2] / "bench-results" / "classic-pyspark"

_OURS = "%sail connect\nassert spark.range(10).count() == 10"

_BY_HAND = """
import contextlib, socket, subprocess, sys, time
with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
server = subprocess.Popen(
    [sys.executable, "-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", str(port)],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
from pyspark.sql import SparkSession
while True:
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
        break
    time.sleep(0.01)  # between two looks: who starts an engine by hand waits like this
spark = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
assert spark.range(10).count() == 10
"""

_CLASSIC = """
import time
started = time.perf_counter()
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
assert spark.range(10).count() == 10
print(time.perf_counter() - started)
"""


def test_a_cold_connect_against_sail_started_by_hand(figures: Figures, tmp_path: Path) -> None:
    ratio, pairs = paired(lambda: _first_cell(tmp_path, _OURS), lambda: _first_cell(tmp_path, _BY_HAND), RUNS)
    ours, by_hand = (statistics.median(column) for column in zip(*pairs, strict=True))
    note = f"{ours:.2f} s against {by_hand:.2f} s"
    figure = figures.add(Figure(name="cold connect, ours / by hand", value=ratio, unit="x", aim=1.3, note=note))
    assert figure.met, figures.table()


@pytest.mark.timeout(900)
def test_a_cold_connect_against_classic_pyspark(figures: Figures, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("classic PySpark needs Java, and there is none on this machine")
    python = _classic_python()
    ratio, pairs = paired(lambda: _first_cell(tmp_path, _OURS), lambda: _classic(python), 3)
    ours, classic = (statistics.median(column) for column in zip(*pairs, strict=True))
    note = f"{ours:.2f} s against {classic:.2f} s"
    figure = figures.add(Figure(name="cold connect, ours / classic", value=ratio, unit="x", aim=0.2, note=note))
    assert figure.met, figures.table()


def _first_cell(root: Path, code: str) -> float:
    """Seconds of the first cell of a kernel on a server that has done nothing yet."""
    with jupyter_server(root) as server:
        return server.start_kernel("cold.ipynb").execute(code, timeout_seconds=120).seconds


def _classic_python() -> Path:
    """An environment with PySpark and its JVM; it cannot share one with pyspark-client."""
    python = CLASSIC_ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CLASSIC_ENVIRONMENT], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "pyspark>=4.2,<4.3"], check=True)
    return python


def _classic(python: Path) -> float:
    done = subprocess.run([python, "-c", _CLASSIC], capture_output=True, text=True, check=True, timeout=300)
    return float(done.stdout.split()[-1])
