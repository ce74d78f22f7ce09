"""What IPython knows of the user's modules: when a cell may have loaded some, and whether it reloads them itself."""

from __future__ import annotations

from typing import Any

from ..spark.user_code.user_modules import USER_MODULES


def register(shell: Any) -> None:
    """Note after each cell in which version the modules that it loaded were loaded."""

    def cell_ends(*_: Any) -> None:
        USER_MODULES.look()

    USER_MODULES.reloaded_by_themselves = lambda: _autoreload_is_on(shell)
    shell.events.register("post_run_cell", cell_ends)


def _autoreload_is_on(shell: Any) -> bool:
    """Whether ``%autoreload`` loads changed modules again before each cell. It has no public word on it."""
    magics = shell.magics_manager.registry.get("AutoreloadMagics")
    return bool(getattr(getattr(magics, "_reloader", None), "enabled", False))
