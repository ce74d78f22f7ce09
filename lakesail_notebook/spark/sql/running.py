"""Bound statements as PySpark DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .binding import Bound, Items

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession


def run(spark: SparkSession, bound: Bound) -> DataFrame:
    """A statement that changes something runs here, once; a query runs when its rows are fetched."""
    return spark.sql(bound.sql, args=_arguments(bound) or None, **bound.frames)


def has_run(frame: DataFrame) -> bool:
    """Whether a DataFrame of :func:`run` holds what a statement answered, and not a query that is still to run."""
    return bool(frame._plan.to_proto(frame.sparkSession.client).root.WhichOneof("rel_type") == "local_relation")


def _arguments(bound: Bound) -> dict[str, Any]:
    from pyspark.sql.connect import functions

    def column(value: Any) -> Any:
        if not isinstance(value, Items):
            return functions.lit(value)
        if value.type is None:
            return functions.lit(list(value.values))
        return functions.array(*(functions.lit(one).cast(value.type) for one in value.values))

    return {name: column(value) for name, value in bound.values.items()}


def unrun(spark: SparkSession, bound: Bound) -> DataFrame:
    """The same as a DataFrame that has only been described: ``spark.sql`` would run an INSERT at once."""
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.plan import SQL, SubqueryAlias
    from pyspark.sql.connect.sql_formatter import SQLStringFormatter

    formatter = SQLStringFormatter(spark)
    text = formatter.format(bound.sql, **bound.frames) if bound.frames else bound.sql
    views = [SubqueryAlias(frame._plan, name) for frame, name in formatter._temp_views]
    return DataFrame(SQL(text, [], _arguments(bound), views), spark)
