"""The Jupyter server extension: its settings, and what starts and stops with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets import Dict, List, Unicode, default

from ..api.context import ApiContext
from ..api.routes import closed_handlers, handlers
from ..api_location import API_PATH
from ..backends.local.apps import LocalApps, why_no_apps
from ..backends.local.backend import LocalBackend
from ..clock import SystemClock
from ..control_plane.assembly import (
    ENCRYPTION_KEY_FILE,
    SIGNING_KEY_FILE,
    ControlPlane,
    ControlPlaneOptions,
    load_modules,
    open_control_plane,
)
from ..control_plane.lazy import LazyControlPlane
from ..store import SCHEMA_MAJOR
from ..workloads.rules.access import Principal
from ..workloads.settings import LOCAL
from .app_credentials import AppCredentials
from .audit import JupyterAudit
from .conditions import obstacles
from .config_files import passed_over
from .identity import Identify, is_hub, local_user, members_of
from .kernels import ServerKernels
from .marimo_pages import MarimoPages
from .mistakes import Mistake, Mistakes
from .notebook_files import ServerNotebooks
from .own_address import Listening, api_url
from .settings import Chosen, read_settings
from .token_files import TokenFiles

STOP_SECONDS = 12.0
"""A database that others hold, an engine and a proxy that do not obey: so long they may keep the server from ending."""


class LakesailApp(ExtensionApp):
    """Governed Sail sessions for the notebooks of this server."""

    name = "lakesail_notebook"
    classes = [LocalBackend]  # noqa: RUF012 - traitlets reads a plain list
    load_other_extensions = True

    # The traits are here to be named and described. `settings` reads what they are set to, and overlooks nothing.

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
        {"c8g.2xlarge": {"price_per_hour": 0.32}, "desk": {"vcpus": 4, "memory_gib": 8}}. A price is in USD unless its
        entry says another "currency": "EUR"."""
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

    def _load_config(self, cfg: Any, section_names: Any = None, traits: Any = None) -> None:
        """traitlets raises the first mistake, which would end Jupyter or leave this extension without any setting."""
        try:
            super()._load_config(cfg, section_names, traits)
        except Exception as error:  # told with all others by `_read_settings`
            self.log.debug("A setting of %s is not taken: %s", self.name, error)

    _mistakes: tuple[Mistake, ...] = ()
    _last_found: tuple[Mistake, ...] = ()

    def initialize_handlers(self) -> None:
        chosen = self._read_settings()
        self._ground = chosen.ground
        if isinstance(chosen, Mistakes):
            self._mistakes = chosen.all
            self._refuse(Mistakes(self.all_that_is_wrong()))
            return
        self._chosen = chosen
        identify = local_user if chosen.settings.single_user else members_of(chosen.roster)
        self._kernels = self._server_kernels(identify, self._warm_up)
        server = self._server()
        self._app_credentials = AppCredentials(
            api_url=self._api_url_on_this_machine,
            certificate_file=self._certificate_file(),
            owner=lambda: identify(None),
            files=TokenFiles(server.runtime_dir),
        )
        self._notebooks = ServerNotebooks(server, self._kernels.started_at)
        assert server.event_logger is not None  # the server makes it before any extension is loaded
        self._audit = JupyterAudit(server.event_logger, SystemClock().now)
        self._control_plane = LazyControlPlane(self._open_control_plane, self._look)
        context = ApiContext(
            root=url_path_join(server.base_url, API_PATH),
            service=self._control_plane.get,
            ready=self._control_plane.ready,
            public=_PublicKeys(chosen.ground.signing_key_files),
            by_login=identify,
            by_kernel_token=self._kernels.by_token,
            by_app_token=self._app_credentials.by_token,
            single_user=chosen.settings.single_user,
            audit=self._audit,
        )
        self.handlers.extend(handlers(context))
        self._pages = MarimoPages(server, self._control_plane, self._known_login(identify))
        self.handlers.extend(self._pages.handlers())
        self._pages.offer(why_no_apps(serves_others=not chosen.settings.single_user) is None)

    def _known_login(self, identify: Identify) -> Identify:
        """As ``identify``, and the audit learns the login."""

        def known(user: Any) -> Principal:
            principal = identify(user)
            self._audit.seen(principal)
            return principal

        return known

    def all_that_is_wrong(self) -> tuple[Mistake, ...]:
        """With the settings, and with what they ask of this machine."""
        return (*self._mistakes, *obstacles(self._key_files(), self._ground))

    async def stop_extension(self) -> None:
        """Called when the server stops, perhaps twice. Raises nothing, and ends: Jupyter would wait for it for ever."""
        self._kernels.close()
        if not hasattr(self, "_control_plane"):
            return
        self._app_credentials.close()
        self._notebooks.close()
        await self._pages.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._control_plane.close()
        except Exception:
            self.log.exception("The control plane did not close in order; what it started ends with this process.")

    def _read_settings(self) -> Chosen | Mistakes:
        server = self._server()
        config = self.config if self._linked else server.config
        read = read_settings(config, app=type(self), backend=LocalBackend, hub=is_hub(server.identity_provider))
        files = list(dict.fromkeys([*passed_over(server, str(server.config_file)), *passed_over(self)]))
        if not self._linked:
            unlinked = "Jupyter could not hand its settings over"
            files.append(Mistake(("LakesailApp",), f"{unlinked}; its log says why", unlinked))
        if not files:
            return read
        return Mistakes((*files, *(read.all if isinstance(read, Mistakes) else ())), read.ground)

    def _refuse(self, mistakes: Mistakes) -> None:
        """Kernels are told where the API is all the same: there they learn what is wrong."""

        def nobody(_user: Any) -> NoReturn:
            raise mistakes.error()

        server = self._server()
        self._kernels = self._server_kernels(nobody, lambda: None)
        self.handlers.extend(closed_handlers(mistakes.error))
        if not getattr(server, "ends_over_mistakes", False):
            self._log(mistakes)

    def _log(self, mistakes: Mistakes) -> None:
        for line in mistakes.lines():
            self.log.error("%s serves nobody until this is mended: %s", self.name, line)

    def _server_kernels(self, owner: Any, on_first_start: Any) -> ServerKernels:
        server = self._server()
        return ServerKernels(
            server.kernel_manager,
            api_url=self._api_url_on_this_machine,
            certificate_file=self._certificate_file(),
            owner=owner,
            runtime_directory=server.runtime_dir,
            on_first_start=on_first_start,
        )

    def _warm_up(self) -> None:
        """While a kernel starts, which takes longer, so that its first connect finds the modules loaded.

        What goes wrong here goes wrong again when the control plane opens, and is told then.
        """
        loading = asyncio.get_running_loop().run_in_executor(None, load_modules, self._ground.database_url)
        loading.add_done_callback(lambda done: None if done.cancelled() else done.exception())  # it counts as seen

    async def _look(self) -> None:
        """:raises Unavailable: of all that stands in the way of opening the control plane."""
        found = await asyncio.to_thread(self.all_that_is_wrong)
        new = found != self._last_found  # who watches /health asks often
        self._last_found = found
        if found:
            mistakes = Mistakes(found, need_restart=False)
            if new:
                self._log(mistakes)
            raise mistakes.error()

    async def _open_control_plane(self, for_a_session: bool) -> ControlPlane:
        options = self._options()
        local = LocalBackend(
            parent=self,
            server_root=self._server().root_dir,
            instance_types=options.settings.instance_types,
            serves_others=not options.settings.single_user,
        )
        apps = LocalApps(
            server_root=self._server().root_dir,
            base_url=self._server().base_url,
            credentials=self._app_credentials,
            serves_others=not options.settings.single_user,
        )
        return await open_control_plane(
            options,
            {LOCAL: local},
            self._kernels,
            SystemClock(),
            apps=apps,
            audit=self._audit,
            notebook_files=self._notebooks,
            for_a_session=for_a_session,
        )

    def _options(self) -> ControlPlaneOptions:
        chosen, ground = self._chosen, self._ground
        return ControlPlaneOptions(
            database_url=ground.database_url,
            signing_key_files=ground.signing_key_files,
            data_directory=_data_directory(),
            settings=chosen.settings,
            proxy_hosts=ground.proxy_hosts,
            proxy_port=ground.proxy_port,
            proxy_public_endpoint=chosen.proxy_public_endpoint,
            proxy_tls_certificate_file=ground.proxy_tls_certificate_file,
            proxy_tls_key_file=ground.proxy_tls_key_file,
        )

    def _key_files(self) -> dict[str, tuple[Path, ...]]:
        """The files that hold keys, by what the keys are for."""
        directory = _data_directory()
        signing = self._ground.signing_key_files or (directory / SIGNING_KEY_FILE,)
        return {"signing key": signing, "encryption key": (directory / ENCRYPTION_KEY_FILE,)}

    def _server(self) -> ServerApp:
        assert self.serverapp is not None  # set before any of our hooks is called
        return self.serverapp

    def _api_url_on_this_machine(self) -> str:
        server = self._server()
        return api_url(
            Listening(
                ip=server.ip,
                port=server.port,
                socket_path=server.sock,
                tls=bool(server.ssl_options),
                base_url=server.base_url,
            )
        )

    def _certificate_file(self) -> Path | None:
        """Of this server's own certificate, if it speaks TLS."""
        named = (self._server().ssl_options or {}).get("certfile")
        return Path(named).absolute() if named else None


class _PublicKeys:
    """Implements the API's ``PublicService`` from the files of the keys alone."""

    def __init__(self, signing_key_files: tuple[Path, ...]) -> None:
        self._files = signing_key_files

    async def public_keys(self) -> tuple[Mapping[str, Any], ...]:
        return await asyncio.to_thread(_public_keys, self._files)


def _public_keys(files: tuple[Path, ...]) -> tuple[Mapping[str, Any], ...]:
    from ..signing_keys import signing_keys  # brings cryptography

    keys = signing_keys(files, default=_data_directory() / SIGNING_KEY_FILE)
    return tuple(key.public_jwk() for key in keys)


def _data_directory() -> Path:
    return Path(jupyter_data_dir()) / "lakesail"
