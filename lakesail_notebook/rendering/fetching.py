"""The first rows of a DataFrame, with what is needed to show them as Spark would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spark.zones import SessionZone, has_instants, zone_of
from . import row_tables as table

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

_ZONE = "spark.sql.session.timeZone"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The first rows of a result, and one more where there are more."""

    arrow: Any
    count: int
    """The rows that were fetched; an Arrow table without columns does not tell it."""
    limit: int
    """How many are to be shown."""
    zone: SessionZone | None
    """The Spark session's when the rows were fetched; ``None`` where there are no timestamps, or it is not known."""

    @property
    def columns(self) -> int:
        return int(self.arrow.num_columns)

    @property
    def shown(self) -> Any:
        """The rows to show, as an Arrow table."""
        return self.arrow.slice(0, self.limit)

    def as_rows(self) -> table.Rows:
        return table.of_arrow(self.arrow, self.limit, rows=self.count, zone=self.zone)


def fetch(frame: DataFrame, limit: int) -> Fetched:
    """Run a query for its first rows.

    :param limit: how many are to be shown.
    """
    import pyarrow

    first = frame.limit(limit + 1)
    if not first.columns:
        return Fetched(pyarrow.table({}), first.count(), limit, None)
    arrow = first.toArrow()
    zone = None
    if any(has_instants(field.type) for field in arrow.schema):
        zone = zone_of(str(frame.sparkSession.conf.get(_ZONE)))
    return Fetched(arrow, arrow.num_rows, limit, zone)
