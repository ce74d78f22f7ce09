"""A page of sessions costs the same, however many sessions there are and wherever the page lies."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import JupyterServer, jupyter_server

from .figures import Figure, Figures, seconds_of

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SESSIONS = "lakesail/api/v1/workloads/sessions"
SIZES = (1_000, 10_000, 100_000)
PAGE = 100
ROUNDS = 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("root"), home=home) as running:
        yield running


def test_a_page_of_100_costs_the_same_at_every_size_and_place(
    figures: Figures, server: JupyterServer, home: Path
) -> None:
    model = server.request("POST", SESSIONS).json()["id"]
    server.request("DELETE", f"{SESSIONS}/{model}")
    database = home / "data" / "lakesail" / "lakesail-1.db"
    medians: dict[int, tuple[float, float]] = {}
    for size in SIZES:
        _fill(database, model, size)
        middle = _marker_of_the_middle(server, size)
        medians[size] = (_median(server, ""), _median(server, f"&marker={middle}"))
    for size, (first, there) in medians.items():
        note = f"{first * 1000:.1f} ms and {there * 1000:.1f} ms"
        figures.add(
            Figure(
                name=f"page of {PAGE}, middle / first of {size:,}", value=there / first, unit="x", aim=1.5, note=note
            )
        )
    smallest, largest = medians[SIZES[0]], medians[SIZES[-1]]
    growth = max(large / small for large, small in zip(largest, smallest, strict=True))
    name = f"page of {PAGE}, of {SIZES[-1]:,} / of {SIZES[0]:,}"
    figures.add(Figure(name=name, value=growth, unit="x", aim=1.5))
    assert all(figure.met for figure in figures), figures.table()


def _fill(database: Path, model: str, size: int) -> None:
    """Copies of a closed session, a second apart, until there are so many."""
    with sqlite3.connect(database, timeout=30) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM session WHERE id = ?", (model,)).fetchone())
        (there,) = connection.execute("SELECT count(*) FROM session").fetchone()
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        copies = (_copy(row, number) for number in range(there, size))
        connection.executemany(f"INSERT INTO session ({names}) VALUES ({marks})", copies)
        connection.execute("ANALYZE")
    connection.close()


def _copy(row: dict[str, Any], number: int) -> dict[str, Any]:
    return row | {"id": f"COPY{number:016d}", "created_at": row["created_at"] - number * 1_000_000}


def _marker_of_the_middle(server: JupyterServer, size: int) -> str:
    marker = ""
    for _ in range(size // PAGE // 2):
        marker = server.request("GET", f"{SESSIONS}?limit={PAGE}{marker and f'&marker={marker}'}").json()["marker"]
    return marker


def _median(server: JupyterServer, more: str) -> float:
    def page() -> None:
        answer = server.request("GET", f"{SESSIONS}?limit={PAGE}{more}")
        assert len(answer.json()["items"]) == PAGE

    page()
    return statistics.median(seconds_of(page) for _ in range(ROUNDS))
