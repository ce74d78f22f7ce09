"""DataFrames and Spark sessions of a cell that belong to another session than the notebook's: which, and made where."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..spark.readable_errors import OldObject
from ..spark.sessions.open_sessions import OPEN_SESSIONS

_CELL_MAGIC, _LINE_MAGIC = "run_cell_magic", "run_line_magic"


def old_objects(shell: Any, *, ended: bool) -> tuple[OldObject, ...]:
    """Those that the running cell names, in the order in which it does.

    :param ended: only those whose Spark session is over.
    """
    cells: Sequence[str] = shell.history_manager.input_hist_parsed
    found = {}
    for name in names_used(cells[-1]) if cells else ():
        spark = _spark_of(shell.user_ns.get(name))
        session_id = None if spark is None else OPEN_SESSIONS.session_id_of_spark(spark)
        if spark is not None and session_id is not None and (spark.is_stopped or not ended):
            found[name] = OldObject(name, session_id, cell_that_made(name, cells[:-1]))
    return tuple(found.values())


def names_used(cell: str) -> Iterator[str]:
    """The variables that a cell reads, in their order; none of a cell that is not Python."""
    tree = _parsed(cell)
    names = [] if tree is None else [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    yield from (node.id for node in names if isinstance(node.ctx, ast.Load))


def cell_that_made(name: str, cells: Sequence[str]) -> int | None:
    """The number of the last cell that gave a variable its value; ``None`` when none of them did.

    :param cells: by their number, as IPython turned them into Python.
    """
    numbers = (number for number in range(len(cells) - 1, 0, -1) if name in _names_made(cells[number]))
    return next(numbers, None)


def _names_made(cell: str) -> Iterator[str]:
    tree = _parsed(cell)
    for node in () if tree is None else ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _names_made_by_magic(node.func.attr, node.args)


def _names_made_by_magic(method: str, arguments: Sequence[ast.expr]) -> Iterator[str]:
    """``%%sail sql VAR`` and ``%sail connect --var VAR``."""
    texts = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
    if method not in {_CELL_MAGIC, _LINE_MAGIC} or len(texts) < 2 or texts[0] != "sail":
        return
    command, *words = str(texts[1]).split() or [""]
    if command == "sql":
        yield from (word for word in words if word.isidentifier())
    elif command in {"connect", "relaunch"}:
        yield words[words.index("--var") + 1] if "--var" in words[:-1] else "spark"


def _parsed(cell: str) -> ast.Module | None:
    try:
        return ast.parse(cell)
    except SyntaxError:
        return None


def _spark_of(value: Any) -> Any:
    """The Connect session that a value is, or was made from."""
    if not type(value).__module__.startswith("pyspark.sql.connect."):
        return None
    if type(value).__name__ == "SparkSession":
        return value
    attributes: Mapping[str, Any] = getattr(value, "__dict__", {})
    frame = attributes.get("_df", value)  # of grouped data
    return getattr(frame, "__dict__", {}).get("_session")
