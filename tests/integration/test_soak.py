"""Sessions that come and go while engines and session proxies are killed at random.

``make test`` runs it briefly; ``make soak`` for ten minutes (``SOAK_SECONDS`` says how long).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from headless import JupyterServer, jupyter_server

from .notebooks import eventually

SECONDS = int(os.environ.get("SOAK_SECONDS", "25"))
TOKEN = "token-of-the-soak"
WORKERS = 2
ENGINE, PROXY = "lakesail_notebook.engine", "lakesail_notebook.session_proxy"
GROWTH_BYTES = 60 * 1024 * 1024
"""What the server may hold more than before: its caches are bounded, and were empty."""
NEXT_STEP = re.compile(r"%sail|connect|try again|trying again|run |see |check ", re.IGNORECASE)

JOB = """
import json, os, sys, time
import lakesail_notebook
from lakesail_notebook import Client, LakesailError

LIVE = ("pending", "active", "idle")
name = f"soak {os.getpid()}"
end = time.monotonic() + float(sys.argv[1])


def say(**what):
    print(json.dumps(what), flush=True)


def close_mine():
    try:
        with Client() as client:
            live = [one.id for status in LIVE for one in client.sessions(status=status)]
            for session_id in live:
                if client.session(session_id).name == name:
                    client.close_session(session_id)
            return True
    except LakesailError as error:
        say(error=type(error).__name__, message=str(error))
        return False


while time.monotonic() < end:
    try:
        spark = lakesail_notebook.connect(new=True, name=name, wait_seconds=60)
        rows = [spark.range(1000).count(), spark.sql("SELECT sum(id) AS s FROM range(100)").first()["s"]]
        time.sleep(0.2)
        rows.append(spark.range(50_000).repartition(4).toArrow().num_rows)
        say(rows=rows)
    except Exception as error:
        say(error=type(error).__name__, message=str(error))
    close_mine()
while not close_mine() and time.monotonic() < end + 60:
    time.sleep(1)
"""


@pytest.mark.timeout(SECONDS + 240)
def test_sessions_come_and_go_while_engines_and_proxies_are_killed(tmp_path: Path) -> None:
    chance = random.Random(SECONDS)
    config = {"LocalBackend": {"linger_seconds": 1}}
    with jupyter_server(tmp_path, token=TOKEN, config=config) as server:
        with _workers(server, tmp_path, 3):  # one round without trouble: what is loaded once is loaded now
            pass
        before = _footprint(server)
        killed = 0
        with _workers(server, tmp_path, SECONDS) as workers:
            while any(worker.poll() is None for worker in workers):
                time.sleep(chance.uniform(1, 4))  # the jobs run on in other processes; this is how often one is hit
                killed += _kill_one(server, chance)
        said = _said(tmp_path)
        done = [line for line in said if "rows" in line]
        failed = [line for line in said if "error" in line]
        assert done, failed
        assert all(line["rows"] == [1000, 4950, 50_000] for line in done), "no job ends with a wrong result"
        unhelpful = [line for line in failed if not NEXT_STEP.search(str(line["message"]))]
        assert unhelpful == [], f"{len(done)} jobs done, {killed} processes killed"
        eventually(lambda: _engines(server) == [], 60, "the engines are gone")
        eventually(lambda: _is_back(server, before), 60, f"the server is as before: {before}, {_footprint(server)}")


@contextlib.contextmanager
def _workers(server: JupyterServer, directory: Path, seconds: float) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that connect, ask and close, for so long."""
    script = directory / "job.py"  # a file: PySpark 4.2 cannot be imported under python -c
    script.write_text(JOB)
    environment = os.environ | {"LAKESAIL_API_URL": f"{server.url}lakesail/api/v1", "LAKESAIL_API_TOKEN": TOKEN}
    with contextlib.ExitStack() as stack:
        workers = []
        for number in range(WORKERS):
            output = stack.enter_context((directory / f"worker-{number}").open("wb"))
            errors = stack.enter_context((directory / f"worker-{number}.err").open("wb"))
            command = [sys.executable, str(script), str(seconds)]
            workers.append(subprocess.Popen(command, env=environment, stdout=output, stderr=errors, cwd=directory))
        try:
            yield workers
            for worker in workers:
                worker.wait(timeout=seconds + 150)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def _said(directory: Path) -> list[dict[str, object]]:
    """What the workers printed, a line each."""
    return [json.loads(line) for path in directory.glob("worker-?") for line in path.read_text().splitlines()]


def _engines(server: JupyterServer) -> list[psutil.Process]:
    return _processes(server, ENGINE)


def _processes(server: JupyterServer, module: str) -> list[psutil.Process]:
    found = []
    for process in server.descendants():
        with contextlib.suppress(psutil.Error):
            if module in process.cmdline():
                found.append(process)
    return found


def _kill_one(server: JupyterServer, chance: random.Random) -> int:
    candidates = _processes(server, PROXY) if chance.random() < 0.3 else _engines(server)
    if not candidates:
        return 0
    with contextlib.suppress(psutil.Error):
        chance.choice(candidates).kill()
    return 1


def _footprint(server: JupyterServer) -> tuple[int, int]:
    """The server's memory in bytes, and its open files."""
    process = psutil.Process(server.pid)
    return process.memory_info().rss, process.num_fds()


def _is_back(server: JupyterServer, before: tuple[int, int]) -> bool:
    memory, files = _footprint(server)
    return memory <= before[0] + GROWTH_BYTES and files <= before[1] + 5
