"""SQL of a marimo cell on a Spark session. Nothing of marimo is imported."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidArgument
from ..spark.queries.actions import ACTIONS, Action
from ..spark.sail_workarounds.described_commands import is_no_query
from ..spark.sql.binding import Bound
from ..spark.sql.running import has_run, run, unrun
from ..spark.sql.statements import split
from ..spark.sql.tokens import tokens_of

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

CHECK_SECONDS = 2.0
"""While somebody writes SQL, the kernel waits for the engine's word so long at most."""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL that a DataFrame stands for."""

    sql: str
    action: Action
    """What its statement began."""


class Asked:
    """The queries whose first rows their cells are to show, by their DataFrames."""

    def __init__(self) -> None:
        self._queries: weakref.WeakKeyDictionary[Any, Query] = weakref.WeakKeyDictionary()

    def note(self, frame: DataFrame, query: Query) -> None:
        self._queries[frame] = query

    def query_of(self, value: object) -> Query | None:
        try:
            return self._queries.get(value)
        except TypeError:  # it cannot be hashed, or not be referred to weakly
            return None


ASKED = Asked()


def bound_by_nobody(sql: str) -> list[Bound]:
    """The statements of a text that Python has formatted already: braces mean nothing in it."""
    return [Bound(statement, {}, {}) for statement in split(sql)]


def run_in_order(spark: SparkSession, statements: Sequence[Bound]) -> DataFrame | None:
    """Run each statement once, in their order; the last one's DataFrame, or ``None`` when it has no result.

    A query at the end is described and not run: it runs when its rows are fetched. Others are run here.

    :raises InvalidArgument: without any statement.
    """
    if not statements:
        raise InvalidArgument("The cell has no SQL statement.")
    for one in statements[:-1]:
        with ACTIONS.one(one.sql):
            run(spark, one)
    last = statements[-1]
    with ACTIONS.one(last.sql) as action:
        frame = run(spark, last)
        if not frame.columns and has_run(frame):  # the columns are asked for in either case, to refuse wrong names
            return None
    ASKED.note(frame, Query(last.sql, action))
    return frame


def complaint(spark: SparkSession, sql: str, seconds: float = CHECK_SECONDS) -> str | None:
    """What the engine says against a statement that is only described; ``None`` for nothing, or when it says nothing
    in time.

    What Python has still to format, and several statements at once, are not judged.
    """
    statements = split(sql)
    if len(statements) != 1 or any(token.kind in {"parameter", "stray", "brace"} for token in tokens_of(sql)):
        return None
    found: list[str] = []

    def describe() -> None:
        from pyspark.errors import PySparkException

        from .errors import sentence

        try:
            _ = unrun(spark, Bound(statements[0], {}, {})).schema
        except PySparkException as error:
            if not is_no_query(error):
                found.append(sentence(error) or str(error))

    thread = threading.Thread(target=describe, name="lakesail-describe", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None
