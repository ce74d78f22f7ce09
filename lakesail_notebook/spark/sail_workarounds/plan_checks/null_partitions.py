"""Warns of nulls in partition columns: Sail 0.7.2 writes them as ``p=0``, ``p=false`` or ``p=``, outside of Delta.

Goes when Sail writes ``__HIVE_DEFAULT_PARTITION__``, and reads it as null.
"""

from __future__ import annotations

from .engine import Engine
from .findings import Finding
from .writes import TRANSACTIONAL, Write


def find(write: Write, engine: Engine) -> Finding | None:
    """Which partition columns of a write may hold nulls, as their types tell."""
    if not write.partitioned_by or write.source is None or write.format in TRANSACTIONAL:
        return None
    wanted = {name.strip("`").lower() for name in write.partitioned_by}
    names = [one.name for one in engine.columns(write.source) or () if one.nullable and one.name.lower() in wanted]
    if not names:
        return None
    one = len(names) == 1
    return Finding(
        "nullPartitions",
        f"The partition column{'' if one else 's'} {', '.join(names)} of {write.what} may hold nulls, and Sail writes "
        f"a null there as 0, 1970-01-01, false or an empty text, so it reads back as that. Replace nulls first, as in "
        f"df.na.fill(..., ['{names[0]}']), or use Delta, which keeps them.",
        about=f"{write.what} {names}",
    )
