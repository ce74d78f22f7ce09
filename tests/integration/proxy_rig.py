"""A control plane around a real session proxy and a real engine, with a relay between the two.

The store, the reports, the supervisor, the proxy and the engine are the product's; the backend knows the one engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jupyter_events import EventLogger

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.feed_server import FeedSource
from lakesail_notebook.control_plane.supervisor import ProxySupervisor
from lakesail_notebook.errors import FieldError
from lakesail_notebook.ids import new_id
from lakesail_notebook.jupyter.audit import JupyterAudit
from lakesail_notebook.models import SailConfig
from lakesail_notebook.process import describe_exit
from lakesail_notebook.process_identity import identity_of
from lakesail_notebook.signing_keys import SigningKey
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.tokens import TokenIssuer, TokenTime
from lakesail_notebook.workloads.environments import Environments
from lakesail_notebook.workloads.ports import Checkpoint, GrantedSize, Observation, Offer
from lakesail_notebook.workloads.reconciling.proxy_reports import ProxyReports
from lakesail_notebook.workloads.reconciling.reconciler import Reconciler
from lakesail_notebook.workloads.reconciling.usage import Usage
from lakesail_notebook.workloads.records import Handle, LaunchSpec, Owner, SessionRecord, Timeouts, WorkloadRecord
from lakesail_notebook.workloads.rules import lifecycle
from lakesail_notebook.workloads.rules.engine_use import EngineUse
from lakesail_notebook.workloads.rules.lifecycle import WorkloadMove
from lakesail_notebook.workloads.rules.routes import route_of
from lakesail_notebook.workloads.settings import Settings
from tests.relay import Relay

MAX_SPARK_SESSIONS = 4
T = TypeVar("T")


def until(happens: Callable[[], T], seconds: float = 60.0) -> T:
    """The first true answer of ``happens``, asked again and again."""
    deadline = time.monotonic() + seconds
    while not (answer := happens()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return answer


def listening_child(parent: int, port: int | None = None) -> int | None:
    """The pid of a child that listens for TCP connections, on a port or on any."""
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):
            for connection in child.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN and port in {None, connection.laddr.port}:
                    return int(child.pid)
    return None


class Engine:
    """The product's engine process, of which nobody is the backend."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lakesail_notebook.engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "SAIL_EXECUTION__BATCH_SIZE": "131072"},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.host, port = json.loads(line)["ready"]["address"].rsplit(":", 1)
        self.port = int(port)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class _OneEngineBackend:
    """Says of every workload what became of the one engine."""

    linger_seconds = 60
    survives_restart = False
    offer = Offer(execution_modes=("standalone",), unused_fields=())

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def size_of(self, sail: SailConfig) -> GrantedSize | None:
        return None

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return ()

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        yield Checkpoint({})

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        return_code = self._engine.process.poll()
        if return_code is None:
            return dict.fromkeys(handles, Observation("running"))
        return dict.fromkeys(handles, Observation("gone", f"its engine ended with {describe_exit(return_code)}"))

    async def watch(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    def held(self) -> Collection[str]:
        return ()

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        return

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        return ()

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        return None

    async def close(self) -> None:
        return


class _ThisProcess:
    def __init__(self) -> None:
        me = identity_of(os.getpid())
        self.mine = Owner(me.boot_id, me.pid, me.started_at)

    def alive(self, owner: Owner) -> bool:
        return True


class _NoKernels:
    def alive(self, kernel_id: str) -> bool:
        return True

    def living(self) -> frozenset[str]:
        return frozenset()

    def owner_of(self, kernel_id: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class _Parts:
    store: SqlStore
    supervisor: ProxySupervisor
    reconciler: Reconciler
    usage: Usage
    owner: Owner
    tokens: TokenIssuer


class ProxyRig:
    """The control plane, on a loop in a thread of its own, so that tests may use blocking clients. A context manager.

    Its methods block; each is for the test's thread.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._clock = SystemClock()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.engine = Engine()
        self.relay = Relay(self.engine.host, self.engine.port)
        self._parts: _Parts | None = None
        self._audit_lines = io.StringIO()

    def __enter__(self) -> ProxyRig:
        self.relay.__enter__()
        self._thread.start()
        self._parts = self.run(self._open())
        until(lambda: self.proxy_pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        self.relay.__exit__(None, None, None)
        self.engine.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @property
    def parts(self) -> _Parts:
        assert self._parts is not None
        return self._parts

    def audited(self) -> list[dict[str, Any]]:
        """The audit's events so far."""
        return [json.loads(line) for line in self._audit_lines.getvalue().splitlines()]

    @property
    def endpoint(self) -> str:
        return self.parts.supervisor.endpoint

    @property
    def proxy_pid(self) -> int | None:
        """The proxy that listens now."""
        return listening_child(os.getpid(), int(self.endpoint.rpartition(":")[2]))

    def kill_proxy(self) -> None:
        pid = self.proxy_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def add_workload(self, *, ready: bool = True) -> str:
        return self.run(self._add_workload(ready))

    def make_ready(self, session_id: str) -> None:
        self.run(self._make_ready(session_id))

    def add_session(self, workload_id: str | None = None, *, member: str = "ALICE") -> str:
        """A session on a workload, or on a ready one of its own; its route is published."""
        return self.run(self._add_session(workload_id or self.add_workload(), member))

    def token(
        self, session_id: str, *, seconds: float = 600, caller: str = "ALICE", generation: int = 1, workload: str = ""
    ) -> str:
        now = self._clock.now()
        return self.parts.tokens.issue(
            caller=caller,
            session_id=session_id,
            workload_id=workload or self.session(session_id).workload_id,
            generation=generation,
            now=now,
            expires_at=now + timedelta(seconds=seconds),
        )

    def close_session(self, session_id: str) -> None:
        move = lifecycle.ending(session_id, "closed", self._clock.now(), "user_closed", "was closed by you")
        self.run(self.parts.reconciler.end_session(session_id, move))

    def session(self, session_id: str) -> SessionRecord:
        async def read() -> SessionRecord | None:
            async with self.parts.store.reading() as view:
                return await view.session(session_id)

        found = self.run(read())
        assert found is not None
        return found

    async def _open(self) -> _Parts:
        store = await open_store(f"sqlite:///{self._directory / 'lakesail.db'}")
        tokens = TokenIssuer(store.issuer, SigningKey("test-key", Ed25519PrivateKey.generate()))
        supervisor = ProxySupervisor()
        usage = Usage()
        owners = _ThisProcess()
        reconciler = Reconciler(
            store=store,
            backends={"LOCAL": _OneEngineBackend(self.engine)},
            environments=Environments(),
            proxy=supervisor,
            owners=owners,
            kernels=_NoKernels(),
            usage=usage,
            clock=self._clock,
            settings=Settings(),
        )
        event_log = EventLogger(handlers=[logging.StreamHandler(self._audit_lines)])
        audit = JupyterAudit(event_log, self._clock.now)
        reports = ProxyReports(store, reconciler, usage, self._clock, MAX_SPARK_SESSIONS, audit)
        self.source = FeedSource(
            issuer=store.issuer,
            public_keys=tokens.public_keys,
            token_time=TokenTime(self._clock).now,
            routes=reconciler.routes,
            reports=reports,
        )
        supervisor.serve(self.source)
        await supervisor.start()
        return _Parts(store, supervisor, reconciler, usage, owners.mine, tokens)

    async def _close(self) -> None:
        await self.parts.supervisor.close()
        await self.parts.store.close()

    async def _add_workload(self, ready: bool) -> str:
        now = self._clock.now()
        workload = WorkloadRecord(
            id=new_id(now),
            config_id="CONFIG",
            config_version=1,
            team_id="LOCAL",
            cluster_id="LOCAL",
            infra_status="requested",
            target="running",
            shutdown_policy="linger:60",
            reuse_key="key",
            spec=LaunchSpec(sail=SailConfig()),
            owner=self.parts.owner,
            created_by="ALICE",
            created_at=now,
            updated_at=now,
            start_deadline=now + timedelta(seconds=60),
        )
        async with self.parts.store.writing() as unit:
            await unit.add_workload(workload)
            await unit.move_workload(workload.id, WorkloadMove(to="starting", at=now))
            if ready:
                await self._move_to_ready(unit, workload.id)
        return workload.id

    async def _move_to_ready(self, unit: Any, workload_id: str) -> WorkloadRecord:
        await unit.set_handle(workload_id, {"pid": self.engine.process.pid})
        move = WorkloadMove(to="ready", at=self._clock.now(), address=self.relay.address)
        moved = await unit.move_workload(workload_id, move)
        assert isinstance(moved, WorkloadRecord)
        return moved

    async def _make_ready(self, session_id: str) -> None:
        async with self.parts.store.writing() as unit:
            session = await unit.session(session_id)
            assert session is not None
            workload = await self._move_to_ready(unit, session.workload_id)
        await self.parts.supervisor.publish(route_of(session, workload, MAX_SPARK_SESSIONS))

    async def _add_session(self, workload_id: str, member: str) -> str:
        now = self._clock.now()
        session = SessionRecord(
            id=new_id(now),
            endpoint_type="spark_connect",
            name=None,
            status="pending",
            workload_id=workload_id,
            team_id="LOCAL",
            member_id=member,
            service_account_id=None,
            notebook_id=None,
            kernel_id=None,
            timeouts=Timeouts(idle_timeout=1800, idle_close_delay=300, max_duration=None, detached=300),
            metadata={},
            generation=1,
            created_at=now,
            updated_at=now,
            last_activity_at=now,
        )
        async with self.parts.store.writing() as unit:
            await unit.add_session(session)
            workload = await unit.workload(workload_id)
        assert workload is not None
        await self.parts.supervisor.publish(route_of(session, workload, MAX_SPARK_SESSIONS))
        return session.id


@contextlib.contextmanager
def proxy_rig(directory: Path) -> Iterator[ProxyRig]:
    with ProxyRig(directory) as rig:
        yield rig
