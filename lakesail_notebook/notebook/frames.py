"""A Connect DataFrame as the value of a cell: its first rows."""

from __future__ import annotations

import functools
import html
from typing import Any

from ..errors import LakesailError
from ..rendering import row_tables as table
from ..rendering.fetching import fetch

FIRST_ROWS = 20
_MODULE, _CLASS = "pyspark.sql.connect.dataframe", "DataFrame"


def register(shell: Any) -> None:
    """Without loading PySpark: IPython finds the class by its name."""
    bundle = functools.partial(_bundle, shell)
    shell.display_formatter.mimebundle_formatter.for_type_by_name(_MODULE, _CLASS, bundle)


def _bundle(shell: Any, frame: Any, include: Any = None, exclude: Any = None) -> dict[str, str]:
    from pyspark.errors import PySparkException

    from .engine_errors import error_message  # it needs PySpark

    try:
        return table.bundle(_rows(frame))
    except (PySparkException, LakesailError) as error:  # else IPython would show one traceback a format
        line = f"{type(error).__name__}: {error_message(shell, error)}"
        return {"text/plain": line, "text/html": f"<pre>{html.escape(line)}</pre>"}  # PySpark's would ask the engine


def _rows(frame: Any) -> table.Rows:
    if frame.isStreaming:
        return table.of_schema(frame.schema)
    return fetch(frame, FIRST_ROWS).as_rows()
