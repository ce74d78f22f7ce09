"""A control plane whose clock, engines and owners are moved by hand.

The store, the domain and the proxy's route table are the real ones. No machine sets its clock, or lets an engine die,
on demand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakesail_notebook.clock import Clock
from lakesail_notebook.errors import FieldError, Unavailable
from lakesail_notebook.feed import Route
from lakesail_notebook.models import SailConfig
from lakesail_notebook.session_proxy.auth import SessionClosed
from lakesail_notebook.session_proxy.routes import RouteTable
from lakesail_notebook.signing_keys import SigningKey
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.tokens import TokenIssuer, TokenTime
from lakesail_notebook.workloads.apps_port import Apps
from lakesail_notebook.workloads.environments import Environments
from lakesail_notebook.workloads.notices import QueryNotices
from lakesail_notebook.workloads.ports import Audit, Checkpoint, GrantedSize, Observation, Offer
from lakesail_notebook.workloads.reconciling.engine_watch import EngineWatch
from lakesail_notebook.workloads.reconciling.proxy_reports import ProxyReports
from lakesail_notebook.workloads.reconciling.reconciler import Reconciler
from lakesail_notebook.workloads.reconciling.token_endings import TokenEndings
from lakesail_notebook.workloads.reconciling.usage import Usage
from lakesail_notebook.workloads.records import Handle, LaunchSpec, Owner, WorkloadRecord
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.engine_use import EngineUse
from lakesail_notebook.workloads.rules.instance_types import GIBIBYTE
from lakesail_notebook.workloads.services.compute_facts import ComputeCatalog
from lakesail_notebook.workloads.services.configs import Configs
from lakesail_notebook.workloads.services.launches import Launches
from lakesail_notebook.workloads.services.notebooks import Notebooks
from lakesail_notebook.workloads.services.placement import Placement
from lakesail_notebook.workloads.services.queries import QueryService
from lakesail_notebook.workloads.services.quota_keeper import QuotaKeeper
from lakesail_notebook.workloads.services.session_tokens import SessionTokenService
from lakesail_notebook.workloads.services.session_views import SessionViews
from lakesail_notebook.workloads.services.sessions import Sessions
from lakesail_notebook.workloads.services.start_estimates import StartEstimatesOfKernels
from lakesail_notebook.workloads.settings import LOCAL, Settings

SOMEBODY = Principal(id="SOMEBODY", login="somebody", team_ids=(LOCAL,), organization_admin=True)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class ClockByHand:
    def __init__(self) -> None:
        self._passed = timedelta()
        self._jumped = timedelta()

    def now(self) -> datetime:
        return BEGIN + self._passed + self._jumped

    def monotonic(self) -> float:
        return self._passed.total_seconds()

    def advance(self, seconds: int) -> None:
        self._passed += timedelta(seconds=seconds)

    def jump(self, seconds: int) -> None:
        """As when the machine slept, or its clock was set."""
        self._jumped += timedelta(seconds=seconds)


class EnginesByHand:
    """A backend without machines; implements ``Backend``."""

    offer = Offer(execution_modes=("standalone",), unused_fields=())
    linger_seconds = 60
    survives_restart = False

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.started: list[str] = []
        self.fail_next_start = False

    def size_of(self, sail: SailConfig) -> GrantedSize:
        return GrantedSize(vcpus=2, memory_bytes=GIBIBYTE)

    async def validate(self, spec: LaunchSpec) -> Sequence[FieldError]:
        return ()

    async def provision(
        self, workload: WorkloadRecord, environment: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Checkpoint]:
        yield Checkpoint({"engine": workload.id})
        self.started.append(workload.id)
        self.running.add(workload.id)
        if self.fail_next_start:
            self.fail_next_start = False
            raise Unavailable("it was told to fail")
        yield Checkpoint({"engine": workload.id}, address="127.0.0.1:1")

    async def inspect(self, handles: Mapping[str, Handle]) -> Mapping[str, Observation]:
        return {one: Observation("running" if one in self.running else "gone") for one in handles}

    async def watch(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    def held(self) -> Collection[str]:
        return tuple(self.running)

    async def terminate(self, workload_id: str, handle: Handle) -> None:
        self.running.discard(workload_id)

    def log_tail(self, workload_id: str, count: int) -> Sequence[str]:
        return ()

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        return None

    async def close(self) -> None:
        self.running.clear()


class RoutesOnly:
    """A session proxy's route table, without its process; implements ``SessionProxy``."""

    endpoint = "localhost:1"
    listening = True

    def __init__(self) -> None:
        self.table = RouteTable(lambda session_id, closed: None)
        self.closes: Counter[str] = Counter()
        """How often the end of a session was told."""
        self.running: dict[str, list[str]] = {}
        """By session, the queries that run."""
        self.away = False

    async def start(self) -> None:
        return

    async def wait_until_listening(self, seconds: float) -> None:
        return

    async def flush_queries(self, seconds: float) -> bool:
        return True

    async def interrupt_queries(self, session_id: str, query_id: str | None, seconds: float) -> tuple[str, ...]:
        if self.away:
            raise Unavailable("the session proxy is away", retry_after_seconds=1)
        ended = [one for one in self.running.get(session_id, []) if query_id in {None, one}]
        self.running[session_id] = [one for one in self.running.get(session_id, []) if one not in ended]
        return tuple(ended)

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        self.closes[route.session_id] += route.state == "closed"
        self.table.change(route)

    async def close(self) -> None:
        return

    async def lets_pass(self, session_id: str) -> bool:
        try:
            await asyncio.wait_for(self.table.ready(session_id), 0.01)
        except (SessionClosed, TimeoutError):
            return False
        return True


