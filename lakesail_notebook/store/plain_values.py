"""Values that an older version stored as they were: encrypted, and then gone from the database's files.

The rows are encrypted in the transaction of the upgrade. What was deleted or replaced still stands in free pages of the
file and in its write-ahead log, so the file is written anew after it. The copies that were made before migrations are
treated alike. Until all of that is done, each open tries it again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .backup import copies_of, drafts_of
from .encryption import Cipher
from .schema import meta

Execute = Callable[[str, dict[str, Any]], Any]

_BUSY_SECONDS = 5.0
_STATE, _ENCRYPTED, _ERASED = "plain_values", "encrypted", "erased"
_PLACES = (("workload_config", "sail", ("extraEnv",)), ("workload", "spec", ("sail", "extraEnv")))
"""Table, column, and the path in its JSON."""

log = logging.getLogger(__name__)


def encrypt_plain_values(connection: sa.Connection, cipher: Cipher, *, new: bool) -> bool:
    """Encrypt what is stored as it is, in the caller's transaction.

    :param new: whether the database was made just now.
    :return: whether the files may still hold plain values: call :func:`erase_plain_values` after the commit.
    """
    found = _encrypt(lambda sql, values: connection.exec_driver_sql(sql, values), cipher)
    state = connection.scalar(sa.select(meta.c.value).where(meta.c.key == _STATE))
    due = bool(found) or (state != _ERASED and not new)
    wanted = _ENCRYPTED if due else _ERASED
    if state != wanted:
        connection.execute(sa.delete(meta).where(meta.c.key == _STATE))
        connection.execute(sa.insert(meta).values(key=_STATE, value=wanted))
    return due


def erase_plain_values(database: Path, cipher: Cipher) -> None:
    """Write the file anew, empty its log, and treat the copies alike; what fails is tried again at the next open.

    A copy that cannot be rewritten is removed.
    """
    try:
        with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            _rewrite(connection)
            _clean_copies(database, cipher)
            connection.execute("UPDATE meta SET value = ? WHERE key = ?", (_ERASED, _STATE))
    except (sqlite3.Error, OSError) as error:
        log.warning(
            "The extraEnv values in %s are encrypted, but free pages of the file may still hold old ones (%s); "
            "the next start tries again to write the file anew.",
            database,
            error,
        )


def _clean_copies(database: Path, cipher: Cipher) -> None:
    for draft in drafts_of(database):
        draft.unlink(missing_ok=True)
    for copy in copies_of(database):
        try:
            with closing(sqlite3.connect(copy, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                _encrypt(connection.execute, cipher)
                connection.execute("COMMIT")
                _rewrite(connection)
        except sqlite3.Error as error:
            log.warning("%s was removed: the values in it could not be encrypted (%s).", copy, error)
            for file in (copy, *(copy.with_name(f"{copy.name}{suffix}") for suffix in ("-wal", "-shm"))):
                file.unlink(missing_ok=True)


def _rewrite(connection: sqlite3.Connection) -> None:
    """:raises sqlite3.Error: also when somebody reads an older state, so that the log cannot be emptied."""
    connection.execute("VACUUM")
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("another process reads the database")


def _encrypt(execute: Execute, cipher: Cipher) -> int:
    """How many rows held plain values."""
    count = 0
    for table, column, path in _PLACES:
        inner = "$." + ".".join(path)
        plain = f"SELECT 1 FROM json_each({column}, :inner) WHERE substr(value, 1, :length) <> :mark"
        rows = execute(
            f"SELECT id, {column} FROM {table} WHERE json_valid({column}) AND EXISTS ({plain})",
            {"inner": inner, "length": len(cipher.mark), "mark": cipher.mark},
        ).fetchall()
        for row_id, text in rows:
            changed = {"id": row_id, "text": _encrypted(text, path, cipher)}
            execute(f"UPDATE {table} SET {column} = :text WHERE id = :id", changed)
        count += len(rows)
    return count


def _encrypted(text: str, path: tuple[str, ...], cipher: Cipher) -> str:
    whole = json.loads(text)
    holder = whole
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = {
        name: value if value.startswith(cipher.mark) else cipher.encrypt(value, name)
        for name, value in holder[path[-1]].items()
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
