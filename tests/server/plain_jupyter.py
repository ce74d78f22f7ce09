"""A Jupyter server that finds its config files by itself, as it does for people: no ``--config`` names them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from headless import START_SECONDS, JupyterServer
from headless_kernel import JupyterApi

_NOT_INHERITED = ("JUPYTER", "JPY_", "LAKESAIL_")


def environment_of(home: Path) -> dict[str, str]:
    """Jupyter's directories below ``home``, and nothing of the user's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    return inherited | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }


@contextlib.contextmanager
def plain_jupyter(directory: Path, files: Mapping[str, str], options: Sequence[str] = ()) -> Iterator[JupyterServer]:
    """For the length of a ``with`` block.

    :param files: what stands in Jupyter's config directory, by name.
    """
    home, root = directory / "home", directory / "root"
    (home / "config").mkdir(parents=True)
    root.mkdir()
    for name, content in files.items():
        (home / "config" / name).write_text(content)
    log_file = directory / "server.log"
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--ip=127.0.0.1", "--port=0"),
        *(f"--ServerApp.root_dir={root}", "--allow-root", *options),
    ]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment_of(home), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        info = _info(process, home / "runtime" / f"jpserver-{process.pid}.json", log_file)
        server = JupyterServer(process, JupyterApi(info["url"], info["token"], log_file.read_text), log_file)
        try:
            yield server
        finally:
            server.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _info(process: subprocess.Popen[bytes], file: Path, log_file: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log_file.read_text()
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            info: dict[str, str] = json.loads(file.read_text())
            return info
        time.sleep(0.05)
    raise AssertionError(log_file.read_text())
