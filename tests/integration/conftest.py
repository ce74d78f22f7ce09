"""A real Jupyter server for the tests that drive notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's root directory."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root) as running:
        yield running
