"""``lakesail_notebook.sql``: SQL with values from Python that the engine is handed, and that are pasted nowhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import FailedPrecondition, InvalidArgument
from ..spark.sessions.open_sessions import active_spark_session
from ..spark.sql.binding import Bound, NotBindable, bind
from ..spark.sql.statements import NotReadable, statements_of
from .statements import ASKED, run_in_order

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession


_OWN_ARGUMENTS = frozenset({"engine", "output"})


def sql(query: str, /, *, engine: SparkSession | None = None, output: bool = True, **values: Any) -> DataFrame | None:
    """Run SQL in which each ``{name}`` stands for a value that is handed to the engine apart from the text::

        rows = sail.sql("SELECT * FROM flights WHERE origin = {origin}", engine=spark, origin=airport.value)

    In marimo, this is the way to put what a person typed into SQL. The text of a SQL cell is an f-string: with
    ``mo.sql(f"... WHERE origin = '{airport.value}'")``, Python pastes the value into the text before the engine sees
    it. Somebody who types ``x' OR '1'='1`` into that field changes what the query means: in an app, that is an SQL
    injection by its viewers. A value that is bound can only ever be a value. Since the values are arguments, marimo
    sees which names the cell depends on, and runs it again when they change. Do not write an ``f`` before the text.

    Several statements are run in their order; the result is that of the last. Values can be numbers, texts, bytes,
    dates, ``None``, lists of these, and DataFrames of the same session, as in ``FROM {frame}``. A list is an array of
    the engine: write ``array_contains({airports}, origin)`` instead of ``origin IN {airports}``.

    :param engine: what ``connect()`` gave; without it, the session of the code that calls.
    :param output: in a marimo cell, show the first rows, for which the query runs in the cell.
    :returns: a DataFrame that runs when its rows are asked for; ``None`` for a statement without a result. Statements
        that change something run at once, and once.
    :raises InvalidArgument: for a brace or a value that is wrong; nothing has run then.
    :raises FailedPrecondition: when there is no session.
    """
    statements = _bound(query, values)
    spark = _session(engine)
    if not output or not _in_a_cell_of_marimo():
        return run_in_order(spark, statements)
    from .sail_engine import raise_as_marimo_shows_it

    try:
        frame = run_in_order(spark, statements)
    except Exception as error:
        raise_as_marimo_shows_it(error, query)
        raise
    if frame is not None:
        _show(frame)
    return frame


def _bound(query: str, values: Mapping[str, Any]) -> list[Bound]:
    """:raises InvalidArgument: when the text and the values do not fit together."""
    try:
        read = statements_of(query)
        _check_all_are_given({piece.text for one in read for piece in one if piece.kind == "name"}, values)
        statements = [bind(statement, values) for statement in read]
    except (NotBindable, NotReadable) as error:
        raise InvalidArgument(f"sql(): {error}") from None
    unused = sorted(values.keys() - {name for one in statements for name in _names(one)})
    if unused:
        raise InvalidArgument(f"sql(): no {{{unused[0]}}} stands in the text, but a value for it was given")
    return statements


def _check_all_are_given(names: Collection[str], values: Mapping[str, Any]) -> None:
    taken = sorted(_OWN_ARGUMENTS & set(names))
    if taken:
        raise InvalidArgument(
            f"sql(): {{{taken[0]}}} cannot be bound, since sql() has an argument of that name: rename it"
        )
    missing = sorted(set(names) - values.keys())
    if missing:
        raise InvalidArgument(f"sql(): there is no value for {{{missing[0]}}}: add the argument {missing[0]}=...")


def _session(engine: object) -> SparkSession:
    """:raises InvalidArgument: for an engine that is no Spark session."""
    if engine is None:
        active = active_spark_session()
        if active is None:
            raise FailedPrecondition("There is no session: call connect() first, and hand what it gives on as engine.")
        return active
    from pyspark.sql.connect.session import SparkSession

    if not isinstance(engine, SparkSession):
        raise InvalidArgument(f"sql(): engine takes what connect() gave, not a {type(engine).__name__}")
    return engine


def _names(bound: Bound) -> set[str]:
    return {*bound.values, *(name.removeprefix("frame_") for name in bound.frames)}


def _in_a_cell_of_marimo() -> bool:
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def _show(frame: DataFrame) -> None:
    import marimo

    from .first_rows import rows_of_query

    query = ASKED.query_of(frame)
    if query is not None:
        marimo.output.replace(rows_of_query(frame, query))
