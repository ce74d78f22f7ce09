"""The parts of a control plane, put together: what works by itself, and what answers requests.

To import this takes a third of a second; :func:`.assembly.load_modules` does it before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..clock import Clock
from ..signing_keys import signing_keys
from ..store.sql import SqlStore
from ..tokens import TokenIssuer, TokenTime
from ..workloads.apps_port import Apps
from ..workloads.environments import Environments
from ..workloads.notices import QueryNotices
from ..workloads.ports import Audit, Backend, Kernels, NotebookFiles
from ..workloads.reconciling.engine_watch import EngineWatch
from ..workloads.reconciling.proxy_reports import ProxyReports
from ..workloads.reconciling.reconciler import Reconciler
from ..workloads.reconciling.token_endings import TokenEndings
from ..workloads.reconciling.usage import Usage
from ..workloads.services.app_pages import AppPages
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
from ..workloads.settings import Settings
from .assembly import SIGNING_KEY_FILE, ControlPlane, ControlPlaneOptions
from .feed_server import FeedSource
from .owners import ProcessOwners
from .supervisor import ProxySupervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the parts are made of."""

    store: SqlStore
    proxy: ProxySupervisor
    backends: Mapping[str, Backend]
    kernels: Kernels
    notebook_files: NotebookFiles | None
    audit: Audit | None
    clock: Clock
    settings: Settings
    apps: Apps | None = None
    owners: ProcessOwners = field(default_factory=ProcessOwners)
    environments: Environments = field(default_factory=Environments)


@dataclass(frozen=True, slots=True, kw_only=True)
class _AtWork:
    """What works by itself."""

    tokens: TokenIssuer
    token_time: TokenTime
    token_endings: TokenEndings
    reconciler: Reconciler
    engines: EngineWatch
    notices: QueryNotices
    reports: ProxyReports


async def begin(given: Given, options: ControlPlaneOptions) -> ControlPlane:
    """Serve the session proxy, take over what dead servers left, and be ready for requests.

    :raises LakesailError: when the database or a signing key cannot be used.
    """
    default_key = options.data_directory / SIGNING_KEY_FILE
    keys = await asyncio.to_thread(signing_keys, options.signing_key_files, default=default_key)
    at_work = _at_work(given, TokenIssuer(given.store.issuer, *keys))
    catalog = ComputeCatalog(given.backends, given.settings.instance_types)
    configs = Configs(given.store, catalog, given.clock, given.settings)
    await configs.ensure_default()
    await at_work.reconciler.start()
    await at_work.token_endings.start()
    return _answering(given, at_work, catalog, configs)


def _at_work(given: Given, tokens: TokenIssuer) -> _AtWork:
    store, proxy, clock, settings = given.store, given.proxy, given.clock, given.settings
    token_time, usage, notices = TokenTime(clock), Usage(), QueryNotices(clock)
    reconciler = Reconciler(
        store=store,
        backends=given.backends,
        environments=given.environments,
        proxy=proxy,
        owners=given.owners,
        kernels=given.kernels,
        usage=usage,
        clock=clock,
        settings=settings,
        apps=given.apps,
    )
    engines = EngineWatch(given.backends, clock)
    spark_sessions = settings.limits.spark_sessions_per_session
    reports = ProxyReports(store, reconciler, usage, clock, spark_sessions, given.audit, engines, notices)
    proxy.serve(
        FeedSource(
            issuer=tokens.issuer,
            public_keys=tokens.public_keys,
            token_time=token_time.now,
            routes=reconciler.routes,
            reports=reports,
        )
    )
    token_endings = TokenEndings(
        store=store,
        proxy=proxy,
        kernels=given.kernels,
        owners=given.owners,
        clock=clock,
        max_spark_sessions=spark_sessions,
    )
    return _AtWork(
        tokens=tokens,
        token_time=token_time,
        token_endings=token_endings,
        reconciler=reconciler,
        engines=engines,
        notices=notices,
        reports=reports,
    )


def _answering(given: Given, at_work: _AtWork, catalog: ComputeCatalog, configs: Configs) -> ControlPlane:
    store, proxy, kernels, clock, settings = given.store, given.proxy, given.kernels, given.clock, given.settings
    placement = Placement(
        backends=given.backends, environments=given.environments, proxy=proxy, owners=given.owners, settings=settings
    )
    notebook_root = None if given.notebook_files is None else given.notebook_files.server
    pages = AppPages(store=store, apps=given.apps, report_use=at_work.reports.used_now, clock=clock)
    views = SessionViews(catalog, placement.endpoints, at_work.token_endings, clock, notebook_root, pages)
    quotas = QuotaKeeper(settings.quotas)
    notebooks = Notebooks(store=store, files=given.notebook_files, kernels=kernels, clock=clock)
    launches = Launches(
        store=store,
        placement=placement,
        environments=given.environments,
        proxy=proxy,
        reconciler=at_work.reconciler,
        quotas=quotas,
        notebooks=notebooks,
        views=views,
        clock=clock,
        settings=settings,
        apps=given.apps,
    )
    return ControlPlane(
        sessions=_sessions(given, at_work, quotas, views),
        launches=launches,
        configs=configs,
        service_accounts=ServiceAccounts(store=store, reconciler=at_work.reconciler, clock=clock, settings=settings),
        events=Events(store, at_work.notices),
        start_estimates=StartEstimatesOfKernels(
            store=store, kernels=kernels, placement=placement, clock=clock, settings=settings
        ),
        notebooks=notebooks,
        app_pages=pages,
        _reconciler=at_work.reconciler,
        _token_endings=at_work.token_endings,
        _engines=at_work.engines,
        _proxy=proxy,
        _backends=given.backends,
        _apps=given.apps,
        _store=store,
        _settings=settings,
    )


def _sessions(given: Given, at_work: _AtWork, quotas: QuotaKeeper, views: SessionViews) -> Sessions:
    session_tokens = SessionTokenService(
        store=given.store,
        owners=given.owners,
        kernels=given.kernels,
        endings=at_work.token_endings,
        tokens=at_work.tokens,
        token_time=at_work.token_time,
        quotas=quotas,
        notices=at_work.notices,
        audit=given.audit,
        clock=given.clock,
        settings=given.settings,
    )
    queries = QueryService(
        store=given.store,
        reports=given.proxy,
        interrupts=given.proxy,
        owners=given.owners,
        engines=at_work.engines,
        audit=given.audit,
        clock=given.clock,
    )
    return Sessions(
        store=given.store,
        backends=given.backends,
        environments=given.environments,
        reconciler=at_work.reconciler,
        session_tokens=session_tokens,
        queries=queries,
        views=views,
        clock=given.clock,
        settings=given.settings,
        apps=given.apps,
    )
