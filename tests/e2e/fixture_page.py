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

import pytest

from .rig import ROOT

BUILD_SECONDS = 60
NOW_MS = 1_795_856_414_000
"""28 November 2026, 09:00:14 UTC: the moment of all states, ``NOW`` of ``frontend/fixtures/data.ts``."""


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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()
            thread.join()
