"""A marimo server is not left behind: whoever of those that keep it is killed, it goes with all that it started."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.workloads.apps_port import AppAddress
from tests.builders import a_session

from .app_pages import TWO_OF_ONE_NAME, AppPage
from .apps_process import edit, local_apps
from .notebooks import eventually

ROOT = Path(__file__).parents[2]
BUSY = """
import marimo

app = marimo.App()


@app.cell
def _():
    import subprocess

    subprocess.Popen(["sleep", "1001"], start_new_session=True)
    while True:
        pass
    return


if __name__ == "__main__":
    app.run()
"""
SLEEPERS = {"1001", "1002", "1003"}
"""A kernel that computes has started the first, a terminal the others; one has left the terminal's session."""
_TYPED = "(setsid sleep 1002 &) ; sleep 1003"
_WRAPPER = "lakesail_notebook.marimo_process"
DEADLINE_SECONDS = 60
ENDS_BEFORE_ITS_OUTPUT = f"""#!{sys.executable}
import json, os, signal, socket, subprocess, sys

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
sys.stdin.readline()
listening = socket.create_server(("127.0.0.1", 0))
subprocess.Popen(["sleep", "5"], start_new_session=True)
me = os.getpid()
with open("pid", "w") as file:
    file.write(str(me))
print(json.dumps({{"ready": {{"port": listening.getsockname()[1], "marimo": me, "keeper": me}}}}), flush=True)
while True:
    signal.pause()
"""
"""In place of the interpreter that runs marimo: it ends well when told to, and a child of it keeps its output open."""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    file = tmp_path / "nb.py"
    file.write_text(BUSY)
    return file


@pytest.fixture
def control_plane(notebook: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.integration.apps_process", str(notebook)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("killed", ["control plane", "control plane and wrapper", "keeper"])
def test_nothing_is_left_of_marimo_whoever_is_killed(control_plane: subprocess.Popen[str], killed: str) -> None:
    assert control_plane.stdout is not None
    said = json.loads(control_plane.stdout.readline())
    page = _page(AppAddress(said["port"], said["token"]), "SESSION")
    with page.opened(), page.terminal(_TYPED):
        family = eventually(lambda: _family(control_plane.pid), 60, "the kernel and the terminal are at work")
        wrapper, keeper = (one for one in family if _WRAPPER in _command(one))
        if "control plane" in killed:
            control_plane.kill()
        if "wrapper" in killed:
            wrapper.kill()
        if killed == "keeper":
            keeper.kill()
        _, left = psutil.wait_procs(family, timeout=60)
    assert left == []
    if killed == "keeper":
        assert control_plane.stdout.readline().startswith("marimo ended with signal 9 (SIGKILL)")


def test_an_app_that_is_stopped_goes_with_all_that_it_started_and_no_other_does(notebook: Path) -> None:
    async def two_apps() -> None:
        apps = local_apps(notebook.parent)
        first, second = a_session(id="FIRST"), a_session(id="SECOND")
        await asyncio.gather(apps.start(first, edit(notebook)), apps.start(second, edit(notebook)))
        addresses = [apps.address_of(one.id) for one in (first, second)]
        assert None not in addresses
        assert len({one.token for one in addresses if one is not None}) == 2
        assert await asyncio.to_thread(_kept_busy, addresses[0], "FIRST")
        assert await apps.busy("FIRST")
        assert not await apps.busy("SECOND")
        marimo = psutil.Process().children(recursive=True)
        told = [text for one in marimo for text in (*_command(one), *_environment(one).values())]
        assert told
        assert not [one for one in addresses if one is not None and any(one.token in text for text in told)]
        await apps.stop("FIRST")
        assert apps.address_of("FIRST") is None
        assert not [one for one in marimo if "FIRST" in " ".join(_command(one))]
        assert not _sleepers(psutil.Process().children(recursive=True))
        assert addresses[1] is not None
        assert apps.address_of("SECOND") is not None
        await asyncio.to_thread(_page(addresses[1], "SECOND").shut_down)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await anext(aiter(apps.ended())) == "SECOND"
        assert await apps.last_words("SECOND") is None
        await apps.close()
        _, left = psutil.wait_procs(marimo, timeout=60)
        assert left == []

    asyncio.run(two_apps())


def test_what_marimo_says_when_it_does_not_start_is_told(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(TWO_OF_ONE_NAME)

    async def start() -> None:
        apps = local_apps(tmp_path)
        try:
            await apps.start(a_session(id="SESSION"), replace(edit(file), mode="run"))
        finally:
            assert apps.address_of("SESSION") is None
            assert "broken.py" in "\n".join(apps.log_tail("SESSION", 100))
            await apps.close()

    with pytest.raises(
        Unavailable, match=r"marimo ended with exit code 1; its last words: .*Variable 'x' is defined in multiple cells"
    ):
        asyncio.run(start())


def test_how_an_app_has_ended_is_known_as_soon_as_it_serves_no_more(tmp_path: Path) -> None:
    python, notebook = tmp_path / "python", tmp_path / "nb.py"
    python.write_text(ENDS_BEFORE_ITS_OUTPUT)
    python.chmod(0o755)

    async def start_and_end() -> None:
        apps = local_apps(tmp_path)
        await apps.start(a_session(id="SESSION"), replace(edit(notebook), python=str(python)))
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while apps.address_of("SESSION") is not None:
                await asyncio.sleep(0.01)
        assert await apps.last_words("SESSION") is None
        await apps.close()

    asyncio.run(start_and_end())


def _kept_busy(address: AppAddress | None, session_id: str) -> bool:
    """Open a page of an app, and close it when all that it starts is at work."""
    assert address is not None
    page = _page(address, session_id)
    with page.opened(), page.terminal(_TYPED):
        return bool(eventually(lambda: _family(psutil.Process().pid), 60, "the kernel and the terminal are at work"))


def _page(address: AppAddress, session_id: str) -> AppPage:
    root = f"http://127.0.0.1:{address.port}/a%40b/lakesail/marimo/{session_id}"
    return AppPage(root, {"Authorization": f"Bearer {address.token}"})


def _family(pid: int) -> list[psutil.Process] | None:
    """All below a process, once the sleepers are among them; the outermost first."""
    found = psutil.Process(pid).children(recursive=True)
    return found if _sleepers(found) == SLEEPERS else None


def _sleepers(processes: list[psutil.Process]) -> set[str]:
    lines = [_command(one) for one in processes]
    return {line[1] for line in lines if line[:1] == ["sleep"] and len(line) == 2}


def _command(process: psutil.Process) -> list[str]:
    """Empty, when it has ended."""
    try:
        return process.cmdline() if process.is_running() else []
    except psutil.Error:
        return []


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except psutil.Error:
        return {}
