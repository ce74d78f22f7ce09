"""The quickstart from its first cell to its last, on a real Jupyter server and a real engine."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import demo
import pandas as pd
import psutil
import pytest
from headless import jupyter_server

from tests.flights_by_pandas import answer
from tests.integration.notebooks import Marker, eventually

DEMO_SECONDS = 400.0
"""Longer than the demo waits for a step, so that it can say which one hangs. It takes half a minute; much longer beside
the tests that start a hundred engines."""

pytestmark = pytest.mark.timeout(2 * DEMO_SECONDS)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy of the examples as they are in git."""
    ours = Path(demo.__file__).parent
    for file in [*ours.glob("*.py"), *ours.glob("*.ipynb")]:
        shutil.copy(file, tmp_path)
    return tmp_path


@contextlib.contextmanager
def demo_of(examples: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo as a process, which does not outlive the block."""
    command = [sys.executable, str(examples / "demo.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            yield run
        finally:
            run.kill()


def write_notebook(examples: Path, code: str) -> None:
    cell = {"cell_type": "code", "source": [code], "metadata": {}}
    (examples / "quickstart.ipynb").write_text(json.dumps({"cells": [cell]}))


def test_the_notebook_answers_what_pandas_answers(examples: Path) -> None:
    notebook = examples / "quickstart.ipynb"
    with jupyter_server(examples) as server:
        kernel = server.start_kernel(notebook.name)
        for step in demo.steps_of(notebook):
            demo.run(step, kernel)
        said = kernel.execute("print(answer.to_json(orient='records', double_precision=15))").stdout
    ours = pd.read_json(io.StringIO(said), orient="records")
    pd.testing.assert_frame_equal(ours, answer(), check_dtype=False, rtol=1e-9)


def test_the_demo_prints_its_results_and_leaves_the_data_alone_behind(examples: Path) -> None:
    before = {path.name for path in examples.iterdir()}
    with demo_of(examples) as run:
        printed, complaints = run.communicate(timeout=DEMO_SECONDS)
    assert (run.returncode, complaints) == (0, "")
    assert "336,776 flights" in printed
    assert "its engine ended with signal 9" in printed
    assert re.search(r"Made again in \d+\.\d s: temp view flown", printed)
    assert re.search(r"The temp view flown has \d+,\d+ rows again", printed)
    assert "Delta Air Lines Inc." in printed
    assert {path.name for path in examples.iterdir()} - before - {"__pycache__"} == {"data"}


def test_a_demo_that_fails_says_where_and_does_not_end_with_zero(examples: Path) -> None:
    write_notebook(examples, "raise LookupError('no such flight')")
    with demo_of(examples) as run:
        _, complaints = run.communicate(timeout=DEMO_SECONDS)
    assert run.returncode == 1
    assert "LookupError: no such flight" in complaints


def test_a_demo_that_is_terminated_leaves_nothing_running(examples: Path) -> None:
    running = Marker(examples, "running")
    write_notebook(examples, f"import pathlib, time\npathlib.Path({str(running.path)!r}).touch()\ntime.sleep(600)")
    with demo_of(examples) as run:
        running.wait(DEMO_SECONDS)
        processes = psutil.Process(run.pid).children(recursive=True)
        assert len(processes) == 2
        os.kill(run.pid, signal.SIGTERM)
        run.communicate(timeout=DEMO_SECONDS)
    assert run.returncode == 1
    eventually(lambda: not any(process.is_running() for process in processes), 60, "nothing ran any more")
