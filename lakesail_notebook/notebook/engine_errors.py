"""What a cell shows when PySpark raises: one line with cause and cure; ``%tb`` shows the rest."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from ..errors import LakesailError
from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, leave_out_the_handler
from ..spark.readable_errors import (
    NO_ACTIVE_SESSION,
    SESSION_NOT_SAME,
    of_an_ended_session,
    of_something_gone,
    of_two_sessions,
    readable,
    table_not_found,
)
from ..spark.sessions.open_sessions import OPEN_SESSIONS
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
    return error.message if isinstance(error, LakesailError) else _of_pyspark(shell, str(error))


def _of_pyspark(shell: Any, message: str) -> str:
    if message.startswith(NO_ACTIVE_SESSION):
        return of_an_ended_session(old_objects(shell, ended=True), OPEN_SESSIONS.active_session_id())
    if message.startswith(SESSION_NOT_SAME):
        return of_two_sessions(old_objects(shell, ended=False))
    missing = table_not_found(message)
    gone = None if missing is None else OPEN_SESSIONS.gone(missing)
    if gone is not None:
        return of_something_gone(message, f"{gone.belonging.kind} {gone.belonging.name}", gone.why, gone.line)
    return readable(message)
