"""A real Jupyter server without a browser: started for one job, gone with it, and blind to the user's own setup.

::

    with jupyter_server(Path("examples")) as server:
        kernel = server.start_kernel("quickstart.ipynb")
        print(kernel.execute("6 * 7").text)
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
from headless_kernel import JupyterApi, JupyterError, Kernel

START_SECONDS = 120.0
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 15.0
_POLL_SECONDS = 0.05
_LOG_LINES_QUOTED = 30
_NOT_INHERITED = ("JUPYTER", "JPY_", "LAKESAIL_")
_PATIENT = {"ws_ping_timeout": 3_600_000}
"""In milliseconds. A kernel's line answers pings while a cell runs; the server must not cut it between two cells."""
_FOR_BROWSERS = (
    "jupyter_lsp",
    "jupyter_server_proxy",
    "jupyter_server_terminals",
    "jupyterlab",
    "notebook",
    "notebook_shim",
)
"""Server extensions that serve pages alone. To load them takes a third of the time in which a server starts."""

Config = Mapping[str, Mapping[str, Any]]
"""Traits by class, such as ``{"LakesailApp": {"default_config": "small"}}``."""


class JupyterServer:
    """A running server. Made and ended by :func:`jupyter_server`."""

    def __init__(self, process: subprocess.Popen[bytes], api: JupyterApi, log_file: Path) -> None:
        self.pid = process.pid
        self.url = api.url
        self._process = process
        self._api = api
        self._log_file = log_file
        self._kernels: list[Kernel] = []
        self._seen: set[psutil.Process] = set()

    def request(self, method: str, path: str, json: object = None) -> httpx.Response:
        """One REST request as the server's owner; ``path`` is relative to the base path. Any status is an answer.

        :raises JupyterError: when there is no answer.
        """
        return self._api.request(method, path, json)

    def start_kernel(self, notebook: str, kernel_name: str = "python3") -> Kernel:
        """Start a kernel for a notebook, as opening it does.

        :param notebook: path relative to the server's root; the file need not exist.
        :raises JupyterError: when the server refuses.
        """
        kernel = Kernel(self._api, notebook, kernel_name)
        self._kernels.append(kernel)
        return kernel

    def log(self) -> str:
        """What the server and its kernels have written so far."""
        return self._log_file.read_text(errors="replace")

    def descendants(self) -> list[psutil.Process]:
        """The processes that came from this server and still run, orphans that were seen here before included."""
        if self._process.poll() is None:  # afterwards its pid may be a stranger's
            self._seen.update(psutil.Process(self.pid).children(recursive=True))
        return [process for process in self._seen if _runs(process)]

    def kill(self) -> None:
        """End the server as a crash does: SIGKILL, and to nothing else."""
        self.descendants()
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the server in good order, and after a grace whatever is left of it. May be called again."""
        for kernel in self._kernels:
            kernel.close()
        self._api.close()
        if self._process.poll() is None:
            self._process.terminate()
        self._wait_while(lambda: self._process.poll() is None, STOP_SECONDS)
        _kill(self._process)
        self._wait_while(lambda: bool(self.descendants()), ORPHAN_SECONDS)
        for process in self.descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _wait_while(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while condition() and time.monotonic() < deadline:
            self.descendants()  # a kernel may just be starting
            time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def jupyter_server(
    root: Path,
    *,
    config: Config | None = None,
    token: str | None = None,
    home: Path | None = None,
    env: Mapping[str, str] | None = None,
    application: str = "jupyter_server",
) -> Iterator[JupyterServer]:
    """A Jupyter server on a free port of this machine, for the length of a ``with`` block.

    :param root: the directory it serves.
    :param config: traits on top of our own, by class. ``ServerApp.jpserver_extensions`` replaces ours, which turn off
        the extensions that serve pages alone.
    :param token: its token; by default it makes one up.
    :param home: holds its configuration, data and runtime files, and outlives it; by default a temporary directory.
    :param env: variables on top of the inherited ones.
    :param application: ``jupyter_server`` or ``jupyterlab``.
    :raises JupyterError: when it ends before it answers, or does not answer in time; the message quotes its log.
    """
    with contextlib.ExitStack() as stack:
        if home is None:
            temporary = tempfile.TemporaryDirectory(prefix="headless-jupyter-", ignore_cleanup_errors=True)
            home = Path(stack.enter_context(temporary))
        config_file = _write_config(home, _config(root, token, config or {}, application))
        log_file = _unique_file(home, "server-", ".log")
        process = _spawn(application, config_file, log_file, _environment(home, env or {}))
        stack.callback(_kill, process)
        api = _wait_until_it_answers(process, home, log_file)
        server = JupyterServer(process, api, log_file)
        stack.callback(server.stop)
        yield server


def _config(root: Path, token: str | None, extra: Config, application: str) -> dict[str, dict[str, Any]]:
    config: dict[str, dict[str, Any]] = {
        "ServerApp": {
            "root_dir": str(root.resolve()),
            "ip": "127.0.0.1",
            "port": 0,
            "open_browser": False,
            "allow_root": os.geteuid() == 0,
            "tornado_settings": dict(_PATIENT),
        },
        "IdentityProvider": {} if token is None else {"token": token},
    }
    if application == "jupyter_server":
        config["ServerApp"]["jpserver_extensions"] = dict.fromkeys(_FOR_BROWSERS, False)
    for name, traits in extra.items():
        config.setdefault(name, {}).update(traits)
    return config


def _write_config(home: Path, config: Config) -> Path:
    """A file of our own, not arguments: every user of the machine may read those, and the token stands here."""
    file = _unique_file(home, "config-", ".json")
    file.write_text(json.dumps(config))
    return file


def _unique_file(directory: Path, prefix: str, suffix: str) -> Path:
    """An empty file that its owner alone may read."""
    handle, name = tempfile.mkstemp(dir=directory, prefix=prefix, suffix=suffix)
    os.close(handle)
    return Path(name)


def _environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    own = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(_runtime_directory(home)),
        "IPYTHONDIR": str(home / "ipython"),
    }
    return {**inherited, **own, **extra}


def _runtime_directory(home: Path) -> Path:
    return home / "runtime"


def _spawn(application: str, config_file: Path, log_file: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl+C reaches us alone and the server ends in good order."""
    command = [sys.executable, "-m", application, f"--config={config_file}"]
    with log_file.open("wb") as log:
        return subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _wait_until_it_answers(process: subprocess.Popen[bytes], home: Path, log_file: Path) -> JupyterApi:
    info_file = _runtime_directory(home) / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise JupyterError(_last_words(process, log_file))
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # absent, or half written
            info = json.loads(info_file.read_text())
            return JupyterApi(info["url"], info["token"], lambda: _last_words(process, log_file))
        time.sleep(_POLL_SECONDS)
    raise JupyterError(f"The Jupyter server did not come up within {START_SECONDS:g} s:\n{_quote(log_file)}")


def _last_words(process: subprocess.Popen[bytes], log_file: Path) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return f"The Jupyter server ended with code {process.wait(1.0)}:\n{_quote(log_file)}"
    return "The Jupyter server still runs."


def _quote(log_file: Path) -> str:
    return "\n".join(log_file.read_text(errors="replace").splitlines()[-_LOG_LINES_QUOTED:])


def _kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process group, if its leader still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
