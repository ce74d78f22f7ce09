"""Ctrl+C in the cells of an IPython shell."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, in_one_line_if_interrupted, leave_out_the_handler

INTERRUPTS = (KeyboardInterrupt,)
"""What IPython shows in this module's way until PySpark is loaded."""


def register(shell: Any) -> None:
    """Stop the queries of this shell's cells at an interrupt."""
    shell.events.register("pre_run_cell", INTERRUPTED_CELLS.cell_begins)
    shell.events.register("post_run_cell", INTERRUPTED_CELLS.cell_ends)
    threading.excepthook = in_one_line_if_interrupted(threading.excepthook)
    if not shell.custom_exceptions:
        shell.set_custom_exc(INTERRUPTS, show_interrupt)


def show_interrupt(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType, tb_offset: int | None = None
) -> None:
    """What IPython calls for an interrupt before PySpark is loaded."""
    leave_out_the_handler(traceback)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
