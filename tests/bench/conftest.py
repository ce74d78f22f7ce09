"""Collects the figures of a run, prints them as a table, and keeps them in ``bench-results/figures.json``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest

from .figures import Figures

RESULTS = Path(__file__).parents[2] / "bench-results" / "figures.json"


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    measured = Figures()
    yield measured
    if measured:
        measured.write(RESULTS)
        with _uncaptured(request):
            print(f"\n\n{measured.table()}")


def _uncaptured(request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    """A table that pytest would keep to itself is no table."""
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")
    return cast("AbstractContextManager[None]", capture.global_and_fixture_disabled())
