"""``%%sail sql``: a cell of SQL on the notebook's session, its parameters bound from Python."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from ..errors import FailedPrecondition
from . import table
from .arguments import Parser, variable
from .sql_text import NotReadable, Statement, statements_of

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

_BINDABLE = (str, int, float, bool, bytes, Decimal, date, datetime, type(None))
MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement ready for PySpark."""

    sql: str
    """With ``:name`` for values and ``{name}`` for DataFrames."""
    values: Mapping[str, Any]
    frames: Mapping[str, Any]


def run(shell: Any, line: str, cell: str) -> None:
    """Run the statements of a cell in their order; show the result of the last one.

    :raises UsageError: for a mistake in the line, a brace or a name; nothing has run then.
    """
    arguments = _parser().read(line.split())
    try:
        statements = statements_of(cell)
    except NotReadable as error:
        raise UsageError(f"%%sail sql: {error}") from error
    if not statements:
        raise UsageError("%%sail sql: the cell has no statement")
    bound = [bind(statement, shell.user_ns) for statement in statements]
    spark = _spark()
    for one in bound[:-1]:
        _sql(spark, one)
    _show(shell, arguments, _sql(spark, bound[-1]))


def bind(statement: Statement, namespace: Mapping[str, Any]) -> Bound:
    """The values of the names in a statement: bound by the engine, never pasted into the text.

    :raises UsageError: for a name that is not there, or a value that SQL knows no literal for.
    """
    values: dict[str, Any] = {}
    frames: dict[str, Any] = {}
    for name in (piece.text for piece in statement if piece.kind == "name"):
        if name not in namespace:
            raise UsageError(f"%%sail sql: there is no Python variable {name!r} to bind to {{{name}}}")
        value = namespace[name]
        if _is_frame(value):
            frames[name] = value
        elif _is_bindable(value):
            values[name] = value
        else:
            raise UsageError(
                f"%%sail sql: {name} is of type {type(value).__name__}; what can be bound are DataFrames of this "
                "session, numbers, texts, bytes, dates, None and lists of these"
            )
    parts = (_part(piece.kind, piece.text, values, braces=bool(frames)) for piece in statement)
    return Bound("".join(parts).strip(), values, frames)


def _part(kind: str, text: str, values: Mapping[str, Any], *, braces: bool) -> str:
    if kind == "name":
        return f":{text}" if text in values else f"{{{text}}}"
    # With DataFrames, PySpark reads the text as a format.
    return text.replace("{", "{{").replace("}", "}}") if braces else text


def _is_bindable(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, _BINDABLE) for one in value)
    return isinstance(value, _BINDABLE)


def _is_frame(value: Any) -> bool:
    return type(value).__name__ == "DataFrame" and type(value).__module__.startswith("pyspark.sql.connect")


def _spark() -> SparkSession:
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession.getActiveSession()
    if spark is None or spark.is_stopped:
        raise FailedPrecondition("This notebook is not connected to a session; run %sail connect first.")
    return spark


def _sql(spark: SparkSession, bound: Bound) -> DataFrame:
    """A statement that changes something runs here, once; a query runs when its rows are fetched."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in bound.values.items()}
    return spark.sql(bound.sql, args=values or None, **bound.frames)


def _show(shell: Any, arguments: argparse.Namespace, frame: DataFrame) -> None:
    if arguments.var is not None:
        shell.user_ns[arguments.var] = frame
    if arguments.explain:
        frame.explain()
        return
    if arguments.schema:
        display(table.bundle(table.of_schema(frame.schema)), raw=True)  # type: ignore[no-untyped-call]
        return
    fetched = frame.limit(arguments.limit + 1).toArrow()
    if not fetched.num_columns:
        print("Done; it has no result.")
        return
    if arguments.plot:
        from . import plot

        plot.show(fetched.slice(0, arguments.limit))
        return
    display(table.bundle(table.of_arrow(fetched, arguments.limit)), raw=True)  # type: ignore[no-untyped-call]


def _parser() -> Parser:
    parser = Parser("%%sail sql", "Run SQL on this notebook's session; {name} binds the Python variable of that name.")
    parser.add_argument("var", nargs="?", metavar="VAR", type=variable, help="assign the result to it, as a DataFrame")
    parser.add_argument("--limit", type=_rows, default=1000, metavar="1000", help="how many rows to show")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--explain", action="store_true", help="show the plan, without running it")
    instead.add_argument("--schema", action="store_true", help="show names and types of the columns")
    instead.add_argument("--plot", action="store_true", help="draw the rows: the first column over the others")
    return parser


def _rows(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_ROWS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows from 1 to {MOST_ROWS:,}")
    return int(text)
