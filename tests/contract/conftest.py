"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.store_rig import Processes


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path / 'lakesail.db'}"


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    with closing(Processes()) as running:
        yield running
