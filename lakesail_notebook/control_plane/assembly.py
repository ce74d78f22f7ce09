"""The control plane, put together."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import models
from ..clock import Clock
from ..workloads.ports import Audit, Backend, Kernels, NotebookFiles
from ..workloads.rules.access import Principal
from ..workloads.services.whoami import me_view
from ..workloads.settings import Settings
from .owners import ProcessOwners

if TYPE_CHECKING:
    from ..store.sql import SqlStore
    from ..workloads.reconciling.engine_watch import EngineWatch
    from ..workloads.reconciling.reconciler import Reconciler
    from ..workloads.reconciling.token_endings import TokenEndings
    from ..workloads.services.configs import Configs
    from ..workloads.services.events import Events
    from ..workloads.services.launches import Launches
    from ..workloads.services.notebooks import Notebooks
    from ..workloads.services.service_accounts import ServiceAccounts
    from ..workloads.services.sessions import Sessions
    from ..workloads.services.start_estimates import StartEstimatesOfKernels
    from .supervisor import ProxySupervisor

SIGNING_KEY_FILE = "signing-key.pem"
ENCRYPTION_KEY_FILE = "encryption-key"
_HEAVY_MODULES = (
    "control_plane.supervisor",
    "encryption",
    "store.sql",
    "tokens",
    "workloads.reconciling.proxy_reports",
    "workloads.services.configs",
    "workloads.services.launches",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneOptions:
    """What the server's administrator chose."""

    database_url: str
    signing_key_files: tuple[Path, ...]
    """The first signs session tokens, all verify them; none: ``signing-key.pem`` in the data directory."""
    data_directory: Path
    """Holds the keys that are made on first use."""
    settings: Settings
    proxy_hosts: tuple[str, ...]
    """Addresses that the session proxy listens on; none: loopback."""
    proxy_port: int
    """0: a free one."""
    proxy_public_endpoint: str | None
    proxy_tls_certificate_file: str | None
    proxy_tls_key_file: str | None


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """All that answers requests while the server runs."""

    sessions: Sessions
    launches: Launches
    configs: Configs
    service_accounts: ServiceAccounts
    events: Events
    start_estimates: StartEstimatesOfKernels
    notebooks: Notebooks
    _reconciler: Reconciler
    _token_endings: TokenEndings
    _engines: EngineWatch
    _proxy: ProxySupervisor
    _backends: Mapping[str, Backend]
    _store: SqlStore
    _settings: Settings

    async def me(self, principal: Principal) -> models.Me:
        return me_view(principal, await self.notebooks.of(principal), self._settings, self._backends)

    async def close(self) -> None:
        """End the sessions that cannot outlive this process, then all that they ran on."""
        async with contextlib.AsyncExitStack() as closing:  # the last first, and all of them whatever fails
            closing.push_async_callback(self._store.close)
            for backend in self._backends.values():
                closing.push_async_callback(backend.close)
            closing.push_async_callback(self._proxy.close)
            closing.push_async_callback(self._reconciler.close)
            closing.push_async_callback(self._engines.close)
            closing.push_async_callback(self._token_endings.close)


def load_modules(database_url: str) -> None:
    """Import what a control plane needs; takes a third of a second the first time.

    :raises FailedPrecondition: when there can be no such database.
    """
    for module in _HEAVY_MODULES:
        importlib.import_module(f"lakesail_notebook.{module}")
    from ..store.pools import preload_for

    preload_for(database_url)


async def open_control_plane(
    options: ControlPlaneOptions,
    backends: Mapping[str, Backend],
    kernels: Kernels,
    clock: Clock,
    *,
    audit: Audit | None = None,
    notebook_files: NotebookFiles | None = None,
    for_a_session: bool = False,
) -> ControlPlane:
    """Open the database, take over what dead servers left, and begin.

    :param notebook_files: the notebooks of this server, where it serves any.
    :param audit: told of each move, and of each token issued.
    :param for_a_session: a session will be asked for next: its proxy starts while the rest is opened.
    :raises LakesailError: when the database or a key cannot be used.
    """
    from .supervisor import ProxySupervisor

    proxy = ProxySupervisor(
        bind=options.proxy_hosts,
        port=options.proxy_port,
        public_endpoint=options.proxy_public_endpoint,
        tls_certificate_file=options.proxy_tls_certificate_file,
        tls_key_file=options.proxy_tls_key_file,
    )
    async with contextlib.AsyncExitStack() as undo:
        undo.push_async_callback(proxy.close)
        if for_a_session:
            await proxy.start()
        await asyncio.to_thread(
            load_modules, options.database_url
        )  # in the event loop it would stall every notebook of this server
        from ..encryption import load_or_create_cipher
        from ..store.sql import open_store

        cipher = await asyncio.to_thread(load_or_create_cipher, options.data_directory / ENCRYPTION_KEY_FILE)
        store = await open_store(options.database_url, audit, cipher=cipher)
        undo.push_async_callback(store.close)
        plane = await _begin(store, proxy, options, backends, kernels, clock, audit, notebook_files)
        undo.pop_all()
    return plane


