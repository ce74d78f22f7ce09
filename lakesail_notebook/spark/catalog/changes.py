"""Which plans change what can be named in a Spark session."""

from __future__ import annotations

from typing import Any

from ..sql.tokens import code_of
from .lazy import LazyCatalog

_READING = frozenset({"SELECT", "WITH", "FROM", "VALUES", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
_READING_OF_CATALOG = ("list_", "get_", "current_", "database_exists", "table_exists", "function_exists")
_READING_COMMANDS = frozenset(
    {
        "get_resources_command",
        "streaming_query_command",
        "streaming_query_manager_command",
        "checkpoint_command",
        "remove_cached_remote_relation_command",
    }
)


class Changes:
    """Has a catalog ask again after a plan that changed it; implements :class:`..rpcs.observing.Observer`."""

    def __init__(self, catalog: LazyCatalog) -> None:
        self._catalog = catalog
        self._under_way: set[str] = set()

    def begins(self, request: Any) -> None:
        if may_change_names(request.plan):
            self._under_way.add(request.operation_id)

    def analyses(self, request: Any) -> None:
        return

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        if operation_id in self._under_way and answer.HasField("result_complete"):
            self._catalog.changed()

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        if operation_id in self._under_way:  # a failed statement may have done a part of its work
            self._under_way.discard(operation_id)
            self._catalog.changed()

    def configures(self, request: Any) -> None:
        return


def may_change_names(plan: Any) -> bool:
    """Whether a plan may make, change or drop a table, a view, a database or a function, or go to another database."""
    if plan.WhichOneof("op_type") == "root":
        operation = plan.root.catalog.WhichOneof("cat_type") if plan.root.HasField("catalog") else None
        return operation is not None and not operation.startswith(_READING_OF_CATALOG)
    command = plan.command.WhichOneof("command_type")
    if command != "sql_command":
        return command is not None and command not in _READING_COMMANDS
    return _sql_may_change_names(str(plan.command.sql_command.input.sql.query or plan.command.sql_command.sql))


def _sql_may_change_names(sql: str) -> bool:
    first = next(iter(token.text.upper() for token in code_of(sql) if token.text != "("), None)
    return first is not None and first not in _READING
