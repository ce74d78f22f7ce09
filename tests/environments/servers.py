"""A Jupyter server of another environment, and notebooks whose kernel runs in one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from headless import Config, JupyterServer
from headless_kernel import JupyterApi

from tests.integration.notebooks import eventually

from .virtual_environment import Environment

_START_SECONDS = 180


@contextlib.contextmanager
def server_in(
    environment: Environment, root: Path, home: Path, config: Config | None = None
) -> Iterator[JupyterServer]:
    """A Jupyter server that runs in an environment, for the length of a ``with`` block.

    :param root: the directory that it serves.
    :param home: holds its configuration, data and runtime files.
    :param config: traits on top of our own, by class.
    """
    home.mkdir(parents=True, exist_ok=True)
    config_file, log_file = home / "server.json", home / "server.log"
    config_file.write_text(json.dumps(_traits(root) | dict(config or {})))
    # Without -P, the directory that the tests run in, with this project's working tree, would be imported from.
    command = [str(environment.python), "-P", "-m", "jupyter_server", f"--config={config_file}"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment.variables(home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        api = eventually(lambda: api_of(process, home, log_file), _START_SECONDS, "the Jupyter server came up")
    except BaseException:
        process.kill()
        process.wait()
        raise
    server = JupyterServer(process, api, log_file)
    try:
        yield server
    finally:
        server.stop()


def add_kernel(home: Path, name: str, python: Path) -> str:
    """Offer the kernels of another environment to the server of this home, as users do: by a kernelspec."""
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
    }
    directory = home / "data" / "kernels" / name
    directory.mkdir(parents=True)
    (directory / "kernel.json").write_text(json.dumps(spec))
    return name


def _traits(root: Path) -> dict[str, dict[str, object]]:
    server = {"root_dir": str(root.resolve()), "ip": "127.0.0.1", "port": 0, "open_browser": False}
    return {"ServerApp": server | {"allow_root": os.geteuid() == 0}}


def api_of(process: subprocess.Popen[bytes], home: Path, log_file: Path) -> JupyterApi | None:
    """The API of the server that runs as this process and writes to ``home/runtime``, once it serves."""
    assert process.poll() is None, f"the Jupyter server ended: {log_file.read_text()}"
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # absent, or half written
        info = json.loads((home / "runtime" / f"jpserver-{process.pid}.json").read_text())
        return JupyterApi(info["url"], info["token"], lambda: log_file.read_text()[-4000:])
    return None
