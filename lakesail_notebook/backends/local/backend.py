"""Workloads as child processes of this control plane: one engine each, in the notebook's directory and interpreter."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs
from traitlets import Integer, List, Unicode
from traitlets.config import Configurable

from ...errors import FieldError, Unavailable
from ...models import SailConfig
from ...process import ChildProcess, describe_exit, own_python, spawn
from ...process_identity import ProcessIdentity
from ...workloads.ports import Checkpoint, GrantedSize, Observation, Offer
from ...workloads.records import Handle, LaunchSpec, WorkloadRecord
from ...workloads.rules.engine_use import EngineUse
from ...workloads.rules.instance_types import InstanceType, shipped_instance_types
from .directories import private_directory
from .downloads import Downloads
from .environment import (
    EngineSettings,
    engine_environment,
    kernel_environment,
    masking,
    memory_of_machine,
    secrets_among,
    shared_environment,
    user_environment,
    vcpus_of_machine,
)
from .libraries import LocalLibraries
from .listening import listens
from .logs import WorkloadLogs
from .problems import problems_of
from .processor import use_of
from .size import EngineSize, Machine, engine_size

STOP_GRACE_SECONDS = 3.0
_UNUSED_FIELDS = (
    "/config/sail/lakesailImageUri",
    "/config/sail/compute/driver/ebsConfig",
    "/config/sail/compute/worker/ebsConfig",
    "/config/sail/compute/worker/capacityType",
)
"""What means something on machines of a cloud only."""


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

    library_directory = Unicode(
        "",
        help="""Where the libraries of compute configs are installed, once each; empty: lakesail/libraries in your cache
        directory. What is there may be deleted while no engine runs: it is installed again.""",
    ).tag(config=True)
    library_roots = List(
        Unicode(), help="Directories whose wheels compute configs may name as files; none: the server's root directory."
    ).tag(config=True)

    shared_variables = List(
        Unicode(),
        help="""Environment variables of this server that the engines of its teams see, beside those that every process
        needs. A server of one person gives its engines all of them.""",
    ).tag(config=True)

    survives_restart = False

    def __init__(
        self,
        *,
        server_root: str,
        instance_types: Mapping[str, InstanceType] | None = None,
        serves_others: bool = False,
        **kwargs: Any,
    ) -> None:
        """
        :param server_root: working directory of engines whose session names none.
        :param instance_types: what the sizes of compute configs mean; absent: as shipped.
        :param serves_others: whether engines are other people's than the one who runs the server.
        """
        super().__init__(**kwargs)
        self._server_root = server_root
        self._instance_types = shipped_instance_types() if instance_types is None else instance_types
        self._serves_others = serves_others
        self.offer = Offer(
            execution_modes=("standalone", "cluster"), unused_fields=_UNUSED_FIELDS, environment=not serves_others
        )
        self._logs = WorkloadLogs()
        self._children: dict[str, ChildProcess] = {}
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        self._waiters: set[asyncio.Task[None]] = set()

    def size_of(self, sail: SailConfig) -> GrantedSize:
        machine = self._machine()
        size = engine_size(sail, self._instance_types, machine)
        vcpus = machine.vcpus if size.vcpus is None else size.vcpus
        return GrantedSize(vcpus=vcpus, memory_bytes=size.memory_bytes, nodes=size.nodes)

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return await asyncio.to_thread(problems_of, spec, self._instance_types, self._roots())

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        scratch = self._scratch_root() / workload.id
        yield Checkpoint({"scratch": str(scratch)})
        private_directory(scratch, "c.LocalBackend.scratch_directory")
        libraries = await self._install_libraries(workload)
        size = engine_size(workload.spec.sail, self._instance_types, self._machine())
        child = await spawn(
            [workload.spec.python or own_python(), "-P", "-m", "lakesail_notebook.engine"],
            env=engine_environment(
                self._environment() if environment is None else _of_kernel(environment, workload.spec),
                workload.spec.sail.extra_env,
                self._settings(scratch, size, libraries),
            ),
            cwd=workload.spec.working_directory or self._server_root,
            edit_log=masking((*workload.spec.sail.extra_env.values(), *secrets_among(environment or {}, os.environ))),
        )
        self._children[workload.id] = child
        self._logs.add(workload.id, child.log)
        self._watch_child(workload.id, child)
        handle = {"scratch": str(scratch), "process": asdict(child.identity)}
        yield Checkpoint(handle)
        said = await child.ready()
        address = str(said["address"])
        if not await asyncio.to_thread(listens, child.identity.pid, address):
            raise Unavailable(f"the port of its engine ({address}) is held by another process")
        yield Checkpoint(handle, address=address, message=size.notice)

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        return {workload_id: self._inspect(workload_id, handle) for workload_id, handle in handles.items()}

    async def watch(self) -> AsyncIterator[str]:
        while True:
            yield await self._ended.get()

    def held(self) -> Collection[str]:
        return tuple(self._children)

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        child = self._children.get(workload_id)
        if child is not None:
            await child.stop(STOP_GRACE_SECONDS)
            self._children.pop(workload_id, None)
        elif (identity := _identity(handle)) is not None:
            identity.kill_group()
        self._logs.end(workload_id)
        if "scratch" in handle:
            await asyncio.to_thread(shutil.rmtree, handle["scratch"], ignore_errors=True)

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        return self._logs.tail(workload_id, count)

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        child = self._children.get(workload_id)
        # It walks through all processes of the machine, which would stall every notebook of the server.
        return None if child is None else await asyncio.to_thread(use_of, child.identity.pid)

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

    async def _install_libraries(self, workload: WorkloadRecord) -> Path | None:
        wanted = workload.spec.sail.libraries
        if not wanted:
            return None
        chosen = self.library_directory or platformdirs.user_cache_path("lakesail") / "libraries"
        directory = private_directory(Path(chosen), "c.LocalBackend.library_directory")
        libraries = LocalLibraries(directory, self._environment(), Downloads(guarded=self._serves_others))
        return await libraries.install(
            wanted, workload.spec.python or own_python(), on_log=lambda ring: self._logs.add(workload.id, ring)
        )

    def _environment(self) -> dict[str, str]:
        if self._serves_others:
            return shared_environment(os.environ, self.shared_variables)
        return user_environment(os.environ)

    def _settings(self, scratch: Path, size: EngineSize, libraries: Path | None) -> EngineSettings:
        return EngineSettings(
            batch_size=self.batch_size,
            stack_bytes=self.stack_bytes,
            size=size,
            scratch_directory=str(scratch),
            libraries_directory=None if libraries is None else str(libraries),
        )

    def _machine(self) -> Machine:
        return Machine(vcpus_of_machine(), self.memory_bytes or memory_of_machine() * 7 // 10)

    def _roots(self) -> list[str]:
        return list(self.library_roots) or [self._server_root]

    def _scratch_root(self) -> Path:
        """Scratch files hold what queries read."""
        root = Path(self.scratch_directory or tempfile.gettempdir()) / f"lakesail-{os.getuid()}"
        return private_directory(root, "c.LocalBackend.scratch_directory")


def _of_kernel(environment: Mapping[str, str], spec: LaunchSpec) -> dict[str, str]:
    return kernel_environment(environment, its_python=spec.python is not None)


def _identity(handle: Handle) -> ProcessIdentity | None:
    process = handle.get("process")
    return None if process is None else ProcessIdentity(**process)


def _last_words(child: ChildProcess) -> str:
    said = (line.strip() for line in reversed(child.log.tail()))
    last = next((line for line in said if line and " INFO " not in line), None)
    exit_text = f"its engine ended with {describe_exit(child.return_code or 0)}"
    return exit_text if last is None else f"{exit_text}; its last words: {last[:200]}"
