"""Which extension a Jupyter server loads: ours, or one line that says what to install for it.

Every installation of this package enables the extension. Where the kernel half alone is installed, its libraries are
missing. Nothing of the server half is imported here.
"""

from __future__ import annotations

from typing import Any

from ..installed import INSTALL_SERVER, missing_server_libraries


def extension_points() -> list[dict[str, Any]]:
    """The answer to Jupyter's question where the extensions of this package are."""
    if missing_server_libraries():
        return [{"module": __name__}]
    from .extension import LakesailApp

    return [{"module": "lakesail_notebook", "app": LakesailApp}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Called by Jupyter in place of the extension that cannot be loaded here."""
    server.log.warning(
        "lakesail_notebook: this server has no control plane, since its environment lacks %s. To start sessions here, "
        "run %s and restart the server.",
        ", ".join(missing_server_libraries()),
        INSTALL_SERVER,
    )
