"""The first rows of a query as marimo's own table: fetched while the cell runs, so that Stop and progress reach it.

``mo.sql`` itself shows a lazy DataFrame by a table that runs the query once the page asks for it. No cell runs then: a
long query could not be stopped, and its failure would have no place. So the query runs in the cell, once.
"""

from __future__ import annotations

import functools
import importlib
import threading
from typing import TYPE_CHECKING, Any

from ..rendering import row_tables
from ..rendering.fetching import Fetched, fetch
from ..spark.queries.actions import ACTIONS
from ..spark.zones import has_instants
from .statements import ASKED, Query

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

FIRST_ROWS = 1000


class _Result(threading.local):
    """What ``mo.sql`` works on in a thread."""

    is_lazy = False


_RESULT = _Result()


def result_is_lazy() -> None:
    """``mo.sql`` is about to get a DataFrame of ours in this thread. ``MARIMO_SQL_DEFAULT_LIMIT`` is not for it: marimo
    would count the rows, which a lazy DataFrame does not know, and fail."""
    _RESULT.is_lazy = True


def in_sql_cells() -> None:
    """From now on, ``mo.sql`` shows fetched rows of our sessions' queries, and leaves their DataFrames whole; once.
    Others are treated as before.

    :raises AttributeError: when this version of marimo shows results in another way.
    :raises ImportError: likewise.
    """
    module = importlib.import_module("marimo._sql.sql")
    shows = module.replace
    if getattr(shows, "__lakesail__", False):
        return

    @functools.wraps(shows)
    def shows_rows(value: object) -> None:
        frame = getattr(value, "data", None)
        query = ASKED.query_of(frame)
        shows(value if query is None or not is_shown_here() else rows_of_query(frame, query))

    limit = module.get_default_result_limit

    @functools.wraps(limit)
    def limit_of_others() -> Any:
        lazy, _RESULT.is_lazy = _RESULT.is_lazy, False
        return None if lazy else limit()

    shows_rows.__lakesail__ = True  # type: ignore[attr-defined]
    module.replace = shows_rows  # type: ignore[attr-defined]
    module.get_default_result_limit = limit_of_others  # type: ignore[attr-defined]


def is_shown_here() -> bool:
    """Whether outputs are looked at: a notebook that runs as a script has none."""
    import marimo

    return bool(marimo.running_in_notebook())


def rows_of_query(frame: Any, query: Query) -> Any:
    """What to show of a query: it runs here.

    :raises MarimoSQLException: when the engine refuses.
    """
    from .sail_engine import raise_as_marimo_shows_it

    try:
        with ACTIONS.one(query.sql, goes_on=query.action):
            return first_rows(frame)
    except Exception as error:
        raise_as_marimo_shows_it(error, query.sql)
        raise


def first_rows(frame: DataFrame, limit: int = FIRST_ROWS) -> Any:
    """The first rows of a DataFrame as an output of marimo."""
    import marimo

    fetched = fetch(frame, limit)
    rows = functools.partial(row_tables.to_html, fetched.as_rows())
    if not fetched.columns:
        return marimo.Html(rows())
    try:
        return marimo.ui.table(_in_its_zone(fetched), selection=None, label=_caption(fetched))
    except Exception:  # types that it has no place for
        return marimo.Html(rows())


def _caption(fetched: Fetched) -> str:
    """Markdown, in which no character of it means anything."""
    return fetched.as_rows().caption.replace("_", "\\_")


def _in_its_zone(fetched: Fetched) -> Any:
    """The rows with instants as the clocks of the Spark session's zone show them."""
    import pyarrow

    shown = fetched.shown
    if fetched.zone is None:
        return shown
    for index, field in enumerate(shown.schema):
        if pyarrow.types.is_timestamp(field.type) and has_instants(field.type):
            shown = shown.set_column(index, field.name, fetched.zone.local(shown.column(index)))
    return shown
