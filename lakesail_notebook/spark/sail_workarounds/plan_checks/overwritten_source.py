"""Refuses an overwrite of files that the same plan reads: Sail 0.7.2 deletes them before it reads them.

Goes when Sail deletes the old files after the new ones are written, or refuses such a plan.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from ...belongings.plan_effects import names_in
from ...sql.tokens import code_of
from .engine import Engine
from .failed_overwrites import Replaced
from .findings import Finding
from .local_files import real, real_path, urls_below
from .writes import TRANSACTIONAL

_GLOB = re.compile(r"[*?\[{]")


def find(
    replaced: Replaced | None, engine: Engine, reads: Sequence[Any] = (), directory: str | None = None
) -> Finding | None:
    """Whether a write would delete what it is made from.

    The engine tells the files of both sides, through views, tables, globs and relative paths. It tells none of Delta
    and Iceberg, of which the paths are compared. When it does not answer in time, the paths of all formats are
    compared, and the names of tables, since the files may be the same.

    :param reads: the relations that the plan reads by path.
    :param directory: the engine's working directory, where the engine reads the files of this machine.
    """
    if replaced is None or replaced.write.source is None:
        return None
    write, files = replaced.write, real(replaced.files)
    told = engine.files(write.source)
    paths = tuple(path for read in reads for path in read.read.data_source.paths)
    source = frozenset[str]().union(*(urls_below(path, directory) for path in paths)) if told is None else told
    lost = len(files & real(source))
    if lost:
        read = f"{lost:,} of its {len(files):,} file{'' if len(files) == 1 else 's'}"
    elif kind := _table_within(write.path, reads, directory):
        read = f"the {kind} table there"
    elif (told is None or not replaced.known) and _overlaps(write.path, paths, directory):
        read = "from there, as its paths tell (the engine did not list the files in time)"
    elif (told is None or not replaced.known) and _is_named(write.table, write.source):
        read = "from it, as its names tell (the engine did not list the files in time)"
    else:
        return None
    return Finding(
        "overwrittenSource",
        f"The overwrite of {write.what} was not sent: the same query reads {read}, and Sail deletes the files before "
        f"it reads them, so all rows would be lost. Write to a new place, check it, and then replace the old one by it "
        f"(by a rename, or by reading the new place and overwriting the old one).",
    )


def _table_within(path: str, reads: Iterable[Any], directory: str | None) -> str | None:
    """The format of a Delta or Iceberg table at a path or below it that is read."""
    if not path:
        return None
    place = _place(path, directory)
    for read in reads:
        source = read.read.data_source
        kind = source.format.lower()
        if kind in TRANSACTIONAL and any(_is_within(_place(one, directory), place) for one in source.paths):
            return str(kind.capitalize())
    return None


def _overlaps(path: str, read: Iterable[str], directory: str | None) -> bool:
    """Whether one of the paths that are read is the path that is written, or one is within the other."""
    if not path:
        return False
    place = _place(path, directory)
    places = [_place(_before_globs(one), directory) for one in read]
    return any(_is_within(one, place) or _is_within(place, one) for one in places)


def _is_named(table: str, source: Any) -> bool:
    """Whether a relation may read a table, by the last part of its name."""
    parts = [name for token in code_of(table) if (name := token.name) is not None]
    return bool(parts) and parts[-1].lower() in {name.lower() for name in names_in(source)}


def _before_globs(path: str) -> str:
    """The directory in which a glob looks; a path without one as it is."""
    first = _GLOB.search(path)
    return path if first is None else path[: path.rfind("/", 0, first.start()) + 1] or "."


def _place(path: str, directory: str | None) -> str:
    place = real_path(path, directory)
    if place is not None:
        return place
    return os.path.normpath(unquote(urlsplit(path).path) if path.startswith("file:") else path)


def _is_within(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/")
