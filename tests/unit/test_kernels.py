"""The files that hold kernels' tokens, where several servers share a runtime directory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.multikernelmanager import MultiKernelManager

from lakesail_notebook.jupyter.kernels import ServerKernels
from tests.builders import a_principal

ROOT = Path(__file__).parents[2]
OWNER_FILE = "server.json"
KILLED_SERVER = """
import os, sys
from pathlib import Path
from tests.unit.test_kernels import Server

Server(Path(sys.argv[1])).start_kernel()
os._exit(9)
"""


class Server:
    """The kernels of one server, which start no process here."""

    def __init__(self, runtime_directory: Path, **changes: Any) -> None:
        self.manager = MultiKernelManager()
        plausible: dict[str, Any] = {"certificate_file": None}
        self.kernels = ServerKernels(
            self.manager,
            api_url=lambda: "http://127.0.0.1:1/lakesail/api/v1",
            owner=lambda user: a_principal(),
            runtime_directory=str(runtime_directory),
            on_first_start=lambda: None,
            **plausible | changes,
        )

    def start_kernel(self, **environment: str) -> dict[str, str]:
        """The environment that a kernel is started with."""
        arguments: dict[str, Any] = {"env": environment}
        self.manager.pre_start_kernel("python3", arguments)
        given: dict[str, str] = arguments["env"]
        return given

    def token_file(self) -> Path:
        return Path(self.start_kernel()["LAKESAIL_API_TOKEN_FILE"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kernels.close()


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    """The directory that a killed server left."""
    killed = subprocess.run([sys.executable, "-c", KILLED_SERVER, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == 9
    [directory] = tmp_path.glob("lakesail-*")
    return directory


def test_two_servers_with_one_pid_do_not_touch_each_others_tokens(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path)  # as in another container: the same pid
    kept, others = server.token_file(), other.token_file()
    assert kept.parent != others.parent
    other.kernels.close()
    assert kept.exists()
    assert not others.exists()


def test_a_killed_servers_tokens_are_cleared_away(server: Server, abandoned: Path) -> None:
    assert server.token_file().exists()
    assert not abandoned.exists()


@pytest.mark.parametrize("elsewhere", [{"boot_id": "of another machine"}, {"pid_namespace": "of another container"}])
def test_what_a_server_elsewhere_left_is_left_alone(server: Server, abandoned: Path, elsewhere: dict[str, str]) -> None:
    file = abandoned / OWNER_FILE
    owner = json.loads(file.read_text())
    for part in (owner, owner["process"]):
        part.update({name: value for name, value in elsewhere.items() if name in part})
    file.write_text(json.dumps(owner))
    server.start_kernel()
    assert abandoned.exists()


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"process": {}, "pid_namespace": ""}'])
def test_a_directory_that_says_no_owner_is_left_alone(server: Server, tmp_path: Path, content: str | None) -> None:
    directory = tmp_path / "lakesail-of-somebody"
    directory.mkdir()
    if content is not None:
        (directory / OWNER_FILE).write_text(content)
    server.start_kernel()
    assert directory.exists()


def test_a_kernel_is_told_of_its_own_servers_certificate_alone(tmp_path: Path) -> None:
    foreign = {"LAKESAIL_API_CA_FILE": "/of/another"}
    plain, secure = Server(tmp_path), Server(tmp_path, certificate_file=tmp_path / "tls.pem")
    assert "LAKESAIL_API_CA_FILE" not in plain.start_kernel(**foreign)
    assert secure.start_kernel(**foreign)["LAKESAIL_API_CA_FILE"] == str(tmp_path / "tls.pem")
    for server in (plain, secure):
        server.kernels.close()
