"""Questions on the catalog to an engine: one request each, in no list of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...errors import LakesailError
from ..rpcs.looks import rows_of
from ..sql.names import dotted, parts_of
from .entries import (
    Answer,
    Catalog,
    Column,
    Current,
    Database,
    Entry,
    Failure,
    Function,
    Question,
    QuestionKind,
    Table,
    TableKind,
)

ANSWER_SECONDS = 20.0
"""A remote catalog may take its time; nobody has to wait for it."""
_GLOBAL_TEMP = "global_temp"
_PASSING = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    }
)

Row = tuple[Any, ...]


def ask(channel: grpc.Channel, spark_session_id: str, question: Question) -> Answer | Failure:
    """What the engine says; a failure within twenty seconds where it does not.

    :param channel: one that nobody observes.
    """
    try:
        rows = rows_of(channel, spark_session_id, _relation(question), ANSWER_SECONDS)
        return tuple(_ENTRIES[question.kind](rows))
    except grpc.RpcError as error:
        return Failure(str(error.details()), passing=error.code() in _PASSING)
    except (ValueError, LakesailError) as error:  # ValueError: the channel is closed
        return Failure(str(error), passing=True)


def _relation(question: Question) -> Any:
    relation = spark_proto.Relation()
    match question.kind:
        case "current":
            relation.sql.query = "SELECT current_catalog(), current_database()"
        case "catalogs":
            relation.catalog.list_catalogs.SetInParent()
        case "databases":  # Spark Connect lists those of the current catalog alone
            relation.sql.query = f"SHOW DATABASES IN {dotted(question.parts)}"
        case "tables":
            relation.catalog.list_tables.db_name = dotted(question.parts)
        case "temp views":  # they are listed beside the tables of any database, and this one is always there
            relation.catalog.list_tables.db_name = _GLOBAL_TEMP
        case "columns":
            relation.catalog.list_columns.table_name = dotted(question.parts)
        case "functions":
            relation.catalog.list_functions.SetInParent()
    return relation


def _current(rows: Iterable[Row]) -> Iterable[Entry]:
    return [Current(catalog, parts_of(database) or (database,)) for catalog, database in rows]


def _catalogs(rows: Iterable[Row]) -> Iterable[Entry]:
    return [Catalog(name) for name, *_ in rows]


def _databases(rows: Iterable[Row]) -> Iterable[Entry]:
    return [Database(catalog, parts_of(name) or (name,)) for name, catalog, *_ in rows]


def _tables(rows: Iterable[Row]) -> Iterable[Entry]:
    """Those of the database; not the temp views, which are listed with every one."""
    return [
        Table(name, _kind(table_type), catalog, tuple(namespace))
        for name, catalog, namespace, _, table_type, _ in sorted(rows, key=_by_name)
        if catalog is not None
    ]


def _kind(table_type: str) -> TableKind:
    return "view" if table_type == "VIEW" else "table"


def _by_name(row: Row) -> str:
    return str(row[0]).lower()


def _temp_views(rows: Iterable[Row]) -> Iterable[Entry]:
    return [
        Table(name, "global temp view" if namespace else "temp view", None, tuple(namespace or ()))
        for name, catalog, namespace, *_ in sorted(rows, key=_by_name)  # the engine lists them in no order
        if catalog is None
    ]


def _columns(rows: Iterable[Row]) -> Iterable[Entry]:
    return [Column(name, column_type, bool(nullable)) for name, _, column_type, nullable, *_ in rows]


def _functions(rows: Iterable[Row]) -> Iterable[Entry]:
    """Without the operators, which are listed among them."""
    return [Function(name) for name, *_ in rows if name.isidentifier()]


_ENTRIES: Mapping[QuestionKind, Callable[[Iterable[Row]], Iterable[Entry]]] = {
    "current": _current,
    "catalogs": _catalogs,
    "databases": _databases,
    "tables": _tables,
    "temp views": _temp_views,
    "columns": _columns,
    "functions": _functions,
}
