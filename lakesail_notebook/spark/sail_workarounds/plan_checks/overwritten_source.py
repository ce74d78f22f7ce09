"""Refuses an overwrite of files that the same plan reads: Sail 0.7.2 deletes them before it reads them.

Goes when Sail deletes the old files after the new ones are written, or refuses such a plan.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from .engine import Engine
from .failed_overwrites import Replaced
from .findings import Finding


def find(replaced: Replaced | None, engine: Engine) -> Finding | None:
    """Whether a write would delete what it is made from.

    The engine tells the files of both sides, through views, tables, globs and relative paths.
    """
    if replaced is None or replaced.write.source is None:
        return None
    write, files = replaced.write, real(replaced.files)
    lost = len(files & real(engine.files(write.source) or ()))
    if not lost:
        return None
    return Finding(
        "overwrittenSource",
        f"The overwrite of {write.what} was not sent: the same query reads {lost:,} of its {len(files):,} "
        f"file{'' if len(files) == 1 else 's'}, and Sail deletes them before it reads them, so all rows would be "
        f"lost. Write to a new place, check it, and then replace the old one by it (by a rename, or by reading the new "
        f"place and overwriting the old one).",
    )


def real(urls: Iterable[str]) -> frozenset[str]:
    """Files by one name each: on this machine, a symbolic link leads to the same file."""
    return frozenset(map(_real, urls))


def _real(url: str) -> str:
    parts = urlsplit(url)
    return os.path.realpath(unquote(parts.path)) if parts.scheme == "file" else url
