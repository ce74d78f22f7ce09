"""marimo's panel of data sources: what a session's catalog has, level by level, as somebody opens it.

Temp views belong to no database. They stand in the current one, since SQL names them as it names that one's tables.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal

from marimo._data.models import Database, DataTable, DataTableColumn, DataType, Schema
from marimo._types.ids import VariableName

from ..errors import LakesailError
from ..spark.catalog.entries import Column, Current, Table
from ..spark.catalog.lazy import LazyCatalog, Reader
from ..spark.sql.names import dotted, parts_of

DIALECT: Literal["spark"] = "spark"
_AT_ONCE_SECONDS = 2.0
"""All that is listed when a cell has made a session delays the next cell."""
_OPENED_SECONDS = 20.0
"""Somebody waits for the level that they opened; remote catalogs can be slow."""
_GLOBAL_TEMP = "global_temp"


class CatalogPanel:
    """The levels of one session's catalog.

    :param catalog: ``None`` for a session that this process no longer has.
    :param variable: the variable that holds the session.
    :param at_once_seconds: how long all together may take that is listed before somebody opens a level.
    """

    def __init__(
        self,
        catalog: LazyCatalog | None,
        variable: VariableName | None,
        at_once_seconds: float = _AT_ONCE_SECONDS,
    ) -> None:
        self._catalog = catalog
        self._allowed_at_once = at_once_seconds
        self._variable = variable
        self._at_once_until: float | None = None

    def current(self) -> Current | None:
        return None if self._catalog is None else self._catalog.within(self._at_once_seconds()).current()

    def databases(self) -> list[Database]:
        """The catalogs, and the schemas of the current one as far as they are known soon."""
        if self._catalog is None:
            return []
        seconds = self._at_once_seconds()
        reader, strict = self._catalog.within(seconds), self._catalog.all_of_it(seconds)
        current = reader.current()
        here = None if current is None else current.catalog
        names = sorted((one.name for one in reader.catalogs()), key=lambda name: name != here)
        return [self._database(name, strict if name == here else None) for name in names]

    def schemas(self, catalog: str) -> list[Schema]:
        """:raises LakesailError: when the engine does not answer."""
        return [] if self._catalog is None else self._schemas(catalog, self._catalog.all_of_it(_OPENED_SECONDS))

    def tables(self, catalog: str, schema: str) -> list[DataTable]:
        """:raises LakesailError: when the engine does not answer."""
        if self._catalog is None:
            return []
        reader = self._catalog.all_of_it(_OPENED_SECONDS)
        if schema == _GLOBAL_TEMP:
            return [self._table(view) for view in reader.temp_views() if view.namespace]
        views = _own_views(reader) if _is_current(reader, catalog, schema) else ()
        return [self._table(one) for one in (*views, *reader.tables(catalog, _parts(schema)))]

    def details(self, catalog: str, schema: str, name: str) -> DataTable | None:
        """One table with its columns; ``None`` where it has none.

        :raises LakesailError: when the engine does not answer.
        """
        if self._catalog is None:
            return None
        reader = self._catalog.all_of_it(_OPENED_SECONDS)
        table = Table(name, "table", catalog, _parts(schema))
        if schema == _GLOBAL_TEMP:
            table = Table(name, "global temp view", None, (_GLOBAL_TEMP,))
        elif _is_current(reader, catalog, schema):
            table = next((view for view in _own_views(reader) if view.name == name), table)
        return self._table(table, reader.columns(table.parts))

    def _at_once_seconds(self) -> float:
        """What is left of the time for all that is listed at once."""
        now = time.monotonic()
        if self._at_once_until is None:
            self._at_once_until = now + self._allowed_at_once
        return max(0.0, self._at_once_until - now)

    def _database(self, catalog: str, reader: Reader | None) -> Database:
        """:param reader: looks its schemas up; without one, they are looked up when it is opened."""
        try:
            schemas = None if reader is None else self._schemas(catalog, reader)
        except LakesailError:  # the engine is busy: the level is asked for again when somebody opens it
            schemas = None
        return Database(
            name=catalog,
            dialect=DIALECT,
            schemas=schemas or [],
            schemas_resolved=schemas is not None,
            engine=self._variable,
        )

    def _schemas(self, catalog: str, reader: Reader) -> list[Schema]:
        names = [dotted(one.namespace) for one in reader.databases(catalog)]
        current = reader.current()
        if current is not None and current.catalog == catalog and any(view.namespace for view in reader.temp_views()):
            names.append(_GLOBAL_TEMP)
        return [Schema(name=name, tables=[], tables_resolved=False) for name in dict.fromkeys(names)]

    def _table(self, table: Table, columns: Iterable[Column] | None = None) -> DataTable:
        shown = [_column(one) for one in columns or ()]
        return DataTable(
            source_type="connection",
            source=DIALECT,
            name=table.name,
            num_rows=None,
            num_columns=None if columns is None else len(shown),
            variable_name=None,
            columns=shown,
            engine=self._variable,
            type="table" if table.kind == "table" else "view",
        )


def _own_views(reader: Reader) -> tuple[Table, ...]:
    return tuple(view for view in reader.temp_views() if not view.namespace)


def _is_current(reader: Reader, catalog: str, schema: str) -> bool:
    current = reader.current()
    return current is not None and (current.catalog, current.namespace) == (catalog, _parts(schema))


def _parts(schema: str) -> tuple[str, ...]:
    return parts_of(schema) or (schema,)


def _column(column: Column) -> DataTableColumn:
    return DataTableColumn(name=column.name, type=data_type(column.type), external_type=column.type, sample_values=[])


def data_type(spark_type: str) -> DataType:
    """marimo's word for a type of Spark SQL."""
    kind = spark_type.lower().partition("(")[0].partition("<")[0].strip()
    if kind in {"tinyint", "smallint", "int", "integer", "bigint", "long", "short", "byte"}:
        return "integer"
    if kind in {"float", "double", "decimal", "real"}:
        return "number"
    if kind in {"string", "varchar", "char", "binary"}:
        return "string"
    if kind.startswith("timestamp"):
        return "datetime"
    if kind in {"boolean", "date", "time"}:
        return "boolean" if kind == "boolean" else "date" if kind == "date" else "time"
    return "unknown"
