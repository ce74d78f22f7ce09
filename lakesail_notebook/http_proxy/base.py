"""What all handlers below the root of a page share: isolation, and refusals in words."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import msgspec
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from ..api_location import app_base_path
from ..errors import LakesailError, NotFound, PayloadTooLarge, PermissionDenied, Unauthenticated, Unavailable
from ..workloads.service import AppEndpoint, AppPagesService
from . import texts
from .context import PageContext
from .isolation import headers_for

_PAGE_STATUS = {"session_closed": 410}
_HTTP_STATUS: dict[type[LakesailError], int] = {
    Unauthenticated: 403,
    PermissionDenied: 403,
    NotFound: 404,
    PayloadTooLarge: 413,
    Unavailable: 503,
}
_OWN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

log = logging.getLogger(__name__)


def status_of(error: LakesailError) -> int:
    if error.reason in _PAGE_STATUS:
        return _PAGE_STATUS[error.reason]
    return next((_HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in _HTTP_STATUS), 409)


class PageHandler(JupyterHandler):
    """Below ``{base_url}lakesail/marimo/{session}``."""

    def initialize(self, context: PageContext) -> None:
        self.context = context

    @property
    def session_id(self) -> str:
        return str(self.path_kwargs["session"])

    @property
    def root(self) -> str:
        """The page's path, without a slash at its end."""
        return app_base_path(self.context.base_url, self.session_id)

    @property
    def path_in_page(self) -> str:
        """Below the root, as it was sent."""
        return self.request.path.removeprefix(self.root)

    def set_default_headers(self) -> None:
        """In place of Jupyter's: its policy would be a second one for the same answer."""
        if not hasattr(self, "path_kwargs"):  # tornado calls this before it tells a handler its path
            return
        try:
            headers = headers_for(
                self.path_in_page,
                root=self.root,
                host=self.request.host,
                secure=self.request.protocol == "https",
                other_origins=self.context.other_origins,
            )
        except ValueError:  # the host is refused next
            headers = {"Content-Security-Policy": _OWN_POLICY}
        for name, value in headers.items():
            self.set_header(name, value)

    def refuse_strangers(self) -> None:
        """Requests that pages of other origins make: their forms, scripts and sockets. To be called first.

        :raises HTTPError: for what is not this page's own, or a person's navigation.
        """
        self.set_default_headers()
        if not self.check_host():
            raise web.HTTPError(403)
        origin = self.request.headers.get("Origin", self.request.headers.get("Sec-WebSocket-Origin"))
        if origin is not None and not self._is_own(origin):
            raise web.HTTPError(403, "Another site may not use this page.")
        sent_by = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        if sent_by not in {"same-origin", "none"} and not self.is_navigation:
            raise web.HTTPError(403, "Another site may not use this page.")

    def _is_own(self, origin: str) -> bool:
        if origin in self.context.other_origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and parts.netloc.lower() == self.request.host.lower()

    @property
    def is_navigation(self) -> bool:
        """Whether a browser shows the answer as a page."""
        if self.request.method not in {"GET", "HEAD"} or self.is_upgrade:
            return False
        mode = self.request.headers.get("Sec-Fetch-Mode")
        if mode is not None:
            return mode == "navigate"
        return "text/html" in self.request.headers.get("Accept", "")

    @property
    def is_upgrade(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"

    def admit(self) -> tuple[AppPagesService, AppEndpoint]:
        """By the cookie alone, whatever Jupyter's login says.

        :raises LakesailError: when it does not open this page.
        """
        pages = self.context.open_pages()
        cookie = self.get_cookie(cookie_name(self.session_id))
        if pages is None or cookie is None:
            raise Unauthenticated("This browser is not logged in to this page.")
        return pages, pages.admit(self.session_id, cookie)

    def check_xsrf_cookie(self) -> None:
        """:meth:`refuse_strangers` has looked at who sends it; marimo has a check of its own."""

    def compute_etag(self) -> None:
        """The app's own, if it sends one."""

    def answer_page(self, status: int, html: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", _OWN_POLICY)
        self.finish(html)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        self.clear_header("Content-Length")
        if isinstance(error, LakesailError):
            self._tell(status_of(error), error.message_without_paths, over=error.reason == "session_closed")
        else:
            said = error.log_message if isinstance(error, web.HTTPError) else None
            self._tell(status_code, said or "This page cannot be shown.")

    def _tell(self, status: int, message: str, *, over: bool = False) -> None:
        if self.is_navigation:
            more = (texts.LOG_IN_AGAIN,) if status == 403 else ()
            self.answer_page(status, texts.over(message) if over else texts.refused(message, *more))
            return
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.json.encode({"message": message, "over": over}))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, LakesailError | web.HTTPError):
            log.error("%s", self.request.path, exc_info=(kind, error, trace))


def cookie_name(session_id: str) -> str:
    return f"lakesail-{session_id}"
