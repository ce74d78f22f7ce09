"""What the tests of notebooks share: the sessions of a server, its processes, cells in the background, patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil
from headless import JupyterServer
from headless_kernel import CellFailed, CellResult, Kernel

T = TypeVar("T")
API = "lakesail/api/v1"


def eventually(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """The first thing seen that is not ``None`` or false, within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def session_of(server: JupyterServer, kernel: Kernel) -> dict[str, Any]:
    """The newest session of a kernel."""
    page = server.request("GET", f"{API}/workloads/sessions").json()
    sessions = {session["id"]: session for session in page["included"]["sessions"]}
    newest = (sessions[row["id"]] for row in page["items"])
    return next(session for session in newest if session["metadata"].get("lakesail/kernel") == kernel.id)


def describe(server: JupyterServer, session_id: str) -> dict[str, Any]:
    session: dict[str, Any] = server.request("GET", f"{API}/workloads/sessions/{session_id}").json()
    return session


def processes_of(server: JupyterServer, module: str) -> list[psutil.Process]:
    """The server's living child processes that run one of our modules."""
    return [process for process in server.descendants() if module in _command_line(process)]


def engine_of(server: JupyterServer, session: dict[str, Any]) -> psutil.Process:
    """The engine that a session runs on; its scratch directory is named after the workload."""
    engines = processes_of(server, "lakesail_notebook.engine")
    spills = "SAIL_RUNTIME__TEMPORARY_FILES__PATHS"
    return next(engine for engine in engines if session["workloadId"] in engine.environ()[spills])


def connect_on_workload(server: JupyterServer, kernel: Kernel, workload_id: str) -> set[str]:
    """Close and connect until the session runs on a workload of before; the workloads that it was given until then.

    An engine is given to the next session once it was seen at rest, which takes about a second. Nothing that the
    sessions before had is made again.
    """
    given: set[str] = set()

    def is_given() -> bool:
        kernel.execute("%sail close")
        kernel.execute("%sail connect --bare")
        given.add(session_of(server, kernel)["workloadId"])
        return workload_id in given

    eventually(is_given, 60, "the lingering engine is used again")
    return given


def interrupt_all(kernel: Kernel) -> str:
    """What ``%sail interrupt`` says, or its error."""
    return kernel.execute("try:\n    %sail interrupt\nexcept Exception as error: print(error)").stdout.strip()


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


class BackgroundCell(threading.Thread):
    """A cell that runs while the test does something else."""

    def __init__(self, kernel: Kernel, code: str, timeout_seconds: float = 60.0) -> None:
        super().__init__(daemon=True)
        self._kernel = kernel
        self._code = code
        self._timeout_seconds = timeout_seconds
        self._result: CellResult | None = None
        self._failure: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._kernel.execute(self._code, timeout_seconds=self._timeout_seconds)
        except Exception as error:  # told to whoever asks for the outcome
            self._failure = error

    def outcome(self, seconds: float) -> CellResult:
        """:raises CellFailed: when the cell raised. Any other end of it is raised as well."""
        self.join(seconds)
        assert not self.is_alive(), f"the cell still ran after {seconds} s"
        if self._failure is not None:
            raise self._failure
        assert self._result is not None
        return self._result

    def failure(self, seconds: float) -> CellFailed:
        """How the cell failed; an error of the test when it did not."""
        try:
            result = self.outcome(seconds)
        except CellFailed as failed:
            return failed
        raise AssertionError(f"the cell did not fail: {result.text}")


class Marker:
    """A file by which a cell or a UDF says that it has begun."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / name

    def wait(self, seconds: float = 60.0) -> None:
        eventually(self.path.exists, seconds, f"{self.path.name} was written")
