"""``mo.sql(..., engine=spark)``: marimo's shape of a SQL engine, which is not public, around a session of ours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from marimo._data.models import Database, DataTable, Schema
from marimo._sql.engines.types import InferenceConfig, SQLConnection
from marimo._sql.error_utils import MarimoSQLException
from marimo._types.ids import VariableName

from ..errors import LakesailError
from ..spark.sessions.open_sessions import OPEN_SESSIONS
from .catalog_panel import DIALECT, CatalogPanel
from .errors import sentence
from .first_rows import result_is_lazy
from .statements import bound_by_nobody, complaint, run_in_order

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession


class SailEngine(SQLConnection["SparkSession"]):
    """One Spark session. Statements run once; a query is described, and its first rows are fetched to be shown."""

    def __init__(self, connection: SparkSession, engine_name: VariableName | None = None) -> None:
        super().__init__(connection, engine_name)
        self._panel = CatalogPanel(OPEN_SESSIONS.catalog_of(connection), engine_name)

    @property
    def source(self) -> str:
        return "lakesail"

    @property
    def dialect(self) -> str:
        return DIALECT

    @staticmethod
    def is_compatible(var: Any) -> bool:
        """Whether it is a session that ``connect()`` gave; other Spark sessions are left to others."""
        module = sys.modules.get("pyspark.sql.connect.session")
        kind = getattr(module, "SparkSession", None)
        return kind is not None and isinstance(var, kind) and OPEN_SESSIONS.session_id_of_spark(var) is not None

    @property
    def inference_config(self) -> InferenceConfig:
        return InferenceConfig(auto_discover_schemas=True, auto_discover_tables=False, auto_discover_columns=False)

    def get_default_database(self) -> str | None:
        current = self._panel.current()
        return None if current is None else current.catalog

    def get_default_schema(self) -> str | None:
        current = self._panel.current()
        return None if current is None else ".".join(current.namespace)

    def get_databases(
        self,
        *,
        include_schemas: bool | Literal["auto"],
        include_tables: bool | Literal["auto"],
        include_table_details: bool | Literal["auto"],
    ) -> list[Database]:
        return self._panel.databases()

    def get_schemas(
        self,
        *,
        database: str | None,
        include_tables: bool,
        include_table_details: bool,
        schema_path: list[str] | None = None,
    ) -> list[Schema]:
        name = database or self.get_default_database()
        return [] if schema_path or name is None else self._panel.schemas(name)

    def get_tables_in_schema(
        self, *, schema: str, database: str, include_table_details: bool, schema_path: list[str] | None = None
    ) -> list[DataTable]:
        return self._panel.tables(database, schema)

    def get_table_details(
        self, *, table_name: str, schema_name: str, database_name: str, schema_path: list[str] | None = None
    ) -> DataTable | None:
        return self._panel.details(database_name, schema_name, table_name)

    def execute(self, query: str) -> DataFrame | None:
        """A lazy DataFrame for a query; ``None`` for a statement without a result.

        :raises MarimoSQLException: marimo shows it as one sentence, without a traceback.
        """
        try:
            frame = run_in_order(self._connection, bound_by_nobody(query))
        except Exception as error:
            raise_as_marimo_shows_it(error, query)
            raise
        if frame is not None:
            result_is_lazy()
        return frame

    def execute_in_explain_mode(self, query: str, globals_dict: dict[str, Any] | None = None) -> tuple[Any, str | None]:
        """What is wrong with SQL that somebody writes. It is only described: EXPLAIN would be a query."""
        return None, complaint(self._connection, query)


def raise_as_marimo_shows_it(error: Exception, sql: str) -> None:
    """:raises MarimoSQLException: for an exception of the engine or of ours; not for an interrupt."""
    from ..spark.rpcs.stoppable_channel import QueryInterrupted

    said = None if isinstance(error, QueryInterrupted) else sentence(error)
    if said is None:
        return
    shown = MarimoSQLException(message=said, sql_statement=sql)
    if not isinstance(error, LakesailError):
        shown.engine_message = str(error)  # type: ignore[attr-defined]
    raise shown from None
