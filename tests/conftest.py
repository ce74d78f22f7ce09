"""For every test: hypothesis must not judge how fast a loaded machine is, and long files begin first. And a browser."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("lakesail", deadline=None, max_examples=100)
settings.load_profile("lakesail")

# A worker of pytest-xdist has a main module without a file, which PySpark takes for a run of its own doctests: it ends
# the process. With this name the main module is what `python -m pytest` has; multiprocessing does not import it again.
_main = sys.modules["__main__"]
if _main.__spec__ is None and not hasattr(_main, "__file__"):
    _main.__spec__ = importlib.util.find_spec("pytest.__main__")

# A shell starts its background jobs with Ctrl+C ignored, and their children inherit that; interrupts are tested here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_LONG_FILES = (
    # fast
    "test_schemathesis",
    "test_bad_settings",
    "test_notebooks",
    # integration
    "test_many_sessions",
    "test_personal_control_plane",
    "test_session_proxy_busy_engine",
    "test_marimo_sessions",
    "test_marimo_viewers",
    "test_marimo_processes",
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
    "test_marimo_documents",
    "test_marimo_sql",
    "test_token_life",
    # browser
    "test_states_dark",
    "test_states_light",
    "test_quiet",
    # environments
    "test_binder",
    "test_headless_runs",
    "test_oldest_marimo",
)
"""The files of each group that take long, which the number of their tests does not tell."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker begins one when the others have come to their end.

    pytest-xdist keeps this order with ``--no-loadscope-reorder``.
    """
    if not hasattr(config, "workerinput"):  # one process: the order is for people
        return
    rank = {name: place for place, name in enumerate(_LONG_FILES)}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (rank.get(item.path.stem, len(rank)), -tests[item.path]))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for each worker: Playwright runs once in a thread."""
    from playwright.sync_api import sync_playwright  # most tests need none

    program = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not program.is_file():
        pytest.fail(
            f"No Chromium at {program}. Install it: apt-get install chromium fonts-dejavu-core; "
            "or name another by the variable CHROMIUM.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        running = playwright.chromium.launch(executable_path=program, args=options)
        yield running
        running.close()
