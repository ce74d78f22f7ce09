"""Gives marimo what this package has for it. Where marimo is another one inside, it says so and goes on."""

from __future__ import annotations

import importlib
import threading
import warnings
from functools import lru_cache
from typing import Any

_WARNING = (
    "This version of marimo ({version}) takes SQL engines in another way than lakesail-notebook knows: in SQL cells, "
    "use engine=lakesail_notebook.sql_engine(spark) instead of engine=spark."
)


def register() -> None:
    """All of it, once in a process."""
    watch_cells()
    register_sql_engine()


@lru_cache(maxsize=1)
def register_sql_engine() -> bool:
    """Have ``mo.sql(..., engine=spark)`` run on our sessions; once in a process. ``False`` when marimo is another one.

    It never raises: marimo would not start.
    """
    try:
        _register()
    except Exception as error:
        warnings.warn(f"{_WARNING.format(version=_version())} ({type(error).__name__}: {error})", stacklevel=2)
        return False
    return True


def _register() -> None:
    engines: list[Any] = importlib.import_module("marimo._sql.get_engines").SUPPORTED_ENGINES
    from .first_rows import in_sql_cells
    from .sail_engine import SailEngine

    SailEngine(None)  # raises where a method of the shape is missing
    in_sql_cells()
    engines.insert(0, SailEngine)


@lru_cache(maxsize=1)
def watch_cells() -> None:
    """Have the queries of marimo's cells shown while they run; once. The entry point for cells tells when one runs."""
    from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, in_one_line_if_interrupted
    from ..spark.queries.observed import QUERIES
    from .cells import CELLS
    from .words import in_its_console

    QUERIES.listen(CELLS)
    INTERRUPTED_CELLS.words = in_its_console
    threading.excepthook = in_one_line_if_interrupted(threading.excepthook)


def _version() -> str:
    try:
        return str(importlib.import_module("marimo").__version__)
    except Exception:
        return "unknown"
