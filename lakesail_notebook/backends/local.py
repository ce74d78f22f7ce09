"""Workloads as child processes of this control plane: one engine each, in the notebook's directory and interpreter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
from traitlets import Integer, Unicode
from traitlets.config import Configurable

from ..errors import FieldError, Unavailable
from ..process import ChildProcess, ProcessIdentity, describe_exit, own_python, spawn
from ..workloads.ports import Checkpoint, Observation
from ..workloads.records import Handle, LaunchSpec, WorkloadRecord
from .local_environment import EngineSettings, engine_environment, memory_of_machine

STOP_GRACE_SECONDS = 3.0


class LocalBackend(Configurable):
    """Starts engines on this machine. They cannot outlive this process, and nobody else may touch them."""

    linger_seconds = Integer(60, min=0, help="Seconds that an engine without a session waits for the next one.").tag(
        config=True
    )
    batch_size = Integer(
        131072, min=1, help="Rows in a batch of an answer; larger ones are faster, smaller ones arrive sooner."
    ).tag(config=True)
    stack_bytes = Integer(
        64 * 1024 * 1024, min=1024 * 1024, help="Stack of an engine's threads; deeply nested SQL needs it."
    ).tag(config=True)
    memory_bytes = Integer(
        0, min=0, help="What one engine may hold in memory before it spills or refuses; 0: 70 % of this machine's."
    ).tag(config=True)
    scratch_directory = Unicode(
        "", help="Where engines put spill files, which go with them; empty: the system's temporary directory."
    ).tag(config=True)

    survives_restart = False

    def __init__(self, *, server_root: str, **kwargs: Any) -> None:
        """:param server_root: working directory of engines whose session names none."""
        super().__init__(**kwargs)
        self._server_root = server_root
        self._children: dict[str, ChildProcess] = {}
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self._waiters: set[asyncio.Task[None]] = set()

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return await asyncio.to_thread(_problems, spec)

    async def provision(self, workload: WorkloadRecord) -> AsyncGenerator[Checkpoint]:
        scratch = self._scratch_root() / workload.id
        yield Checkpoint({"scratch": str(scratch)})
        scratch.mkdir(mode=0o700, exist_ok=True)
        child = await spawn(
            [workload.spec.python or own_python(), "-P", "-m", "lakesail_notebook.engine"],
            env=engine_environment(os.environ, self._settings(scratch)),
            cwd=workload.spec.working_directory or self._server_root,
        )
        self._children[workload.id] = child
        self._watch_child(workload.id, child)
        handle = {"scratch": str(scratch), "process": asdict(child.identity)}
        yield Checkpoint(handle)
        said = await child.ready()
        address = str(said["address"])
        if not await asyncio.to_thread(_listens, child.identity.pid, address):
            raise Unavailable(f"the port of its engine ({address}) is held by another process")
        yield Checkpoint(handle, address=address)

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        return {workload_id: self._inspect(workload_id, handle) for workload_id, handle in handles.items()}

    async def watch(self) -> AsyncIterator[str]:
        while True:
            yield await self._ended.get()

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        child = self._children.get(workload_id)
        if child is not None:
            await child.stop(STOP_GRACE_SECONDS)
            self._children.pop(workload_id, None)
        elif (identity := _identity(handle)) is not None:
            identity.kill_group()
        if "scratch" in handle:
            await asyncio.to_thread(shutil.rmtree, handle["scratch"], ignore_errors=True)

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        child = self._children.get(workload_id)
        return [] if child is None else child.log.tail(count)

    async def close(self) -> None:
        await asyncio.gather(*(child.stop(STOP_GRACE_SECONDS) for child in self._children.values()))
        for waiter in self._waiters:
            waiter.cancel()

    def _inspect(self, workload_id: str, handle: Handle) -> Observation:
        child = self._children.get(workload_id)
        if child is not None:
            return Observation("running") if child.return_code is None else Observation("gone", _last_words(child))
        identity = _identity(handle)
        return Observation("running" if identity is not None and identity.alive() else "gone")

    def _watch_child(self, workload_id: str, child: ChildProcess) -> None:
        async def report() -> None:
            await child.wait()
            self._ended.put_nowait(workload_id)

        waiter = asyncio.create_task(report())
        self._waiters.add(waiter)
        waiter.add_done_callback(self._waiters.discard)

    def _settings(self, scratch: Path) -> EngineSettings:
        return EngineSettings(
            batch_size=self.batch_size,
            stack_bytes=self.stack_bytes,
            memory_bytes=self.memory_bytes or memory_of_machine() * 7 // 10,
            scratch_directory=str(scratch),
        )

    def _scratch_root(self) -> Path:
        """A directory of this user alone; scratch files hold what queries read."""
        root = Path(self.scratch_directory or tempfile.gettempdir()) / f"lakesail-{os.getuid()}"
        with contextlib.suppress(FileExistsError):
            root.mkdir(mode=0o700, parents=True)
        found = root.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise Unavailable(
                f"{root} is no directory of yours alone; set c.LocalBackend.scratch_directory to another place"
            )
        return root


def _problems(spec: LaunchSpec) -> list[FieldError]:
    asks_for = {
        "cluster mode": spec.sail.execution_mode == "cluster",
        "libraries": bool(spec.sail.libraries),
        "extraEnv": bool(spec.sail.extra_env),
    }
    problems = [
        FieldError("/workloadConfigId", f"the compute config asks for {what}, which this cluster does not offer")
        for what, asked in asks_for.items()
        if asked
    ]
    directory, python = spec.working_directory, spec.python
    if directory is not None and not os.path.isdir(directory):
        problems.append(FieldError("/metadata/lakesail~1cwd", f"{directory} is no directory of this machine"))
    if python is not None and not (os.path.isfile(python) and os.access(python, os.X_OK)):
        problems.append(FieldError("/metadata/lakesail~1python", f"{python} is no interpreter of this machine"))
    return problems


def _identity(handle: Handle) -> ProcessIdentity | None:
    process = handle.get("process")
    return None if process is None else ProcessIdentity(**process)


def _last_words(child: ChildProcess) -> str:
    said = (line.strip() for line in reversed(child.log.tail()))
    last = next((line for line in said if line and " INFO " not in line), None)
    exit_text = f"its engine ended with {describe_exit(child.return_code or 0)}"
    return exit_text if last is None else f"{exit_text}; its last words: {last[:200]}"


def _listens(pid: int, address: str) -> bool:
    """Whether that very process holds the port, so that nobody else is sent what is meant for it."""
    host, _, port = address.rpartition(":")
    if sys.platform != "linux":
        return True  # looking into processes needs rights there that a user has not
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    listening = {(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN}
    return (host, int(port)) in listening
