"""Queries as text: those of a session, and those that a cell runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import models
from .shown import Shown
from .text_tables import moment, table

if TYPE_CHECKING:
    from ..spark.queries.engine_tasks import TaskProgress
    from ..spark.queries.observed import ObservedQuery

_QUERIES = ("STARTED", "TOOK", "OUTCOME", "ROWS", "BYTES", "WHAT")
_ERROR = "ERROR"
_UNITS = ("B", "kB", "MB", "GB", "TB")


def queries_shown(queries: tuple[models.Query, ...]) -> Shown:
    failed = any(query.error for query in queries)
    rows = [
        (
            moment(query.started_at),
            f"{query.seconds:.2f} s",
            _outcome(query),
            f"{query.rows:,}",
            f"{query.bytes:,}",
            query.what,
            *((query.error or "",) if failed else ()),
        )
        for query in queries
    ]
    headings = (*_QUERIES, _ERROR) if failed else _QUERIES
    text = table(headings, rows) if rows else "Nothing was run on it yet."
    return Shown(text, models.encode(models.SessionQueries(items=queries)))


def _outcome(query: models.Query) -> str:
    """With what is known of the engine, where it may compute on."""
    if query.outcome != "cancelled" or query.engine_busy is False:
        return query.outcome
    return f"{query.outcome}, {'engine busy' if query.engine_busy else 'engine unknown'}"


def strip_text(
    queries: Sequence[ObservedQuery], now: float, progress: TaskProgress | None = None, others: int = 0
) -> str:
    """One line on the queries of a cell, the running one first. The operations of one action count as one query.

    :param progress: of the running one, where the engine tells.
    :param others: queries that the engine runs while it has not begun with the running one.
    """
    rows, size = sum(query.rows for query in queries), sum(query.bytes for query in queries)
    received = f"{rows:,} row{'' if rows == 1 else 's'}, {in_bytes(size)}"
    running = [query for query in queries if query.ended is None]
    if running:
        if others and not running[-1].answered:
            busy = "another query" if others == 1 else f"{others} other queries"
            return f"Waiting: {running[-1].what} · the engine is busy with {busy}"
        tasks = f"{progress.done} of {progress.total} tasks · " if progress else ""
        return f"Running: {running[-1].what} · {tasks}{received} received"
    seconds = sum(query.seconds(now) for query in queries)
    actions = len({query.action_id or query.operation_id for query in queries})
    count = "1 query" if actions == 1 else f"{actions} queries"
    broken = "" if all(query.complete for query in queries) else ", not all of its results came"
    return f"{count}, {seconds:.1f} s, {received}{broken}"


def in_bytes(size: int) -> str:
    """``0 B``, ``12.3 MB``."""
    exponent = min((len(str(int(size))) - 1) // 3, len(_UNITS) - 1)
    return f"{size / 1000**exponent:.{min(exponent, 1)}f} {_UNITS[exponent]}"
