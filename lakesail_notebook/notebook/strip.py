"""The live strip under the cells of an IPython shell."""

from __future__ import annotations

import sys
from typing import Any

from ..rendering.strip import CellStrips
from ..spark.interrupts.waiting_queries import others_running
from ..spark.queries.observed import QUERIES
from ..spark.sessions.connect import default_client
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from .display import status_line


def register(shell: Any) -> None:
    """Show strips under the cells of this shell."""
    if getattr(shell, "kernel", None) is None and not sys.stdout.isatty():
        return  # nobody watches, and a file is no place for lines that change
    strips = CellStrips(
        lambda: status_line(shell), OPEN_SESSIONS.task_progress, lambda query: others_running(default_client, query)
    )
    shell.events.register("pre_run_cell", strips.cell_begins)
    shell.events.register("post_run_cell", strips.cell_ends)
    QUERIES.listen(strips)
