"""The catalog of the Spark session that PySpark takes for the active one."""

from __future__ import annotations

from ..catalog.lazy import LazyCatalog
from .open_sessions import OPEN_SESSIONS, active_spark_session


def active_catalog() -> LazyCatalog | None:
    """``None`` before this process is connected; PySpark is not loaded for the question."""
    spark = active_spark_session()
    return None if spark is None else OPEN_SESSIONS.catalog_of(spark)
