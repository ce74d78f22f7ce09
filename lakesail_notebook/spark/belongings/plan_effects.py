"""What a plan leaves in its Spark session or takes away, and what it names. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..sql.tokens import Reader, code_of

Kind = Literal["temp view", "table", "function", "data source", "setting"]

GLOBAL_VIEWS = "global_temp"
"""The database of the temp views that all Spark sessions of an engine share."""

_BOUND_TO_A_SESSION = frozenset({"CachedLocalRelation", "CachedRemoteRelation", "ChunkedCachedLocalRelation"})
"""Messages that stand for data which the engine holds for one Spark session."""
_NAMING = {
    "NamedTable": "unparsed_identifier",
    "SQL": "query",
    "SqlCommand": "sql",
    "ExpressionString": "expression",
    "UnresolvedFunction": "function_name",
    "CallFunction": "function_name",
    "UnresolvedTableValuedFunction": "function_name",
    "DataSource": "format",
}
"""The messages of a plan that name something, and the field in which they do."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Something that a Spark session holds, and that is gone with it."""

    kind: Kind
    name: str
    """Of a global temp view with its database."""

    @property
    def key(self) -> tuple[Kind, str]:
        """What the engine tells it apart by: names of functions have no case."""
        return self.kind, self.name.lower() if self.kind == "function" else self.name


@dataclass(frozen=True, slots=True)
class Effects:
    """What a plan does to its Spark session."""

    made: Belonging | None = None
    dropped: Belonging | None = None

    def __bool__(self) -> bool:
        return self.made is not None or self.dropped is not None


def effects_of(plan: Any) -> Effects:
    """The effects of a ``Plan``; none for a plan that only reads, or writes files."""
    kind = plan.WhichOneof("op_type")
    if kind == "command":
        return _effects_of_command(plan.command)
    if kind == "root" and plan.root.WhichOneof("rel_type") == "catalog":
        return _effects_of_catalog(plan.root.catalog)
    return Effects()


def names_in(plan: Any) -> frozenset[str]:
    """The names of views, functions and data sources that a plan may use: at least those that it does."""
    names: set[str] = set()
    for message in _messages_of(plan):
        field = _NAMING.get(message.DESCRIPTOR.name)
        if field is not None:
            sql = Reader(code_of(getattr(message, field)))
            if sql.take("CREATE"):
                _created(sql)  # passes the name of what is made, which is not used
            names |= {name for token in sql.rest if (name := token.name) is not None}
    if GLOBAL_VIEWS in names:
        names |= {f"{GLOBAL_VIEWS}.{name}" for name in names}
    return frozenset(names)


def is_bound_to_its_session(plan: Any) -> bool:
    """Whether a plan holds references that another Spark session does not know."""
    return any(message.DESCRIPTOR.name in _BOUND_TO_A_SESSION for message in _messages_of(plan))


def _messages_of(message: Any) -> Iterator[Any]:
    """A message and all that are in it."""
    ahead = [message]
    while ahead:
        current = ahead.pop()
        if hasattr(current, "ListFields"):
            yield current
            ahead.extend(value for field, value in current.ListFields() if field.message_type is not None)
        elif hasattr(current, "values"):  # a map, whose values may be plain
            ahead.extend(value for value in current.values() if hasattr(value, "ListFields"))
        else:
            ahead.extend(current)


def _effects_of_command(command: Any) -> Effects:
    kind = command.WhichOneof("command_type")
    if kind == "create_dataframe_view":
        view = command.create_dataframe_view
        return Effects(made=_view(view.name, shared=view.is_global))
    if kind == "register_function":
        return Effects(made=Belonging("function", command.register_function.function_name))
    if kind == "register_table_function":
        return Effects(made=Belonging("function", command.register_table_function.function_name))
    if kind == "register_data_source":
        return Effects(made=Belonging("data source", command.register_data_source.name))
    if kind == "write_operation" and command.write_operation.WhichOneof("save_type") == "table":
        return Effects(made=Belonging("table", command.write_operation.table.table_name))
    if kind == "write_operation_v2":
        return Effects(made=Belonging("table", command.write_operation_v2.table_name))
    if kind == "sql_command":
        return _effects_of_sql(command.sql_command.input.sql.query or command.sql_command.sql)
    return Effects()


def _effects_of_catalog(catalog: Any) -> Effects:
    kind = catalog.WhichOneof("cat_type")
    if kind == "drop_temp_view":
        return Effects(dropped=_view(catalog.drop_temp_view.view_name))
    if kind == "drop_global_temp_view":
        return Effects(dropped=_view(catalog.drop_global_temp_view.view_name, shared=True))
    if kind in {"create_table", "create_external_table"}:
        return Effects(made=Belonging("table", getattr(catalog, kind).table_name))
    if kind in {"set_current_database", "set_current_catalog"}:
        return Effects(made=Belonging("setting", kind.removeprefix("set_").replace("_", " ")))
    return Effects()


def _view(name: str, *, shared: bool = False) -> Belonging:
    return Belonging("temp view", f"{GLOBAL_VIEWS}.{name}" if shared else name)


def _effects_of_sql(text: str) -> Effects:
    """What a statement does, as its first words tell."""
    sql = Reader(code_of(text))
    if sql.take("SET"):
        name = None if sql.take_one_of("TIME", "VAR", "VARIABLE") else sql.dotted_name()
        return Effects(made=Belonging("setting", name)) if name and sql.take("=") else Effects()
    if sql.take("USE"):
        catalog = sql.take("CATALOG")
        return Effects(made=Belonging("setting", "current catalog" if catalog else "current database"))
    if sql.take("CREATE"):
        return Effects(made=_created(sql))
    if sql.take("DROP"):
        return Effects(dropped=_dropped(sql))
    return Effects()


def _created(sql: Reader) -> Belonging | None:
    sql.take("OR", "REPLACE")
    shared = sql.take("GLOBAL")
    temporary = sql.take_one_of("TEMP", "TEMPORARY")
    kind = sql.take_one_of("VIEW") if temporary else sql.take_one_of("TABLE")
    sql.take("IF", "NOT", "EXISTS")
    name = sql.dotted_name()
    if not kind or name is None:
        return None
    return _view(name, shared=shared) if temporary else Belonging("table", name)


def _dropped(sql: Reader) -> Belonging | None:
    temporary = sql.take_one_of("TEMP", "TEMPORARY")
    if sql.take("FUNCTION"):
        kind: Kind = "function"
    elif not temporary and sql.take_one_of("VIEW"):
        kind = "temp view"
    elif not temporary and sql.take_one_of("TABLE"):
        kind = "table"
    else:
        return None
    sql.take("IF", "EXISTS")
    name = sql.dotted_name()
    return None if name is None else Belonging(kind, name)
