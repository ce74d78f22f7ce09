"""The handlers of pages, and whether there can be any."""

from __future__ import annotations

import importlib.util
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from ..api_location import APPS_PATH
from ..ids import ID_REGEX
from . import texts

_LIBRARIES = ("aiohttp", "jupyter_server_proxy")

Handlers = list[tuple[str, type, dict[str, Any]]]


def why_unavailable() -> str | None:
    """Why no page can be served here, in a sentence; ``None``: pages can be."""
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    return texts.NOT_INSTALLED if missing else None


def page_handlers(context: Any) -> Handlers:
    """:param context: a :class:`.context.PageContext`. Loads the libraries of the extra ``marimo``."""
    from .forwarding import AppHandler, ScriptHandler
    from .logging_in import OpenHandler, StatusHandler, TicketHandler
    from .watching import WatchHandler

    given = {"context": context}
    return [
        (f"{_ROOT}/_open", OpenHandler, given),
        (f"{_ROOT}/_auth", TicketHandler, given),
        (f"{_ROOT}/_status", StatusHandler, given),
        (f"{_ROOT}/_watch", WatchHandler, given),
        (f"{_ROOT}/_page\\.js", ScriptHandler, given),
        (f"{_ROOT}(?:/.*)?", AppHandler, given),
    ]


def refusing_handlers() -> Handlers:
    """Where no page can be served: they say what to install."""
    return [(f"{_ROOT}(?:/.*)?", MissingHandler, {})]


class MissingHandler(JupyterHandler):
    @allow_unauthenticated
    async def get(self, session: str) -> None:
        self.set_status(503)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(texts.refused(texts.NOT_INSTALLED))


_ROOT = f"/{APPS_PATH}/(?P<session>{ID_REGEX})"
