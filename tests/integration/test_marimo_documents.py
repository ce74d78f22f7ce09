"""The marimo example, the page about marimo, and a converted notebook, on a real engine without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from headless import jupyter_server

from tests.flights_by_pandas import departures
from tests.marimo_documents import (
    EXAMPLE,
    PAGE,
    Answers,
    Run,
    answers_of,
    as_notebook,
    blocks_of,
    converted,
    copy_examples,
    with_cell,
)

SECONDS = 240.0
TOKEN = "a-token-of-the-tests"

pytestmark = pytest.mark.timeout(3 * SECONDS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("examples")
    copy_examples(directory)
    return directory


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    """Runs Python beside the examples; all runs share one control plane."""
    with jupyter_server(folder, token=TOKEN) as server:
        variables = {
            "LAKESAIL_API_URL": f"{server.url.rstrip('/')}/lakesail/api/v1",
            "LAKESAIL_API_TOKEN": TOKEN,
            "MPLBACKEND": "agg",
        }

        def python(arguments: Sequence[str]) -> str:
            finished = subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                env=os.environ | variables,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
            assert finished.returncode == 0, finished.stderr
            return finished.stdout

        yield python


@pytest.fixture(scope="module")
def answers(run: Run) -> tuple[Answers, Answers]:
    return answers_of(run)


def test_the_example_answers_what_pandas_answers(answers: tuple[Answers, Answers]) -> None:
    every, _ = answers
    flights = departures()
    flights["late"] = (flights["dep_delay"] >= 15).where(flights["dep_delay"].notna())
    assert every.total["flights"] == len(flights)
    assert every.total["cancelled"] == pytest.approx(flights["dep_delay"].isna().mean())
    assert every.total["late"] == pytest.approx(flights["late"].mean())
    bad = flights[flights["sky"] != "fair"]
    assert every.total["late_in_bad_weather"] == pytest.approx(bad["late"].mean())
    assert every.late_by_sky() == pytest.approx(flights.groupby("sky")["late"].mean().to_dict())
    assert {row["weekday"] for row in every.hours} == {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
    noon = flights[(flights["hour"] == 12) & (flights["weekday"] == "Sun")]
    (slot,) = (row for row in every.hours if (row["hour"], row["weekday"]) == (12, "Sun"))
    assert slot["late"] == pytest.approx(noon["late"].mean())


def test_its_controls_choose_what_spark_is_asked(answers: tuple[Answers, Answers]) -> None:
    _, some = answers
    flights = departures()
    flights = flights[(flights["carrier"] == "B6") & flights["month"].between(6, 7)]
    assert some.total["flights"] == len(flights)
    assert some.total["late"] == pytest.approx((flights["dep_delay"].dropna() >= 60).mean())
    boston = flights[flights["dest"] == "BOS"]
    assert [(row["airline"], row["flights"]) for row in some.there] == [("JetBlue Airways", len(boston))]


def test_its_text_tells_the_truth(answers: tuple[Answers, Answers]) -> None:
    every, _ = answers
    text = EXAMPLE.read_text()
    assert f"{every.total['flights']:,} flights left" in text
    assert "one in 16 left a quarter of\n" in text
    assert 1 / every.late_at(5) == pytest.approx(16, abs=0.5)
    assert "three in eight" in text
    assert every.late_at(21) == pytest.approx(3 / 8, abs=0.01)
    assert "Rain nearly doubled" in text
    assert 1.8 < every.late_by_sky()["rain"] / every.late_by_sky()["fair"] < 2


def test_it_is_a_script_that_prints_a_result(run: Run) -> None:
    printed = run(["quickstart_marimo.py"]).splitlines()
    assert printed[0] == "336,776 flights, 22.2% of them left late"
    assert [line.split()[0] for line in printed[-4:]] == ["fair", "wind", "fog", "rain"]


def test_the_quickstart_runs_in_marimo_with_the_lines_that_the_page_gives(run: Run, folder: Path) -> None:
    connect, sql, *_ = blocks_of(PAGE)
    assert len([line for line in connect.splitlines() if line]) == 2
    source = converted(folder / "quickstart.ipynb")
    source = with_cell(with_cell(source, "%sail connect", connect), "%%sail sql", sql)
    source = source.replace("    answer.round(1)\n", "    print(answer.round(1).to_string())\n")
    (folder / "converted.py").write_text(source)
    printed = run(["converted.py"])
    assert "336,776 flights" in printed
    assert "Delta Air Lines Inc." in printed


def test_the_code_of_the_page_runs(run: Run, folder: Path) -> None:
    connect, _, *others = blocks_of(PAGE)
    told = "print([row.asDict() for row in by_origin.orderBy('origin').collect()], delays.first().delay)"
    (folder / "page.py").write_text(as_notebook(["import marimo as mo", connect, *others, told]))
    assert run(["page.py"]).splitlines()[-1] == (
        "[{'origin': 'JFK', 'delay': 21.5}, {'origin': 'LGA', 'delay': 3.0}] 21.5"
    )
