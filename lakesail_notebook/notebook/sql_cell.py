"""``%%sail sql``: a cell of SQL on the notebook's session, its parameters bound from Python."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from ..errors import FailedPrecondition
from ..rendering import row_tables as table
from ..rendering.fetching import fetch
from ..spark.queries.actions import ACTIONS
from ..spark.sail_workarounds.described_commands import is_no_query
from ..spark.sessions.open_sessions import active_spark_session
from ..spark.sql.binding import NotBindable, bind
from ..spark.sql.running import has_run, unrun
from ..spark.sql.running import run as run_statement
from ..spark.sql.statements import NotReadable, statements_of
from . import plot
from .arguments import sql_parser

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession


def run(shell: Any, line: str, cell: str) -> None:
    """Run the statements of a cell in their order; show the result of the last one.

    :raises UsageError: for a mistake in the line, a brace or a name; nothing has run then.
    """
    arguments = sql_parser().read(line.split())
    try:
        statements = statements_of(cell)
    except NotReadable as error:
        raise UsageError(f"%%sail sql: {error}") from error
    if not statements:
        raise UsageError("%%sail sql: the cell has no statement")
    only_described = arguments.explain or arguments.schema
    if only_described and len(statements) > 1:
        raise UsageError("%%sail sql: --explain and --schema run nothing, so they are for one statement alone")
    if arguments.plot:
        plot.check()
    try:
        bound = [bind(statement, shell.user_ns) for statement in statements]
    except NotBindable as error:
        raise UsageError(f"%%sail sql: {error}") from error
    spark = _spark()
    if only_described:
        _describe(shell, arguments, unrun(spark, bound[0]))
        return
    for one in bound[:-1]:
        with ACTIONS.one(one.sql):
            run_statement(spark, one)
    with ACTIONS.one(bound[-1].sql):
        _show(shell, arguments, run_statement(spark, bound[-1]))


def _spark() -> SparkSession:
    spark = active_spark_session()
    if spark is None:
        raise FailedPrecondition("This notebook is not connected to a session; run %sail connect first.")
    return spark


def _describe(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    """Show the plan or the columns of a query.

    :raises UsageError: for a statement that is no query.
    """
    from pyspark.errors import PySparkException

    try:
        schema = frame.schema
    except PySparkException as error:
        if not is_no_query(error):
            raise
        option = "--explain" if arguments.explain else "--schema"
        raise UsageError(f"%%sail sql {option}: this is no query, and it has not been run") from error
    if arguments.explain:
        frame.explain()
    else:
        display(table.bundle(table.of_schema(schema)), raw=True)  # type: ignore[no-untyped-call]
    _assign(shell, arguments, frame)


def _show(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    _assign(shell, arguments, frame)
    fetched = fetch(frame, arguments.limit)
    if not fetched.columns and has_run(frame):
        print("Done; it has no result.")
        return
    if arguments.plot:
        plot.show(fetched)
        return
    display(table.bundle(fetched.as_rows()), raw=True)  # type: ignore[no-untyped-call]


def _assign(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    if arguments.var is not None:
        shell.user_ns[arguments.var] = frame
