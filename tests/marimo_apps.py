"""Apps for tests: each one is a real marimo, without the rest of a backend."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import httpx

from lakesail_notebook.api_location import app_base_path
from lakesail_notebook.errors import FieldError, Unavailable
from lakesail_notebook.workloads.apps_port import AppAddress, AppSpec
from lakesail_notebook.workloads.records import SessionRecord

START_SECONDS = 90.0


class MarimoApps:
    """Implements the domain's ``Apps``."""

    unavailable = None

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._addresses: dict[str, AppAddress] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    def path_of(self, file: str) -> str:
        return str(Path(file).absolute())

    async def validate(self, spec: AppSpec) -> Sequence[FieldError]:
        return ()

    async def start(self, session: SessionRecord, spec: AppSpec, environment: Mapping[str, str] | None = None) -> None:
        token, port = secrets.token_hex(16), _free_port()
        root = app_base_path(self._base_url, session.id)
        options = ["--host", "127.0.0.1", "--port", str(port), "--base-url", root, "--headless", "--no-sandbox"]
        if spec.mode == "edit":
            options.append("--skip-update-check")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "marimo", "-q", spec.mode, spec.file, *options, "--token-password-file", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "_MARIMO_CONFIG_OVERLOAD_RUNTIME_AUTO_INSTANTIATE": "true"},
        )
        self._processes[session.id] = process
        assert process.stdin is not None
        process.stdin.write(token.encode())
        process.stdin.close()
        await _answers(f"http://127.0.0.1:{port}{root}/health")
        self._addresses[session.id] = AppAddress(port, token)

    def address_of(self, session_id: str) -> AppAddress | None:
        return self._addresses.get(session_id)

    async def ended(self) -> AsyncIterator[str]:
        return
        yield

    async def last_words(self, session_id: str) -> str:
        return "marimo ended"

    async def busy(self, session_id: str) -> bool:
        return False

    def revoke(self, session_id: str) -> None:
        pass

    def log_tail(self, session_id: str, count: int) -> Sequence[str]:
        return ()

    async def stop(self, session_id: str) -> None:
        self._addresses.pop(session_id, None)
        process = self._processes.pop(session_id, None)
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def close(self) -> None:
        for session_id in list(self._processes):
            await self.stop(session_id)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def _answers(url: str) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise Unavailable("marimo does not answer.")
