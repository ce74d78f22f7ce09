"""A real JupyterHub with its proxy, whose users' servers are processes of this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from headless import JupyterServer
from headless_kernel import JupyterApi

from tests.e2e.rig import turn_news_off
from tests.integration.notebooks import eventually

from .virtual_environment import ROOT, Environment

PASSWORD = "the password of every user of the hub"
PROXY = ROOT / "node_modules" / ".bin" / "configurable-http-proxy"
_START_SECONDS = 180
_ATTEMPTS = 3
_IN_USE = ("EADDRINUSE", "Address already in use")
_OF_USERS = ("HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")


class _Taken(Exception):
    """Somebody else took a port before the hub could."""


@contextlib.contextmanager
def jupyterhub_in(environment: Environment, home: Path, root: Path) -> Iterator[str]:
    """The hub's public address, which ends with ``/``, for the length of a ``with`` block.

    Everybody may log in with :data:`PASSWORD`.

    :param home: holds what the hub and the servers of its users write.
    :param root: the directory that the users' servers serve.
    """
    if not PROXY.is_file():
        pytest.fail(f"{PROXY} is not there. Install it: npm ci", pytrace=False)
    with contextlib.ExitStack() as stack:
        for attempt in range(_ATTEMPTS):
            try:
                url = stack.enter_context(_hub(environment, home / f"hub-{attempt}", root))
                break
            except _Taken:
                continue
        else:
            pytest.fail(f"The hub found its ports taken {_ATTEMPTS} times.")
        yield url


@contextlib.contextmanager
def _hub(environment: Environment, home: Path, root: Path) -> Iterator[str]:
    home.mkdir(parents=True)
    turn_news_off(home)
    public, api, own = _free_ports(3)
    url = f"http://127.0.0.1:{public}/"
    variables = environment.variables(home)
    config_file, log_file = home / "hub.json", home / "hub.log"
    config_file.write_text(json.dumps(_traits(environment, home, root, variables, (public, api, own))))
    command = [str(environment.python), "-P", "-m", "jupyterhub", "--config", str(config_file)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=home, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    server = JupyterServer(process, JupyterApi(url, "", lambda: log_file.read_text()[-4000:]), log_file)
    try:
        eventually(lambda: _answers(process, url, log_file), _START_SECONDS, "the hub answered")
        yield url
    finally:
        server.descendants()
        server.stop()


def _answers(process: subprocess.Popen[bytes], url: str, log_file: Path) -> bool:
    log = log_file.read_text()
    if any(words in log for words in _IN_USE):
        raise _Taken
    assert process.poll() is None, f"the hub ended: {log}"
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}hub/health", trust_env=False, timeout=60).is_success
    return False


def _traits(
    environment: Environment, home: Path, root: Path, variables: dict[str, str], ports: tuple[int, int, int]
) -> dict[str, dict[str, object]]:
    public, api, own = ports
    server_file = home / "server.json"
    server_file.write_text(json.dumps(_traits_of_users()))
    node = shutil.which("node")
    return {
        "JupyterHub": {
            "bind_url": f"http://127.0.0.1:{public}",
            "hub_bind_url": f"http://127.0.0.1:{own}",
            "db_url": f"sqlite:///{home / 'hub.sqlite'}",
            "cookie_secret_file": str(home / "cookie-secret"),
            "authenticator_class": "dummy",
            "spawner_class": "simple",
        },
        "ConfigurableHTTPProxy": {
            "api_url": f"http://127.0.0.1:{api}",
            "command": [str(node), str(PROXY)],
            "pid_file": str(home / "proxy.pid"),
        },
        "Authenticator": {"allow_all": True},
        "DummyAuthenticator": {"password": PASSWORD},
        "SimpleLocalProcessSpawner": {"home_dir_template": str(home)},
        "Spawner": {
            "cmd": [str(environment.python), "-P", "-m", "jupyterhub.singleuser"],
            "args": [f"--config={server_file}"],
            "notebook_dir": str(root),
            "default_url": "/lab",
            "environment": {name: variables[name] for name in _OF_USERS},
            "start_timeout": _START_SECONDS,
            "http_timeout": _START_SECONDS,
        },
    }


def _traits_of_users() -> dict[str, dict[str, object]]:
    return {
        "ServerApp": {"allow_root": os.geteuid() == 0, "jpserver_extensions": {"jupyterlab": True}},
        "LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly"},
    }


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listened on a moment ago: a hub cannot tell which ones it was given."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]
