"""Governed Sail (Spark Connect) sessions in notebooks.

The names of ``__all__`` are what users may rely on. Importing this package loads none of them: each name and each hook
below loads what it needs when it is used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from . import models
    from .client.client import Client
    from .errors import (
        DeadlineExceeded,
        FailedPrecondition,
        FieldError,
        Internal,
        InvalidArgument,
        LakesailError,
        NotFound,
        PayloadTooLarge,
        PermissionDenied,
        ResourceExhausted,
        Unauthenticated,
        Unavailable,
        UnsupportedMediaType,
    )
    from .marimo_support.adbc import sql_engine
    from .marimo_support.bound_sql import sql
    from .spark.sessions.connect import connect
    from .widgets.panel import panel

__all__ = [
    "Client",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldError",
    "Internal",
    "InvalidArgument",
    "LakesailError",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedMediaType",
    "__version__",
    "connect",
    "models",
    "panel",
    "sql",
    "sql_engine",
]

_MODULES = {
    "Client": ".client.client",
    "connect": ".spark.sessions.connect",
    "panel": ".widgets.panel",
    "sql": ".marimo_support.bound_sql",
    "sql_engine": ".marimo_support.adbc",
}
"""Where a public name is; the others are exceptions."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "models":
        return importlib.import_module(".models", __name__)
    return getattr(importlib.import_module(_module_of(name), __name__), name)


def _module_of(name: str) -> str:
    """Where a public name is; in marimo, this package makes itself at home first."""
    if name in {"connect", "panel"} and "marimo" in sys.modules:
        in_marimo = importlib.import_module(".marimo_support.installation", __name__).install()
        if in_marimo and name == "panel":
            return ".marimo_support.panel"
    return _MODULES.get(name, ".errors")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .jupyter.points import extension_points

    return extension_points()


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@lakesail/notebook-labextension"}]


def load_ipython_extension(shell: Any) -> None:
    from .notebook.magic import load

    load(shell)
