"""Whatever address a Jupyter server listens on, its kernels reach the API: real servers, all at once."""

from __future__ import annotations

import json
import socket
import ssl
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from headless import JupyterServer, jupyter_server

from tests.certificates import self_signed

from .notebooks import eventually

TOKEN = "a-token-of-this-test-alone"
ASKER = """
import json, os, pathlib, signal
from lakesail_notebook.client.client import Client
from lakesail_notebook.errors import LakesailError
try:
    answer = {"login": Client().me().login}
except LakesailError as error:
    answer = {"error": error.message}
answer["url"] = os.environ["LAKESAIL_API_URL"]
file = pathlib.Path(os.environ["ANSWER_FILE"])
file.with_suffix(".draft").write_text(json.dumps(answer))
file.with_suffix(".draft").rename(file)
signal.pause()
"""
"""What a kernel's process does when it connects, in place of a kernel."""


@dataclass(frozen=True)
class Case:
    """One server.

    :param options: traits of ``ServerApp``; ``{tls}`` and ``{key}`` in them are the files of a certificate that is
        made out to another name than the server's, ``{here}`` is a directory.
    :param dialled: where the test itself reaches the server; ``{port}`` is its port.
    """

    options: Mapping[str, Any]
    dialled: str
    env: Mapping[str, str] = field(default_factory=dict)
    blocked_port: bool = False
    """Whether somebody else listens on the port that it is told to use."""


_TLS = {"certfile": "{tls}", "keyfile": "{key}"}
_NO_PROXY_AT_ALL = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": ""}


def _interface_address() -> str | None:
    addresses = (address for found in psutil.net_if_addrs().values() for address in found)
    ipv4 = (address.address for address in addresses if address.family == socket.AF_INET)
    return next((address for address in ipv4 if not address.startswith("127.")), None)


CASES = {
    "every IPv6 address": Case({"ip": "::", "base_url": "/user/ada%40x/"}, "http://[::1]:{port}/user/ada%40x/"),
    "localhost, on the next free port": Case({"ip": "localhost"}, "http://localhost:{port}/", blocked_port=True),
    "a socket": Case({"sock": "{here}/a b.sock", "base_url": "/x/"}, "http://127.0.0.1/x/"),
    "a client certificate": Case({"ip": "127.0.0.1", "client_ca": "{tls}", **_TLS}, "https://127.0.0.1:{port}/"),
}
if interface := _interface_address():
    CASES["an interface"] = Case({"ip": interface, **_TLS}, f"https://{interface}:{{port}}/", env=_NO_PROXY_AT_ALL)
UNSUPPORTED = {"a client certificate"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """By case, what a kernel's process was told."""
    homes = [tmp_path_factory.mktemp("home") for _ in CASES]
    with ThreadPoolExecutor(len(CASES)) as pool:
        return dict(zip(CASES, pool.map(_answer, CASES.values(), homes), strict=True))


@pytest.mark.parametrize("case", [name for name in CASES if name not in UNSUPPORTED])
def test_a_kernel_reaches_the_api_of_a_server_on(case: str, answers: dict[str, dict[str, str]]) -> None:
    assert answers[case].get("login") == "LOCAL", answers[case]


def test_a_server_that_asks_for_client_certificates_is_said_to_be_unsupported(
    answers: dict[str, dict[str, str]],
) -> None:
    said = answers["a client certificate"]["error"]
    assert "client_ca" in said
    assert "not supported" in said
    assert said.count(". ") == 1, "a sentence, and what to do"


def _answer(case: Case, home: Path) -> dict[str, str]:
    tls, key = self_signed(home, "jupyter.example.org")
    filled = {name: value.format(here=home, tls=tls, key=key) for name, value in case.options.items()}
    spec = home / "data" / "kernels" / "asker"
    spec.mkdir(parents=True)
    answer = home / "answer.json"
    asker = {"argv": [sys.executable, "-c", ASKER], "env": {"ANSWER_FILE": str(answer)}}
    (spec / "kernel.json").write_text(json.dumps({**asker, "display_name": "asker", "language": "python"}))
    with closing(socket.socket()) as blocking:
        if case.blocked_port:
            blocking.bind(("127.0.0.1", 0))
            blocking.listen()
            filled["port"] = blocking.getsockname()[1]
        elif "sock" in filled:
            filled["port"] = 8888  # Jupyter wants its default beside a socket
        with jupyter_server(home, config={"ServerApp": filled}, token=TOKEN, home=home, env=case.env) as server:
            with _owner(case, filled, home, (tls, key)) as owner:
                started = _kernel(owner, server)
                eventually(answer.exists, 90, f"the kernel's process answered; the server says: {server.log()}")
                owner.delete(f"api/kernels/{started}").raise_for_status()
            return dict(json.loads(answer.read_text()))


def _kernel(owner: httpx.Client, server: JupyterServer) -> str:
    """The id of a new one; the server may just be about to listen."""

    def start() -> str | None:
        try:
            return str(owner.post("api/kernels", json={"name": "asker"}).raise_for_status().json()["id"])
        except httpx.ConnectError:
            return None

    return eventually(start, 60, f"a kernel was started; the server says: {server.log()}")


def _owner(case: Case, options: Mapping[str, str], home: Path, certificate: tuple[Path, Path]) -> httpx.Client:
    """The server's owner, who knows how to reach it."""
    [info] = [json.loads(file.read_text()) for file in (home / "runtime").glob("jpserver-*.json")]
    trust = ssl.create_default_context(cafile=certificate[0])
    trust.check_hostname = False
    trust.load_cert_chain(*certificate)
    return httpx.Client(
        base_url=case.dialled.format(port=info["port"]),
        headers={"Authorization": f"token {TOKEN}"},
        transport=httpx.HTTPTransport(verify=trust, uds=options.get("sock")),
        timeout=60,
    )
