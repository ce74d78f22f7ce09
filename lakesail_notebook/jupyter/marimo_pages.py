"""The pages of marimo sessions, mounted in a Jupyter server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.serverapp import ServerApp

from ..control_plane.lazy import LazyControlPlane
from ..http_proxy.routes import Handlers, page_handlers, refusing_handlers, why_unavailable
from ..workloads.rules.access import Principal
from ..workloads.service import AppPagesService
from .identity import Identify

if TYPE_CHECKING:
    from ..http_proxy.context import Upstream

_SCRUBBED = "ticket"
_ANY = "*"
_STARTS_MARIMO = "lakesailStartsMarimo"
"""In JupyterLab's page config: its launcher and menus ask the API nothing to know what to offer."""


class MarimoPages:
    """:param by_login: the principal of a Jupyter user."""

    def __init__(self, server: ServerApp, control_plane: LazyControlPlane, by_login: Identify) -> None:
        self._server = server
        self._control_plane = control_plane
        self._by_login = by_login
        self._upstream: Upstream | None = None

    def handlers(self) -> Handlers:
        if why_unavailable() is not None:
            return refusing_handlers()
        from ..http_proxy.context import PageContext, Upstream  # brings the libraries of the extra `marimo`

        self._keep_tickets_out_of_the_log()
        self._upstream = Upstream()
        origin = self._server.allow_origin
        context = PageContext(
            base_url=self._server.base_url,
            pages=self._pages,
            open_pages=self._open_pages,
            by_login=self._by_login,
            other_origins=(origin,) if origin and origin != _ANY else (),
            browsers_log_in=getattr(self._server, "browsers_log_in", True),
            upstream=self._upstream,
        )
        return page_handlers(context)

    def offer(self, starts_marimo: bool) -> None:
        """Have JupyterLab's pages offer marimo notebooks, or not."""
        self._server.web_app.settings.setdefault("page_config_data", {})[_STARTS_MARIMO] = str(starts_marimo).lower()

    async def close(self) -> None:
        if self._upstream is not None:
            await self._upstream.close()

    async def _pages(self, principal: Principal) -> AppPagesService:
        return (await self._control_plane.get(principal)).app_pages

    def _open_pages(self) -> AppPagesService | None:
        opened = self._control_plane.opened
        return None if opened is None else opened.app_pages

    def _keep_tickets_out_of_the_log(self) -> None:
        """Jupyter writes the URLs of refused requests into its log, without the parameters that are named here."""
        named = list(self._server.extra_log_scrub_param_keys)
        if _SCRUBBED not in named:
            self._server.extra_log_scrub_param_keys = [*named, _SCRUBBED]
        self._server.web_app.settings["extra_log_scrub_param_keys"] = self._server.extra_log_scrub_param_keys
