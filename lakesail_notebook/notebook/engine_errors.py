"""What a cell shows when PySpark raises: one line with cause and cure; ``%tb`` shows the rest."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from ..errors import LakesailError
from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, leave_out_the_handler
from ..spark.sessions.engine_messages import sentence_of
from .interrupted_cells import INTERRUPTS
from .old_objects import old_objects
from .one_line import show_as_one_line


def register(shell: Any) -> None:
    """In a cell, once PySpark is loaded. Another extension's way to show exceptions is left as it is."""
    from pyspark.errors import PySparkException

    INTERRUPTED_CELLS.cell_runs()
    if not shell.custom_exceptions or shell.custom_exceptions is INTERRUPTS:
        shown = (PySparkException, LakesailError, KeyboardInterrupt, asyncio.CancelledError)
        shell.set_custom_exc(shown, _show)


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType, tb_offset: int | None = None
) -> None:
    with INTERRUPTED_CELLS.telling():
        message = error_message(shell, error)
        if message is not None:
            show_as_one_line(error, message)
        leave_out_the_handler(traceback)
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def error_message(shell: Any, error: BaseException) -> str | None:
    """``None`` for what is shown as always: an interrupt that ended no query."""
    from ..spark.rpcs.stoppable_channel import QueryInterrupted

    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        return INTERRUPTED_CELLS.said()  # asyncio's way to tell of an interrupt in a cell that awaits
    if isinstance(error, QueryInterrupted):
        return INTERRUPTED_CELLS.said() or str(error)
    if isinstance(error, LakesailError):
        return error.message
    return sentence_of(str(error), lambda ended: old_objects(shell, ended=ended))
