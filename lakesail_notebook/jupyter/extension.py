"""The Jupyter server extension: its settings, and what starts and stops with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import Dict, List, TraitError, Unicode, default, validate

from ..api.base import ApiContext
from ..api.routes import handlers
from ..api_location import API_PATH, is_loopback
from ..backends.local.backend import LocalBackend
from ..clock import SystemClock
from ..control_plane.assembly import ControlPlane, ControlPlaneOptions, load_modules, open_control_plane
from ..control_plane.lazy import LazyControlPlane
from ..errors import FailedPrecondition
from ..store import SCHEMA_MAJOR
from ..workloads.rules.addresses import host_and_port
from ..workloads.rules.instance_types import instance_types_from
from ..workloads.rules.quotas import TEAM_QUOTAS, Quotas, quotas_from
from ..workloads.settings import LOCAL, TEAM_LIMITS, SessionLimits, Settings, limits_from
from .audit import JupyterAudit
from .identity import Roster, is_hub, local_user, members_of, roster_from
from .kernels import ServerKernels

STOP_SECONDS = 12.0
"""A database that others hold, an engine and a proxy that do not obey: so long they may keep the server from ending."""
_WILDCARD_ADDRESSES = frozenset({"", "0.0.0.0", "::", "*", "localhost"})


class LakesailApp(ExtensionApp):
    """Governed Sail sessions for the notebooks of this server."""

    name = "lakesail_notebook"
    classes = [LocalBackend]  # noqa: RUF012 - traitlets reads a plain list
    load_other_extensions = True

    database_url = Unicode(
        help="The database of sessions, as a URL. Default: lakesail/lakesail-<schema>.db in Jupyter's data directory."
    ).tag(config=True)
    default_config = Unicode("default", help="Name of the compute config of sessions that name none.").tag(config=True)
    limits = Dict(
        help="""Limits of sessions, in seconds, over the defaults: {"idle_timeout": {"default": 600, "floor": 60}}.
        Names: idle_timeout, idle_close_delay, max_duration, token_duration (each: default, floor, ceiling);
        detached_seconds, start_timeout_seconds, spark_sessions_per_session (numbers)."""
    ).tag(config=True)
    quotas = Dict(
        help="""How much there may be of a thing, over the defaults; None: any number.
        Names: live_sessions_per_member, live_sessions_per_team, live_sessions_per_server, creates_per_minute,
        tokens_per_minute. A server of one user: 50 live sessions; with teams: 10 per member, 30 creates and 60
        tokens a minute."""
    ).tag(config=True)
    teams = Dict(
        help="""Teams by id (1 to 20 of A-Z and 0-9), by usernames and groups of the identity provider:
        {"DATA": {"members": ["ada"], "admins": ["ted"], "groups": ["analysts"], "admin_groups": ["leads"]}}.
        Who is in several has new sessions in the first, unless they say. Without it, a server of one user has one
        team, and so has a server that knows its users apart."""
    ).tag(config=True)
    org_admins = List(
        Unicode(), help='Usernames, or "@group", of those who see and manage the sessions of every team.'
    ).tag(config=True)
    instance_types = Dict(
        help="""Sizes of compute configs, over the common ones of AWS, which have no price here:
        {"c8g.2xlarge": {"price_per_hour": 0.32}, "desk": {"vcpus": 4, "memory_gib": 8}}."""
    ).tag(config=True)
    allowed_index_hosts = List(
        Unicode(),
        help="""HOST or HOST:PORT of package indexes that compute configs may name on a server with teams, beside pip's
        own; they may lie in a private network. A server of one user allows all.""",
    ).tag(config=True)
    proxy_bind = Unicode(
        "",
        help="HOST or HOST:PORT that the session proxy listens on; empty: loopback alone, on a free port. "
        "Beyond loopback it needs proxy_tls_cert and proxy_tls_key.",
    ).tag(config=True)
    proxy_public_endpoint = Unicode(
        "", help="HOST:PORT by which clients reach the session proxy, when it is not this machine's loopback."
    ).tag(config=True)
    proxy_tls_cert = Unicode("", help="PEM file of the session proxy's certificate.").tag(config=True)
    signing_key_files = List(
        Unicode(),
        help="""PEM files of Ed25519 keys: the first signs session tokens, all of them verify. To change the key, put
        the new one first, and take the old one out when its last token has ended. Default: the one in lakesail in
        Jupyter's data directory, made on first use.""",
    ).tag(config=True)
    proxy_tls_key = Unicode("", help="PEM file of that certificate's private key.").tag(config=True)

    @default("database_url")
    def _default_database_url(self) -> str:
        return f"sqlite:///{_data_directory() / f'lakesail-{SCHEMA_MAJOR}.db'}"

    @validate("proxy_bind")
    def _check_proxy_bind(self, proposal: Mapping[str, Any]) -> Any:
        try:
            _host_and_port(proposal["value"])
        except ValueError as error:
            raise TraitError(f"c.LakesailApp.proxy_bind is HOST or HOST:PORT, not {proposal['value']!r}") from error
        return proposal["value"]

    @validate("limits")
    def _check_limits(self, proposal: Mapping[str, Any]) -> Any:
        try:
            limits_from(proposal["value"])
        except ValueError as error:
            raise TraitError(f"c.LakesailApp.limits: {error}") from error
        return proposal["value"]

    @validate("quotas")
    def _check_quotas(self, proposal: Mapping[str, Any]) -> Any:
        try:
            quotas_from(proposal["value"], Quotas())
        except ValueError as error:
            raise TraitError(f"c.LakesailApp.quotas: {error}") from error
        return proposal["value"]

    @validate("teams")
    def _check_teams(self, proposal: Mapping[str, Any]) -> Any:
        try:
            roster_from(proposal["value"], ())
        except ValueError as error:
            raise TraitError(f"c.LakesailApp.teams: {error}") from error
        return proposal["value"]

    @validate("allowed_index_hosts")
    def _check_allowed_index_hosts(self, proposal: Mapping[str, Any]) -> Any:
        bad = [host for host in proposal["value"] if host_and_port(host) is None]
        if bad:
            raise TraitError(f"c.LakesailApp.allowed_index_hosts holds HOST or HOST:PORT, not {bad[0]!r}")
        return proposal["value"]

    @validate("instance_types")
    def _check_instance_types(self, proposal: Mapping[str, Any]) -> Any:
        try:
            instance_types_from(proposal["value"])
        except ValueError as error:
            raise TraitError(f"c.LakesailApp.{error}") from error
        return proposal["value"]

    def initialize_handlers(self) -> None:
        server = self._server()
        identify = local_user if self._single_user() else members_of(self._roster())
        self._kernels = ServerKernels(
            server.kernel_manager,
            api_url=self._api_url_on_this_machine,
            certificate_file=Path(server.certfile).absolute() if server.certfile else None,
            owner=identify,
            root=server.root_dir,
            runtime_directory=server.runtime_dir,
            on_first_start=self._warm_up,
        )
        assert server.event_logger is not None  # the server makes it before any extension is loaded
        self._audit = JupyterAudit(server.event_logger)
        self._control_plane = LazyControlPlane(self._open_control_plane)
        root = url_path_join(server.base_url, API_PATH)
        context = ApiContext(
            root=root, service=self._control_plane.get, by_login=identify, by_kernel_token=self._kernels.by_token
        )
        self.handlers.extend(handlers(context))

    async def stop_extension(self) -> None:
        """Called when the server stops, perhaps twice. Raises nothing, and ends: Jupyter would wait for it for ever."""
        self._kernels.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._control_plane.close()
        except Exception:
            self.log.exception("The control plane did not close in order; what it started ends with this process.")

    def _warm_up(self) -> None:
        """While a kernel starts, which takes longer, so that its first connect finds the modules loaded.

        What goes wrong here goes wrong again when the control plane opens, and is told then.
        """
        loading = asyncio.get_running_loop().run_in_executor(None, load_modules, self.database_url)
        loading.add_done_callback(lambda done: None if done.cancelled() else done.exception())  # it counts as seen

    async def _open_control_plane(self, for_a_session: bool) -> ControlPlane:
        hosts, port = _host_and_port(self.proxy_bind)
        _check_proxy_tls(hosts, self.proxy_tls_cert, self.proxy_tls_key)
        options = ControlPlaneOptions(
            database_url=self.database_url,
            signing_key_files=tuple(map(Path, self.signing_key_files)),
            data_directory=_data_directory(),
            settings=self._settings(),
            proxy_hosts=hosts,
            proxy_port=port,
            proxy_public_endpoint=self.proxy_public_endpoint or None,
            proxy_tls_certificate_file=self.proxy_tls_cert or None,
            proxy_tls_key_file=self.proxy_tls_key or None,
        )
        local = LocalBackend(
            parent=self,
            server_root=self._server().root_dir,
            instance_types=options.settings.instance_types,
            serves_others=not options.settings.single_user,
        )
        return await open_control_plane(
            options, {LOCAL: local}, self._kernels, SystemClock(), audit=self._audit, for_a_session=for_a_session
        )

    def _settings(self) -> Settings:
        single_user = self._single_user()
        return Settings(
            instance_types=instance_types_from(self.instance_types),
            limits=limits_from(self.limits, SessionLimits() if single_user else TEAM_LIMITS),
            quotas=quotas_from(self.quotas, Quotas() if single_user else TEAM_QUOTAS),
            default_config=self.default_config or None,
            team_ids=frozenset(self._roster().teams),
            single_user=single_user,
            allowed_index_hosts=frozenset(self.allowed_index_hosts),
        )

    def _single_user(self) -> bool:
        """Whether all who may log in are one person: nothing here or in a Hub tells them apart."""
        return not self.teams and not self.org_admins and not is_hub(self._server().identity_provider)

    def _roster(self) -> Roster:
        return roster_from(self.teams, self.org_admins)

    def _server(self) -> ServerApp:
        assert self.serverapp is not None  # set before any of our hooks is called
        return self.serverapp

    def _api_url_on_this_machine(self) -> str:
        server = self._server()
        address = "127.0.0.1" if server.ip in _WILDCARD_ADDRESSES else server.ip
        host = f"[{address}]" if ":" in address else address
        scheme = "https" if server.certfile else "http"
        return url_path_join(f"{scheme}://{host}:{server.port}", server.base_url, API_PATH)


