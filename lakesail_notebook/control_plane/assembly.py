"""The control plane, and how it is opened."""

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
from ..workloads.apps_port import Apps
from ..workloads.ports import Audit, Backend, Kernels, NotebookFiles
from ..workloads.rules.access import Principal
from ..workloads.services.whoami import me_view
from ..workloads.settings import Settings

if TYPE_CHECKING:
    from ..store.sql import SqlStore
    from ..workloads.reconciling.engine_watch import EngineWatch
    from ..workloads.reconciling.reconciler import Reconciler
    from ..workloads.reconciling.token_endings import TokenEndings
    from ..workloads.services.app_pages import AppPages
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
_HEAVY_MODULES = ("control_plane.parts", "encryption", "store.sql")


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
    app_pages: AppPages
    _reconciler: Reconciler
    _token_endings: TokenEndings
    _engines: EngineWatch
    _proxy: ProxySupervisor
    _backends: Mapping[str, Backend]
    _apps: Apps | None
    _store: SqlStore
    _settings: Settings

    async def me(self, principal: Principal) -> models.Me:
        return me_view(principal, await self.notebooks.of(principal), self._settings, self._backends, self._apps)

    async def close(self) -> None:
        """End the sessions that cannot outlive this process, then all that they ran on."""
        async with contextlib.AsyncExitStack() as closing:  # the last first, and all of them whatever fails
            closing.push_async_callback(self._store.close)
            if self._apps is not None:
                closing.push_async_callback(self._apps.close)
            for backend in self._backends.values():
                closing.push_async_callback(backend.close)
            closing.push_async_callback(self._proxy.close)
            closing.push_async_callback(self._reconciler.close)
            closing.push_async_callback(self._engines.close)
            closing.push_async_callback(self._token_endings.close)
            closing.push_async_callback(self.app_pages.close)


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
    apps: Apps | None = None,
    for_a_session: bool = False,
) -> ControlPlane:
    """Open the database, take over what dead servers left, and begin.

    :param notebook_files: the notebooks of this server, where it serves any.
    :param apps: starts the marimo processes of sessions; ``None``: there are none here.
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
        from .parts import Given, begin

        cipher = await asyncio.to_thread(load_or_create_cipher, options.data_directory / ENCRYPTION_KEY_FILE)
        store = await open_store(options.database_url, audit, cipher=cipher)
        undo.push_async_callback(store.close)
        given = Given(
            store=store,
            proxy=proxy,
            backends=backends,
            kernels=kernels,
            notebook_files=notebook_files,
            audit=audit,
            clock=clock,
            settings=options.settings,
            apps=apps,
        )
        plane = await begin(given, options)
        undo.pop_all()
    return plane
