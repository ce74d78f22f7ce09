"""What a Spark session holds that is gone when it is: named, so that nobody has to find out query by query."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .sql.tokens import Reader, code_of

Kind = Literal["temp view", "table", "setting", "function"]

_SHOWN_OF_A_KIND = 10


@dataclass(frozen=True, slots=True)
class Belonging:
    kind: Kind
    name: str


class Belongings:
    """Those of one Spark session, made from this process or found; implements :class:`.observing.Observer`.

    What a query made counts once all of its results came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, tuple[tuple[Belonging, ...], tuple[str, ...]]] = {}
        self._made: dict[Belonging, None] = {}

    def all(self) -> tuple[Belonging, ...]:
        """In the order in which they were made."""
        with self._lock:
            return tuple(self._made)

    def found(self, belongings: Iterable[Belonging]) -> None:
        """Another process, such as the kernel before a restart, made these."""
        self._keep(tuple(belongings), ())

    def begins(self, request: Any) -> None:
        made, dropped = tuple(made_by(request.plan)), tuple(dropped_by(request.plan))
        if made or dropped:
            with self._lock:
                self._under_way[request.operation_id] = (made, dropped)

    def analyses(self, request: Any) -> None:
        return

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        if answer.HasField("result_complete"):
            made, dropped = self._under_way.pop(operation_id, ((), ()))
            self._keep(made, dropped)

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        return

    def configures(self, request: Any) -> None:
        operation = request.operation
        if operation.WhichOneof("op_type") == "set":
            self._keep(tuple(Belonging("setting", pair.key) for pair in operation.set.pairs), ())
        elif operation.WhichOneof("op_type") == "unset":
            self._keep((), tuple(operation.unset.keys))

    def _keep(self, made: tuple[Belonging, ...], dropped: tuple[str, ...]) -> None:
        with self._lock:
            self._made = {one: None for one in self._made if one.name not in dropped}
            self._made |= dict.fromkeys(made)


def made_by(plan: Any) -> Iterator[Belonging]:
    """What a plan leaves in its Spark session."""
    command = plan.command
    kind = command.WhichOneof("command_type") if plan.WhichOneof("op_type") == "command" else None
    if kind == "create_dataframe_view":
        yield Belonging("temp view", command.create_dataframe_view.name)
    elif kind == "register_function":
        yield Belonging("function", command.register_function.function_name)
    elif kind == "write_operation" and command.write_operation.WhichOneof("save_type") == "table":
        yield Belonging("table", command.write_operation.table.table_name)
    elif kind == "write_operation_v2":
        yield Belonging("table", command.write_operation_v2.table_name)
    if made := _made_by_sql(Reader(code_of(_sql_of(plan)))):
        yield made


def dropped_by(plan: Any) -> Iterator[str]:
    """The names of what a plan takes away."""
    if dropped := _dropped_by_sql(Reader(code_of(_sql_of(plan)))):
        yield dropped
    catalog = plan.root.catalog if plan.WhichOneof("op_type") == "root" else None
    if catalog is not None and catalog.WhichOneof("cat_type") == "drop_temp_view":
        yield catalog.drop_temp_view.view_name


def in_a_sentence(belongings: tuple[Belonging, ...]) -> str:
    """``temp views flights, planes; the setting spark.sql.x``; empty for none."""
    parts = []
    for kind in ("temp view", "table", "function", "setting"):
        names = [one.name for one in belongings if one.kind == kind]
        more = f" and {len(names) - _SHOWN_OF_A_KIND} more" if len(names) > _SHOWN_OF_A_KIND else ""
        if names:
            parts.append(f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names[:_SHOWN_OF_A_KIND])}{more}")
    return "; ".join(parts)


def _sql_of(plan: Any) -> str:
    if plan.WhichOneof("op_type") == "command" and plan.command.WhichOneof("command_type") == "sql_command":
        return str(plan.command.sql_command.input.sql.query or plan.command.sql_command.sql)
    return ""


def _made_by_sql(sql: Reader) -> Belonging | None:
    """What a statement leaves in its Spark session, as its first words tell."""
    if sql.take("SET"):
        name = None if sql.take_one_of("TIME", "VAR", "VARIABLE") else sql.dotted_name()
        return Belonging("setting", name) if name and sql.take("=") else None
    if not sql.take("CREATE"):
        return None
    sql.take("OR", "REPLACE")
    sql.take("GLOBAL")
    temporary = sql.take_one_of("TEMP", "TEMPORARY")
    kind = _kind(sql, temporary=temporary)
    sql.take("IF", "NOT", "EXISTS")
    name = sql.dotted_name()
    return None if kind is None or name is None else Belonging(kind, name)


def _kind(sql: Reader, *, temporary: bool) -> Kind | None:
    if temporary:
        return "temp view" if sql.take("VIEW") else None
    return "table" if sql.take("TABLE") else None


def _dropped_by_sql(sql: Reader) -> str | None:
    if not (sql.take("DROP") and sql.take_one_of("VIEW", "TABLE")):
        return None
    sql.take("IF", "EXISTS")
    return sql.dotted_name()