def _host_and_port(bind: str) -> tuple[tuple[str, ...], int]:
    """``""``, ``HOST``, ``HOST:PORT`` or ``[HOST]:PORT``; 0 stands for a free port."""
    parts = urlsplit(f"//{bind}")
    return (() if parts.hostname is None else (parts.hostname,)), parts.port or 0


def _check_proxy_tls(hosts: tuple[str, ...], certificate_file: str, key_file: str) -> None:
    """:raises FailedPrecondition: when tokens and data would travel in the clear, and nobody wanted that."""
    if bool(certificate_file) != bool(key_file):
        given, missing = ("cert", "key") if certificate_file else ("key", "cert")
        raise FailedPrecondition(
            f"The session proxy cannot speak TLS: c.LakesailApp.proxy_tls_{given} is set without proxy_tls_{missing}. "
            "The server's administrator must set both or neither.",
            reason="proxy_tls_incomplete",
        )
    if not certificate_file and not all(map(is_loopback, hosts)):
        raise FailedPrecondition(
            f"The session proxy does not listen on {', '.join(hosts)} without TLS: session tokens would travel in the "
            "clear. The server's administrator must set c.LakesailApp.proxy_tls_cert and proxy_tls_key, "
            "or a loopback address as proxy_bind.",
            reason="proxy_tls_missing",
        )


def _data_directory() -> Path:
    return Path(jupyter_data_dir()) / "lakesail"
