"""A copy of an SQLite database before its schema changes: what a migration gets wrong can be undone by hand."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import Unavailable

KEPT = 2
"""Copies of one database; older ones are removed."""
_SUFFIX = ".before-"
_DRAFT = ".part"


def back_up(database: Path, revision: str) -> Path:
    """Copy a database that has this revision; the copy appears whole or not at all.

    :raises Unavailable: when it cannot be copied; nothing is migrated then.
    """
    copy = database.with_name(f"{database.name}{_SUFFIX}{revision}")
    draft = copy.with_name(f"{copy.name}{_DRAFT}")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        reader = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        with closing(reader) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target)
        draft.replace(copy)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Unavailable(
            f"The database {database} cannot be copied to {copy} before its schema is brought up to date ({error}); "
            "make room there, or copy the file yourself and set c.LakesailApp.database_url to the copy.",
            paths=(database, copy),
        ) from error
    _remove_older(database, copy)
    return copy


def copies_of(database: Path) -> list[Path]:
    """The copies, the latest last."""
    found = database.parent.glob(f"{database.name}{_SUFFIX}*")
    whole = (path for path in found if not path.name.endswith((_DRAFT, "-wal", "-shm", "-journal")))
    return sorted(whole, key=lambda path: path.stat().st_mtime_ns)


def drafts_of(database: Path) -> list[Path]:
    """Copies that somebody died over."""
    return list(database.parent.glob(f"{database.name}{_SUFFIX}*{_DRAFT}"))


def _remove_older(database: Path, latest: Path) -> None:
    others = [path for path in copies_of(database) if path != latest]
    for path in others[: max(0, len(others) - KEPT + 1)]:
        path.unlink(missing_ok=True)
