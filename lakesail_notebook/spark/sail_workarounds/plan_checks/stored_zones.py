"""Warns of timestamps that files hold in another time zone than the Spark session's.

Sail 0.7.2 keeps the zone that a Parquet file or a Delta table names: ``show()``, casts to text and functions such as
``hour()`` work in it, while tables and ``toPandas()`` are in the Spark session's. A cast to ``timestamp`` takes the
zone away, and so does a schema that is given for the read.

Goes when Sail reads timestamps of any zone as those of the Spark session.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from .engine import Engine
from .findings import Finding

ZONE_SETTING = "spark.sql.session.timeZone"
_UTC = frozenset({"utc", "etc/utc", "gmt", "etc/gmt", "z", "zulu", "etc/zulu", "uct", "etc/uct", "+00:00"})

log = logging.getLogger(__name__)


def find(read: Any, engine: Engine, *, local: bool) -> Finding | None:
    """Which columns of a read are in another zone.

    :param read: a relation that reads by path.
    :param local: whether the engine reads the files of this machine.
    """
    source = read.read.data_source
    kind = source.format.lower()
    if source.schema or kind not in {"parquet", "delta", ""} or (kind != "delta" and not local):
        return None
    columns = [column.name for column in engine.columns(read) or () if column.type == "timestamp"]
    [zone] = engine.settings([ZONE_SETTING]) if columns else [None]
    if zone is None:
        return None
    stored = "UTC" if kind == "delta" else _zone_of(engine.files(read) or ())
    if stored is None or _is_same(stored, zone):
        return None
    one, place = columns[0], ", ".join(source.paths)
    return Finding(
        "storedZones",
        f"The timestamps in {place} ({', '.join(columns)}) are stored in the time zone {stored}, and the Spark session "
        f"is in {zone}: show(), casts and functions such as hour() take the first, tables and toPandas() the second. "
        f'Cast them after the read, as in df.withColumn("{one}", df["{one}"].cast("timestamp")), and all take {zone}.',
        about=f"{place} {zone}",
    )


def _zone_of(urls: Sequence[str]) -> str | None:
    """The time zone that the first file names for a timestamp; ``None`` when it names none or cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    url = next((url for url in urls if url.startswith("file:")), None)
    if url is None:
        return None
    try:
        schema = pq.read_schema(unquote(urlsplit(url).path))
    except (OSError, pa.ArrowException) as error:
        log.debug("The time zones in %s cannot be read: %s", url, error)
        return None
    return next((str(one.type.tz) for one in schema if pa.types.is_timestamp(one.type) and one.type.tz), None)


def _is_same(one: str, other: str) -> bool:
    return one == other or (one.lower() in _UTC and other.lower() in _UTC)
