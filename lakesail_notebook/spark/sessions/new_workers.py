"""Worker processes that ``multiprocessing`` and loky start anew ask PySpark for sessions, too.

Such a worker imports nothing of this package by itself. The first data that it gets from this process has it answer
requests for sessions as this process does. A forked worker does so anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STARTERS = ("multiprocessing.spawn", "loky.backend.spawn", "joblib.externals.loky.backend.spawn")
"""The modules whose ``get_preparation_data`` makes a worker's first data."""

_IN_THE_WORKER = """
try:
    from lakesail_notebook.spark.sessions.session_requests import install
except ImportError:
    pass
else:
    install()
"""


def preparation(original: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """What the original function gives, and one more entry, which the worker unpickles and passes over."""
    return {**original(*arguments), "lakesail_notebook": _Installation()}


class _Installation:
    """Pickled as code, since a worker that cannot import this package must start all the same."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (_IN_THE_WORKER, {})
