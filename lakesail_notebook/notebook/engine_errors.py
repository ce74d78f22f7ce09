"""What a cell shows when PySpark raises: one line with cause and cure; ``%tb`` shows the rest."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from ..errors import LakesailError
from ..spark.connect import default_client
from ..spark.interrupts import after_interrupt
from ..spark.readable_errors import readable
from .one_line import show_as_one_line


def register(shell: Any) -> None:
    """Once PySpark is loaded. Another extension's way to show exceptions is left as it is."""
    from pyspark.errors import PySparkException

    if not shell.custom_exceptions:
        shell.set_custom_exc((PySparkException, LakesailError, KeyboardInterrupt), _show)


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType, tb_offset: int | None = None
) -> None:
    message = _message(error)
    if message is not None:
        show_as_one_line(error, message)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def _message(error: BaseException) -> str | None:
    """``None`` for what is shown as always: an interrupt that ended no query."""
    if isinstance(error, KeyboardInterrupt):
        return after_interrupt(default_client)
    return error.message if isinstance(error, LakesailError) else readable(str(error))
