"""The page of fixtures, built from the working tree and served on loopback."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from .rig import ROOT

BUILD_SECONDS = 60
NOW_MS = 1_795_856_414_000
"""28 November 2026, 09:00:14 UTC: the moment of all states, ``NOW`` of ``frontend/fixtures/data.ts``."""


_LISTEN = """() => {
  globalThis.acts = [];
  document.addEventListener('sail-act', (event) => acts.push(event.detail));
}"""


def open_state(page: Page, address: str, name: str, width: int) -> None:
    """Open a state, and record what its elements ask for."""
    page.clock.install(time=NOW_MS / 1000)
    page.goto(address)
    page.evaluate("(width) => fixtures.dress('light', width)", width)
    page.evaluate("(name) => fixtures.show(name)", name)
    page.evaluate(_LISTEN)


@contextlib.contextmanager
def stopped_clock(page: Page) -> Iterator[None]:
    """For what elements tell apart by the time between two keys or clicks, which a busy machine makes longer."""
    page.evaluate("() => { globalThis.going = performance.now; const now = going(); performance.now = () => now; }")
    yield
    page.evaluate("() => { performance.now = going; }")


def acts(page: Page) -> list[Any]:
    """What the elements have asked for since the state was opened."""
    found: list[Any] = page.evaluate("() => acts")
    return found


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest prints what a test needs."""


@contextlib.contextmanager
def fixture_page(folder: Path) -> Iterator[str]:
    """The address of the page, for the length of a ``with`` block.

    :param folder: where it is built.
    """
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("npm is not there. Install Node.js 20.19 or newer.", pytrace=False)
    built = subprocess.run(
        [npm, "run", "--silent", "fixtures", "--", str(folder)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()
            thread.join()