async def _begin(
    store: SqlStore,
    proxy: ProxySupervisor,
    options: ControlPlaneOptions,
    backends: Mapping[str, Backend],
    kernels: Kernels,
    clock: Clock,
    audit: Audit | None,
    notebook_files: NotebookFiles | None,
) -> ControlPlane:
    from ..signing_keys import signing_keys
    from ..tokens import TokenIssuer, TokenTime
    from ..workloads.environments import Environments
    from ..workloads.notices import QueryNotices
    from ..workloads.reconciling.engine_watch import EngineWatch
    from ..workloads.reconciling.proxy_reports import ProxyReports
    from ..workloads.reconciling.reconciler import Reconciler
    from ..workloads.reconciling.token_endings import TokenEndings
    from ..workloads.reconciling.usage import Usage
    from ..workloads.services.compute_facts import ComputeCatalog
    from ..workloads.services.configs import Configs
    from ..workloads.services.events import Events
    from ..workloads.services.launches import Launches
    from ..workloads.services.notebooks import Notebooks
    from ..workloads.services.placement import Placement
    from ..workloads.services.queries import QueryService
    from ..workloads.services.quota_keeper import QuotaKeeper
    from ..workloads.services.service_accounts import ServiceAccounts
    from ..workloads.services.session_tokens import SessionTokenService
    from ..workloads.services.session_views import SessionViews
    from ..workloads.services.sessions import Sessions
    from ..workloads.services.start_estimates import StartEstimatesOfKernels
    from .feed_server import FeedSource

    keys = await asyncio.to_thread(
        signing_keys, options.signing_key_files, default=options.data_directory / SIGNING_KEY_FILE
    )
    tokens = TokenIssuer(store.issuer, *keys)
    token_time = TokenTime(clock)
    owners = ProcessOwners()
    usage = Usage()
    environments = Environments()
    reconciler = Reconciler(
        store=store,
        backends=backends,
        environments=environments,
        proxy=proxy,
        owners=owners,
        kernels=kernels,
        usage=usage,
        clock=clock,
        settings=options.settings,
    )
    spark_sessions = options.settings.limits.spark_sessions_per_session
    engines = EngineWatch(backends, clock)
    notices = QueryNotices(clock)
    reports = ProxyReports(store, reconciler, usage, clock, spark_sessions, audit, engines, notices)
    proxy.serve(
        FeedSource(
            issuer=tokens.issuer,
            public_keys=tokens.public_keys,
            token_time=token_time.now,
            routes=reconciler.routes,
            reports=reports,
        )
    )
    catalog = ComputeCatalog(backends, options.settings.instance_types)
    configs = Configs(store, catalog, clock, options.settings)
    await configs.ensure_default()
    await reconciler.start()
    token_endings = TokenEndings(
        store=store,
        proxy=proxy,
        kernels=kernels,
        owners=owners,
        clock=clock,
        max_spark_sessions=options.settings.limits.spark_sessions_per_session,
    )
    await token_endings.start()
    quotas = QuotaKeeper(options.settings.quotas)
    placement = Placement(
        backends=backends, environments=environments, proxy=proxy, owners=owners, settings=options.settings
    )
    notebook_root = None if notebook_files is None else notebook_files.server
    views = SessionViews(catalog, placement.endpoints, clock, notebook_root)
    session_tokens = SessionTokenService(
        store=store,
        owners=owners,
        kernels=kernels,
        endings=token_endings,
        tokens=tokens,
        token_time=token_time,
        quotas=quotas,
        audit=audit,
        clock=clock,
        settings=options.settings,
    )
    sessions = Sessions(
        store=store,
        backends=backends,
        environments=environments,
        reconciler=reconciler,
        session_tokens=session_tokens,
        queries=QueryService(
            store=store, reports=proxy, interrupts=proxy, owners=owners, engines=engines, audit=audit, clock=clock
        ),
        views=views,
        clock=clock,
        settings=options.settings,
    )
    notebooks = Notebooks(store=store, files=notebook_files, kernels=kernels, clock=clock)
    launches = Launches(
        store=store,
        placement=placement,
        environments=environments,
        proxy=proxy,
        reconciler=reconciler,
        quotas=quotas,
        notebooks=notebooks,
        views=views,
        clock=clock,
        settings=options.settings,
    )
    service_accounts = ServiceAccounts(store=store, reconciler=reconciler, clock=clock, settings=options.settings)
    return ControlPlane(
        sessions=sessions,
        launches=launches,
        configs=configs,
        service_accounts=service_accounts,
        events=Events(store, notices),
        start_estimates=StartEstimatesOfKernels(
            store=store,
            kernels=kernels,
            placement=placement,
            environments=environments,
            owners=owners,
            clock=clock,
            settings=options.settings,
        ),
        notebooks=notebooks,
        _reconciler=reconciler,
        _token_endings=token_endings,
        _engines=engines,
        _proxy=proxy,
        _backends=backends,
        _store=store,
        _settings=options.settings,
    )
