"""What the domain asks of the world beside a store: backends, session proxies, owners, kernels, an audit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ..errors import FieldError
from ..feed import Route
from ..models import ExecutionMode, SailConfig
from .records import (
    EventRecord,
    Handle,
    LaunchSpec,
    Owner,
    SessionRecord,
    WorkloadRecord,
)
from .rules.engine_use import EngineUse
from .rules.notebooks import NotebookChange, NotebookPlace
from .rules.prices import NodeCount


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A step of provisioning; its handle is stored before the next step is taken."""

    handle: Handle
    address: str | None = None
    """The engine's ``HOST:PORT``, with the last step: it is ready for RPCs."""
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    phase: Literal["starting", "running", "gone"]
    message: str | None = None
    """When gone: what became of it, with its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a backend can run."""

    execution_modes: tuple[ExecutionMode, ...]
    unused_fields: tuple[str, ...]
    """JSON pointers to fields of a workload config that change nothing there."""
    environment: bool = False
    """Whether a session's engine may be given the environment of its kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedSize:
    """What a backend gives an engine, all of its nodes together."""

    vcpus: int
    memory_bytes: int
    nodes: tuple[NodeCount, ...] = ()
    """Those whose instance type is named; none of an engine that takes what the machine has."""


class Backend(Protocol):
    """Starts, observes and stops workloads. All of it is idempotent by workload id."""

    @property
    def offer(self) -> Offer: ...

    @property
    def linger_seconds(self) -> int:
        """How long a freed workload waits for reuse."""
        ...

    @property
    def survives_restart(self) -> bool:
        """Whether workloads live on when this control plane ends."""
        ...

    def size_of(self, sail: SailConfig) -> GrantedSize | None:
        """What an engine on this config has; ``None`` where that is not known."""
        ...

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        """What stands against starting this, before anything is written."""
        ...

    def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        """Start the workload.

        :param environment: the variables of its engine; ``None``: those that the backend gives.
        :raises LakesailError: when it cannot be started; what was begun is in the last handle.
        """
        ...

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        """The state of workloads, by id."""
        ...

    def watch(self) -> AsyncIterator[str]:
        """Ids of workloads worth a look: hints, none of them needed."""
        ...

    def held(self) -> Collection[str]:
        """Ids of the workloads whose engines this process holds; none where engines survive this process."""
        ...

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        """Return when the workload is gone with all that it had, its scratch space too."""
        ...

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]: ...

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        """What its engine uses of the processor; ``None`` where that cannot be seen."""
        ...

    async def close(self) -> None:
        """Stop what cannot outlive this process."""
        ...


# The session proxy


class SessionProxy(Protocol):
    async def start(self) -> None:
        """Reserve the address and see to it that a proxy serves it; return before it does. Idempotent."""
        ...

    @property
    def endpoint(self) -> str:
        """``HOST:PORT`` for clients; stable once started."""
        ...

    @property
    def listening(self) -> bool:
        """Whether a proxy has said that it listens there. It stays so while one that ended is started again."""
        ...

    async def wait_until_listening(self, seconds: float) -> None:
        """Return once it listens, or after so long."""
        ...

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        """Put a route in force. Returns at once for live routes; for a closed one, and where it is to be ``confirmed``,
        after the proxy has confirmed, but after one second at most."""
        ...

    async def close(self) -> None: ...


class QueryReports(Protocol):
    """What the session proxies of this control plane have not reported yet."""

    async def flush_queries(self, seconds: float) -> bool:
        """Have it reported and kept now; whether that was done within so long."""
        ...


class QueryInterrupts(Protocol):
    """The session proxies of this control plane, as what carries queries."""

    async def interrupt_queries(self, session_id: str, query_id: str | None, seconds: float) -> tuple[str, ...]:
        """End queries of a session, all that run or one; the ids of those that ran. Their ends are kept by then.

        :raises Unavailable: when no session proxy answers within so long.
        """
        ...


class Owners(Protocol):
    @property
    def mine(self) -> Owner: ...
    def alive(self, owner: Owner) -> bool | None:
        """Whether it still runs; ``None``: it runs, or ran, where this process cannot look."""
        ...


class Kernels(Protocol):
    """The kernels of this server."""

    def alive(self, kernel_id: str) -> bool: ...
    def living(self) -> frozenset[str]:
        """The ids of all that live now."""
        ...

    def owner_of(self, kernel_id: str) -> str | None:
        """The id of who started a kernel that lives; ``None``: it does not live here, or nobody known started it."""
        ...


class TokenHolders(Protocol):
    """Which kernels of this server were given session tokens."""

    def kernels_of(self, session_id: str) -> tuple[str, ...]:
        """The ids of those that live and whose newest token is of this session."""
        ...


@dataclass(frozen=True, slots=True)
class FileSearch:
    """What became of a file that is no longer at its path."""

    path: str | None
    """Where it is now, below the server's root."""
    gone: bool
    """Whether it exists nowhere below the root; false as well when the search was given up."""


class NotebookFiles(Protocol):
    """The notebooks that this Jupyter server serves, and where they are."""

    @property
    def server(self) -> str:
        """The root directory."""
        ...

    @property
    def changes(self) -> tuple[NotebookChange, ...]:
        """What Jupyter has told and nobody has written down yet, in order."""
        ...

    def forget_changes(self, count: int) -> None:
        """The first so many of :attr:`changes` are written down."""
        ...

    async def of_kernel(self, kernel_id: str) -> tuple[NotebookPlace, ...]:
        """The places of the notebooks that use a kernel, the first to use it first; none for a console."""
        ...

    async def look(self, path: str) -> NotebookPlace: ...
    async def search(self, path: str, file: str) -> FileSearch:
        """Look for a file that used to be at ``path``."""
        ...


class Audit(Protocol):
    """The log of who did what and why. It never sees a token, and what goes wrong with it stops nothing."""

    def unknown(self, ids: Iterable[str | None]) -> frozenset[str]:
        """Those of these people whose login it has not been told yet."""
        ...

    def learn(self, logins: Mapping[str, str]) -> None:
        """Id -> login, of members and service accounts."""
        ...

    def moved(self, event: EventRecord, by: str | None) -> None:
        """A session or workload moved.

        :param by: the principal who asked for it; ``None``: time, or a fault.
        """
        ...

    def token_issued(self, session: SessionRecord, *, by: str, at: datetime, expires_at: datetime) -> None:
        """A session token was given to a principal."""
        ...

    def tokens_revoked(self, session: SessionRecord, *, by: str, at: datetime) -> None:
        """All tokens of a session were ended because a principal asked for it."""
        ...

    def queries_interrupted(self, session: SessionRecord, query_ids: Sequence[str], *, by: str, at: datetime) -> None:
        """A principal interrupted queries of a session that ran, by the API and not by the client that ran them."""
        ...

    def rpcs_refused(self, session: SessionRecord | None, *, reason: str, count: int, at: datetime) -> None:
        """The session proxy let RPCs not pass.

        :param session: which their tokens name; ``None`` when they name none that is known.
        """
        ...
