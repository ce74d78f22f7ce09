"""Which half of this package can run here: the base brings the kernel half, the extra ``server`` the control plane."""

from __future__ import annotations

import importlib.util

INSTALL_SERVER = 'pip install "lakesail-notebook[local]"'
"""Brings the server half, and an engine for it."""
_SERVER_LIBRARIES = ("aiosqlite", "alembic", "cryptography", "jupyter_server", "jwt", "sqlalchemy", "tornado")


def missing_server_libraries() -> list[str]:
    """The libraries of the server half that are not installed here."""
    return [name for name in _SERVER_LIBRARIES if importlib.util.find_spec(name) is None]
