"""The catalog of the Spark session that PySpark takes for the active one."""

from __future__ import annotations

import sys

from ..open_sessions import OPEN_SESSIONS
from .lazy import LazyCatalog


def active_catalog() -> LazyCatalog | None:
    """``None`` before this process is connected; PySpark is not loaded for the question."""
    module = sys.modules.get("pyspark.sql.connect.session")
    spark = None if module is None else module.SparkSession.getActiveSession()
    return None if spark is None or spark.is_stopped else OPEN_SESSIONS.catalog_of(spark)
