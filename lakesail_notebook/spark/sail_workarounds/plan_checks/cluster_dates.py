"""Warns of dates in CSV files that a cluster writes: Sail 0.7.2 leaves them empty.

Goes when a Sail cluster writes dates into CSV files.
"""

from __future__ import annotations

from .engine import Engine
from .findings import Finding
from .writes import Write


def find(write: Write, engine: Engine, *, cluster: bool) -> Finding | None:
    """Which columns a write would leave empty.

    :param cluster: whether the engine runs with workers.
    """
    if not cluster or write.format != "csv" or write.source is None:
        return None
    names = [one.name for one in engine.columns(write.source) or () if one.type == "date"]
    if not names:
        return None
    return Finding(
        "clusterCsvDates",
        f"Sail in cluster mode writes dates into CSV files as nothing: {', '.join(names)} of {write.what} will be "
        f"empty. Cast {'it' if len(names) == 1 else 'them'} to a string first, or write Parquet.",
        about=f"{write.what} {names}",
    )
