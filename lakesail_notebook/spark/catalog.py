"""The tables and columns of the active Spark session, for completion."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from .sql.completion import Catalog, quoted

_PATIENCE_SECONDS = 0.5
"""A kernel does nothing else while it completes."""
_KNOWN_FOR_SECONDS = 5.0
_TABLES = 50
"""So many are asked for their columns."""


class Names:
    """The tables and columns, as far as the session says so quickly; remembered for some seconds."""

    def __init__(self) -> None:
        self._known: Catalog = {}
        self._of: Any = None
        self._until = 0.0
        self._asking: threading.Thread | None = None

    def known(self) -> Catalog:
        """Empty before PySpark is loaded: who has not connected has no tables."""
        module = sys.modules.get("pyspark.sql.connect.session")
        spark = None if module is None else module.SparkSession.getActiveSession()
        if spark is None:
            return {}
        if spark is not self._of:
            self._known, self._of, self._until, self._asking = {}, spark, 0.0, None
        if time.monotonic() >= self._until:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, args=(spark,), name="lakesail-names", daemon=True)
                self._asking.start()
            self._asking.join(_PATIENCE_SECONDS)
        return self._known

    def _ask(self, spark: Any) -> None:
        from pyspark.errors import PySparkException

        try:
            tables = [table.name for table in spark.catalog.listTables()]
        except PySparkException:  # the next query will say it
            tables = []
        known = {table: _columns(spark, table) for table in tables[:_TABLES]} | dict.fromkeys(tables[_TABLES:], ())
        if spark is self._of:
            self._known, self._until = known, time.monotonic() + _KNOWN_FOR_SECONDS


def _columns(spark: Any, table: str) -> Sequence[str]:
    from pyspark.errors import PySparkException

    try:
        return tuple(spark.table(quoted(table)).columns)
    except PySparkException:  # a view on a file that is gone
        return ()
