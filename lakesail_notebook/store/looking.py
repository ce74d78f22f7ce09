"""A look at a database from outside, before it is opened: nothing is written, locked or imported for it."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

VERSION_TABLE = "alembic_version"
_HEADER = b"SQLite format 3\x00"
_SQLITE_URL = re.compile(r"sqlite(\+\w+)?:///(?P<path>[^?]+)(\?.*)?", re.DOTALL)
_REVISION = re.compile(r"[0-9]+")
_OURS = frozenset({VERSION_TABLE, "meta", "session", "workload"})
"""Tables that every version of the schema has."""
_IN_MEMORY = ":memory:"


def sqlite_path(url: str) -> Path | None:
    """The file that a database URL names; ``None`` when it names no SQLite file."""
    found = _SQLITE_URL.fullmatch(url)
    return None if found is None or found["path"] == _IN_MEMORY else Path(found["path"])


def foreign(path: Path) -> str | None:
    """Why a file cannot be a database of ours, without naming it; ``None`` when it may be one, or does not exist.

    :raises OSError: when it cannot be read.
    """
    if not path.exists():
        return None
    if path.is_dir():
        return "is a directory"
    with path.open("rb") as file:
        header = file.read(len(_HEADER))
    if not header:
        return None
    if header != _HEADER:
        return "is not an SQLite database"
    return _foreign_schema(path)


def _foreign_schema(path: Path) -> str | None:
    """Immutable: SQLite then takes no lock and makes no file. What others are writing just now it may not see."""
    import sqlite3  # a server that is not used must start fast

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return None
            if not tables >= _OURS:
                return "is another program's database"
            revisions = [str(row[0]) for row in connection.execute(f"SELECT version_num FROM {VERSION_TABLE}")]
    except sqlite3.Error:
        return None  # half written, perhaps: opening it will tell
    strange = [revision for revision in revisions if _REVISION.fullmatch(revision) is None]
    return "has a schema that no version of lakesail-notebook made" if strange else None
