"""What a marimo cell shows when the engine refuses: one sentence, with the engine's own words kept on the exception."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from ..errors import LakesailError
from ..spark.interrupts.interrupted_cells import INTERRUPTED_CELLS, leave_out_the_handler
from ..spark.sessions.engine_messages import sentence_of
from ..spark.user_code.users_line import is_of_a_library
from .words import in_marimo


def is_of_the_engine(error: BaseException) -> bool:
    """Whether PySpark raised it; PySpark is not loaded for the question."""
    module = sys.modules.get("pyspark.errors")
    return module is not None and isinstance(error, module.PySparkException)


def sentence(error: BaseException) -> str | None:
    """What to say of an exception; ``None`` for one that is neither the engine's nor ours."""
    if isinstance(error, LakesailError):
        return in_marimo(error.message)
    if not is_of_the_engine(error):
        return None
    return in_marimo(sentence_of(str(error)))


def made_readable(error: BaseException) -> BaseException:
    """The same exception, with one sentence as its text, and a traceback that ends in the user's code.

    The engine's own words are its attribute ``engine_message``. An exception of ours names what marimo has. Others are
    left as they are, but for the line of an interrupt's handler.
    """
    leave_out_the_handler(error.__traceback__)
    if isinstance(error, KeyboardInterrupt) and INTERRUPTED_CELLS.stops_queries():
        _end_with_the_user(error.__traceback__)
    if isinstance(error, LakesailError):
        error.message = in_marimo(error.message)
        error.args = (error.message, *error.args[1:])
    if not is_of_the_engine(error):
        return error
    whole: Any = error
    if getattr(whole, "engine_message", None) is None and hasattr(whole, "_message"):
        whole.engine_message = str(error)
        whole._message = in_marimo(sentence_of(whole.engine_message))
        whole._display_stacktrace = False
    error.__cause__, error.__suppress_context__ = None, True
    _end_with_the_user(error.__traceback__)
    return error


def _end_with_the_user(traceback: TracebackType | None) -> None:
    """Cut what libraries did below the user's last line; one without a line of the user's is left whole."""
    last = None
    while traceback is not None:
        if not is_of_a_library(traceback.tb_frame.f_code.co_filename):
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None
