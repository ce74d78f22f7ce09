"""A real Jupyter server for the tests that drive notebooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server

_LONG_FILES = (
    "test_personal_control_plane",
    "test_healing",
    "test_session_proxy_lifecycle",
    "test_lifecycle",
    "test_kill",
    "test_soak",
    "test_clock_jumps",
    "test_cli",
    "test_control_plane_machine",
    "test_restoring",
    "test_ledger",
    "test_kernel_children",
    "test_own_environment",
    "test_reconciler_interleaved",
    "test_interrupts_by_the_owner",
    "test_local_libraries",
    "test_magics",
)
"""Those that take the longest, which the number of their tests does not tell."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker begins one when the others have come to their end.

    pytest-xdist keeps this order with ``--no-loadscope-reorder``.
    """
    tests = Counter(item.path for item in items)
    rank = {name: place for place, name in enumerate(_LONG_FILES)}
    items.sort(key=lambda item: (rank.get(item.path.stem, len(rank)), -tests[item.path]))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's root directory."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root) as running:
        yield running
