"""A session in the shape of an ADBC connection, for programs that take one: another version of marimo, or polars.

It imports nothing of marimo, and needs nothing of it that is not public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InvalidArgument, NotFound
from ..spark.catalog.lazy import Reader
from ..spark.queries.actions import ACTIONS
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from ..spark.sql.names import dotted, parts_of
from ..version import __version__
from .errors import made_readable
from .statements import bound_by_nobody, run_in_order

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql.connect.session import SparkSession

Depth = Literal["all", "catalogs", "db_schemas", "tables", "columns"]
_SECONDS = 20.0
_LEVELS: Mapping[Depth, int] = {"catalogs": 0, "db_schemas": 1, "tables": 2, "columns": 3, "all": 3}


def sql_engine(spark: SparkSession) -> SqlEngine:
    """A Spark session as a connection in the shape of ADBC, as in ``mo.sql("...", engine=sail.sql_engine(spark))``.

    With a version of marimo that lakesail-notebook knows, ``engine=spark`` is better: it keeps the result lazy. Here a
    query is run to its end, and all of its rows come into this process.

    :param spark: what ``connect()`` gave.
    :raises InvalidArgument: for anything else.
    """
    return SqlEngine(spark)


class SqlEngine:
    """The connection. Spark has no transactions: each statement counts once it has run."""

    def __init__(self, spark: SparkSession) -> None:
        catalog = OPEN_SESSIONS.catalog_of(spark)
        if catalog is None:
            raise InvalidArgument("sql_engine() takes a Spark session that connect() gave and that is still open.")
        self._spark = spark
        self._catalog = catalog

    def cursor(self) -> Cursor:
        return Cursor(self._spark)

    def commit(self) -> None:
        """There is nothing to commit."""

    def rollback(self) -> None:
        """There is nothing to take back."""

    def close(self) -> None:
        """The session goes on: it is not this connection's."""

    @property
    def adbc_current_catalog(self) -> str:
        return self._current()[0]

    @property
    def adbc_current_db_schema(self) -> str:
        return self._current()[1]

    def adbc_get_info(self) -> dict[str | int, Any]:
        return {
            "vendor_name": "Spark",
            "driver_name": "lakesail-notebook",
            "driver_version": __version__,
        }

    def adbc_get_objects(
        self,
        *,
        depth: Depth = "all",
        catalog_filter: str | None = None,
        db_schema_filter: str | None = None,
        table_name_filter: str | None = None,
        table_types_filter: Sequence[str] | None = None,
        column_name_filter: str | None = None,
    ) -> pyarrow.RecordBatchReader:
        """What the catalog has, in ADBC's nested form.

        :raises LakesailError: when the engine does not answer.
        """
        import pyarrow

        objects = _Objects(self._catalog.all_of_it(_SECONDS), _LEVELS[depth], db_schema_filter, table_name_filter)
        rows = list(objects.catalogs(catalog_filter))
        return pyarrow.RecordBatchReader.from_batches(
            _schema(), [pyarrow.RecordBatch.from_pylist(rows, schema=_schema())]
        )

    def adbc_get_table_schema(
        self, table_name: str, *, catalog_filter: str | None = None, db_schema_filter: str | None = None
    ) -> pyarrow.Schema:
        """The columns of a table in Arrow's types.

        :raises PySparkException: when there is no such table.
        """
        from pyspark.sql.pandas.types import to_arrow_schema

        schema = () if db_schema_filter is None else parts_of(db_schema_filter) or (db_schema_filter,)
        name = dotted((*(() if catalog_filter is None else (catalog_filter,)), *schema, table_name))
        return to_arrow_schema(self._spark.table(name).schema)

    def _current(self) -> tuple[str, str]:
        current = self._catalog.all_of_it(_SECONDS).current()
        if current is None:
            raise NotFound("The engine does not say which catalog is the current one.")
        return current.catalog, dotted(current.namespace)


class Cursor:
    """Runs statements, and holds the rows of the last one."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._rows: pyarrow.Table | None = None
        self.description: Sequence[tuple[Any, ...]] | None = None
        """ADBC's: name and type of each column; ``None`` for a statement without a result."""

    def execute(self, query: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Run all statements of a text, each once; a query at its end is run to its end.

        :raises InvalidArgument: for parameters: ``lakesail_notebook.sql`` binds values by name.
        """
        if parameters:
            raise InvalidArgument("This connection binds no parameters; lakesail_notebook.sql() binds values by name.")
        self._rows = self.description = None
        try:
            frame = run_in_order(self._spark, bound_by_nobody(query))
            if frame is not None:
                with ACTIONS.one(query):
                    self._rows = frame.toArrow()
        except Exception as error:
            raise made_readable(error) from None
        if self._rows is not None:
            self.description = [(one.name, one.type, None, None, None, None, None) for one in self._rows.schema]
        return self

    def fetch_arrow_table(self) -> pyarrow.Table:
        """:raises InvalidArgument: when the last statement had no result."""
        if self._rows is None:
            raise InvalidArgument("There are no rows: nothing was run, or the statement has no result.")
        return self._rows

    def close(self) -> None:
        self._rows = None


class _Objects:
    """A catalog's entries as ADBC's rows, down to one of its levels."""

    def __init__(self, reader: Reader, level: int, schema: str | None, table: str | None) -> None:
        self._reader = reader
        self._level = level
        self._schema = schema
        self._table = table

    def catalogs(self, name: str | None) -> Iterator[dict[str, Any]]:
        for one in self._reader.catalogs():
            if name in {None, one.name}:
                schemas = list(self._schemas(one.name)) if self._level > 0 else None
                yield {"catalog_name": one.name, "catalog_db_schemas": schemas}

    def _schemas(self, catalog: str) -> Iterable[dict[str, Any]]:
        for one in self._reader.databases(catalog):
            name = dotted(one.namespace)
            if self._schema in {None, name}:
                tables = list(self._tables(catalog, one.namespace)) if self._level > 1 else None
                yield {"db_schema_name": name, "db_schema_tables": tables}

    def _tables(self, catalog: str, namespace: tuple[str, ...]) -> Iterable[dict[str, Any]]:
        current = self._reader.current()
        here = current is not None and (current.catalog, current.namespace) == (catalog, namespace)
        views = [view for view in self._reader.temp_views() if not view.namespace] if here else []
        for one in (*views, *self._reader.tables(catalog, namespace)):
            if self._table in {None, one.name}:
                yield {
                    "table_name": one.name,
                    "table_type": "TABLE" if one.kind == "table" else "VIEW",
                    "table_columns": list(self._columns(one.parts)) if self._level > 2 else None,
                }

    def _columns(self, table: tuple[str, ...]) -> Iterable[dict[str, Any]]:
        for position, one in enumerate(self._reader.columns(table), 1):
            yield {"column_name": one.name, "ordinal_position": position, "xdbc_type_name": one.type}


def _schema() -> pyarrow.Schema:
    import pyarrow as pa

    column = pa.struct(
        [("column_name", pa.string()), ("ordinal_position", pa.int32()), ("xdbc_type_name", pa.string())]
    )
    table = pa.struct([("table_name", pa.string()), ("table_type", pa.string()), ("table_columns", pa.list_(column))])
    schema = pa.struct([("db_schema_name", pa.string()), ("db_schema_tables", pa.list_(table))])
    return pa.schema([("catalog_name", pa.string()), ("catalog_db_schemas", pa.list_(schema))])
