"""Warns of ``cache()`` and ``persist()``: Sail 0.7.2 caches nothing, and ``is_cached`` says that it did.

Goes when Sail caches, or refuses to.
"""

from __future__ import annotations

from typing import Any

from .findings import Finding


def find(request: Any) -> Finding | None:
    """Whether an ``AnalyzePlanRequest`` asks to cache."""
    if request.WhichOneof("analyze") != "persist":
        return None
    return Finding(
        "cache",
        "Sail caches nothing: each action reads and computes this DataFrame again, and may find other rows. To keep "
        "rows, write them to Parquet and read that, or use spark.createDataFrame(df.toArrow()) for a small result.",
    )