@dataclass
class Owners:
    mine: Owner
    can_look: bool = True
    """Whether they can look at other processes, as on one machine."""

    def alive(self, owner: Owner) -> bool | None:
        return owner == self.mine if self.can_look else None


class KernelsByHand:
    """All live but those that are said to be gone."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.owners: dict[str, str] = {}
        """By kernel, who started it."""

    def alive(self, kernel_id: str) -> bool:
        return kernel_id not in self.gone

    def living(self) -> frozenset[str]:
        return frozenset()

    def owner_of(self, kernel_id: str) -> str | None:
        return self.owners.get(kernel_id)


class Plane:
    """A control plane, opened on a database."""

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        number: int,
        proxy: RoutesOnly | None = None,
        *,
        backend: Any = None,
        settings: Settings | None = None,
        audit: Audit | None = None,
        apps: Apps | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.backend = EnginesByHand() if backend is None else backend
        self.proxy = proxy or RoutesOnly()
        self.owners = Owners(Owner("boot", number, float(number)))
        usage = Usage()
        chosen = settings or Settings(default_config=None)
        parts: dict[str, Any] = {"store": store, "clock": clock, "settings": chosen}
        quotas = QuotaKeeper(chosen.quotas)
        self.tokens = TokenIssuer(store.issuer, SigningKey("k", Ed25519PrivateKey.generate()))
        self.kernels = KernelsByHand()
        self.token_endings = TokenEndings(
            store=store,
            proxy=self.proxy,
            kernels=self.kernels,
            owners=self.owners,
            clock=clock,
            max_spark_sessions=64,
        )
        self.notices = QueryNotices(clock)
        environments = Environments()
        self.reconciler = Reconciler(
            backends={LOCAL: self.backend},
            environments=environments,
            proxy=self.proxy,
            owners=self.owners,
            kernels=self.kernels,
            usage=usage,
            apps=apps,
            **parts,
        )
        self.reports = ProxyReports(store, self.reconciler, usage, clock, 64)
        catalog = ComputeCatalog({LOCAL: self.backend}, chosen.instance_types)
        self.configs = Configs(store, catalog, clock, chosen)
        placement = Placement(
            backends={LOCAL: self.backend},
            environments=environments,
            proxy=self.proxy,
            owners=self.owners,
            settings=chosen,
        )
        views = SessionViews(catalog, placement.endpoints, self.token_endings, clock)
        self.sessions = Sessions(
            backends={LOCAL: self.backend},
            environments=environments,
            reconciler=self.reconciler,
            session_tokens=SessionTokenService(
                owners=self.owners,
                kernels=self.kernels,
                endings=self.token_endings,
                tokens=self.tokens,
                token_time=TokenTime(clock),
                quotas=quotas,
                audit=audit,
                notices=self.notices,
                **parts,
            ),
            queries=QueryService(
                store=store,
                reports=self.proxy,
                interrupts=self.proxy,
                owners=self.owners,
                engines=EngineWatch({LOCAL: self.backend}, clock),
                audit=audit,
                clock=clock,
            ),
            views=views,
            **parts,
        )
        self.start_estimates = StartEstimatesOfKernels(kernels=self.kernels, placement=placement, **parts)
        self.launches = Launches(
            placement=placement,
            environments=environments,
            notebooks=Notebooks(store=store, files=None, kernels=self.kernels, clock=clock),
            views=views,
            proxy=self.proxy,
            reconciler=self.reconciler,
            quotas=quotas,
            apps=apps,
            **parts,
        )

    async def reconcile(self) -> None:
        await self.reconciler.reconcile()
        await settled()


def in_plane(directory: Path, work: Callable[[Plane], Awaitable[None]], **parts: Any) -> None:
    """Do something to a control plane on a new database, which is closed then.

    :param parts: of the :class:`Plane`, other ones than it would make.
    """

    async def run() -> None:
        store = await open_store(f"sqlite:///{directory / 'lakesail.db'}")
        try:
            await work(Plane(store, parts.pop("clock", None) or ClockByHand(), 1, **parts))
        finally:
            await store.close()

    asyncio.run(run())


async def settled() -> None:
    """Wait for the steps that the reconciler began."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
        await asyncio.sleep(0)
