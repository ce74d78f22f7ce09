"""``%%sail sql``: a cell of SQL on the notebook's session, its parameters bound from Python."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from ..errors import FailedPrecondition
from ..rendering import row_tables as table
from ..spark.sql.binding import Bound, Items, bind
from ..spark.sql.statements import NotReadable, statements_of
from . import plot
from .arguments import sql_parser

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

_NO_QUERY = "expected query node"
"""What Sail 0.7.2 says of a command that is described and not run."""


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
    bound = [bind(statement, shell.user_ns) for statement in statements]
    spark = _spark()
    if only_described:
        _describe(shell, arguments, _unrun(spark, bound[0]))
        return
    for one in bound[:-1]:
        _sql(spark, one)
    _show(shell, arguments, _sql(spark, bound[-1]))


def _spark() -> SparkSession:
    module = sys.modules.get("pyspark.sql.connect.session")  # a connected notebook has loaded it
    spark = None if module is None else module.SparkSession.getActiveSession()
    if spark is None or spark.is_stopped:
        raise FailedPrecondition("This notebook is not connected to a session; run %sail connect first.")
    return spark


def _sql(spark: SparkSession, bound: Bound) -> DataFrame:
    """A statement that changes something runs here, once; a query runs when its rows are fetched."""
    return spark.sql(bound.sql, args=_arguments(bound) or None, **bound.frames)


def _arguments(bound: Bound) -> dict[str, Any]:
    from pyspark.sql.connect import functions

    def column(value: Any) -> Any:
        if not isinstance(value, Items):
            return functions.lit(value)
        if value.type is None:
            return functions.lit(list(value.values))
        return functions.array(*(functions.lit(one).cast(value.type) for one in value.values))

    return {name: column(value) for name, value in bound.values.items()}


def _unrun(spark: SparkSession, bound: Bound) -> DataFrame:
    """The same as a DataFrame that has only been described: ``spark.sql`` would run an INSERT at once."""
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.plan import SQL, SubqueryAlias
    from pyspark.sql.connect.sql_formatter import SQLStringFormatter

    formatter = SQLStringFormatter(spark)
    text = formatter.format(bound.sql, **bound.frames) if bound.frames else bound.sql
    views = [SubqueryAlias(frame._plan, name) for frame, name in formatter._temp_views]
    return DataFrame(SQL(text, [], _arguments(bound), views), spark)


def _describe(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    """Show the plan or the columns of a query.

    :raises UsageError: for a statement that is no query.
    """
    from pyspark.errors import PySparkException

    try:
        schema = frame.schema
    except PySparkException as error:
        if _NO_QUERY not in str(error):
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
    fetched = frame.limit(arguments.limit + 1).toArrow()
    if not fetched.num_columns:
        print("Done; it has no result.")
        return
    if arguments.plot:
        plot.show(fetched.slice(0, arguments.limit))
        return
    display(table.bundle(table.of_arrow(fetched, arguments.limit)), raw=True)  # type: ignore[no-untyped-call]


def _assign(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    if arguments.var is not None:
        shell.user_ns[arguments.var] = frame
