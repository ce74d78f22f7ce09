"""Governed Sail (Spark Connect) sessions in notebooks.

Importing this package loads nothing else; each name and hook below loads what it needs when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client.client import Client
    from .spark.connect import connect

__version__ = "0.1.0"
__all__ = ["Client", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    if name == "connect":
        from .spark.connect import connect

        return connect
    if name == "Client":
        from .client.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .jupyter.extension import LakesailApp

    return [{"module": __name__, "app": LakesailApp}]


def load_ipython_extension(shell: Any) -> None:
    from .notebook.magic import load

    load(shell)
