"""A Jupyter server with a self-signed certificate: its notebooks connect as on any other."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
from headless import jupyter_server
from jupyter_client.blocking.client import BlockingKernelClient

from tests.certificates import self_signed

TOKEN = "a-token-of-this-test-alone"


def run_cell(connection_file: Path, code: str) -> tuple[str, dict[str, Any]]:
    """What a cell wrote, and the kernel's reply; spoken to on this machine, without the server."""
    written: list[str] = []
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.hb_channel.time_to_dead = 60.0  # a kernel that starts on a busy machine misses heartbeats, and lives
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(
            code,
            timeout=60,
            allow_stdin=False,
            output_hook=lambda message: written.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        client.context.term()
    return "".join(written), reply["content"]


def test_a_notebook_of_a_server_with_a_certificate_of_its_own_connects(tmp_path: Path) -> None:
    certificate_file, key_file = self_signed(tmp_path, "jupyter.example.org")
    config = {"ServerApp": {"certfile": str(certificate_file), "keyfile": str(key_file)}}
    trust = ssl.create_default_context(cafile=certificate_file)
    trust.check_hostname = False
    with (
        jupyter_server(tmp_path, config=config, token=TOKEN, home=tmp_path) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"token {TOKEN}"}, verify=trust) as owner,
    ):
        assert server.url.startswith("https://")
        notebook = {"path": "tls.ipynb", "name": "tls.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
        started = owner.post("api/sessions", json=notebook).raise_for_status().json()
        connection_file = tmp_path / "runtime" / f"kernel-{started['kernel']['id']}.json"
        written, reply = run_cell(connection_file, "%sail connect\nprint('counted', spark.range(7).count())")
        assert reply["status"] == "ok", reply
        assert "counted 7" in written
        owner.delete(f"api/sessions/{started['id']}").raise_for_status()
