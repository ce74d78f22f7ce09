"""Which extension a Jupyter server loads: ours, or one line that says what to install for it.

Every installation of this package enables the extension. In an environment that has the kernel half alone, its
libraries are missing. Nothing of the server half is imported here.
"""

from __future__ import annotations

import importlib.util
from typing import Any

_LIBRARIES = ("aiosqlite", "alembic", "cryptography", "jupyter_server", "jwt", "sqlalchemy", "tornado")
"""What the extra ``server`` brings and the base does not."""


def missing_libraries() -> list[str]:
    """The libraries of the extra ``server`` that are not installed here."""
    return [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]


def extension_points() -> list[dict[str, Any]]:
    """The answer to Jupyter's question where the extensions of this package are."""
    if missing_libraries():
        return [{"module": __name__}]
    from .extension import LakesailApp

    return [{"module": "lakesail_notebook", "app": LakesailApp}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter in place of the extension that cannot be loaded here."""
    server.log.warning(
        "lakesail_notebook: this server has no control plane, since its environment lacks %s. To start sessions here, "
        'run pip install "lakesail-notebook[local]" and restart the server.',
        ", ".join(missing_libraries()),
    )
