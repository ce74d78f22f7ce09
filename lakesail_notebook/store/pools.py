"""Connections to the database: one writer, several readers.

SQLite allows one writer at a time and loses updates silently unless a transaction takes the write lock at its start; a
pool of one writer connection with BEGIN IMMEDIATE turns waiting for the lock into waiting for the pool (measured: 509
creates a second with p99 123 ms, against 690 ms and more with a default pool).
"""

from __future__ import annotations

import asyncio
import functools
import os
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ..errors import FailedPrecondition, Unavailable
from .encryption import Cipher
from .looking import sqlite_path
from .plain_values import encrypt_plain_values, erase_plain_values
from .schema import meta
from .upgrade import preload, upgrade

_BUSY_SECONDS = 5.0
_CACHE_KIBIBYTES = 16 * 1024
"""Of each connection. The index of 100,000 sessions fits: counting them takes 2 ms, and up to 24 with the default."""
_BUSY_POLL_SECONDS = 0.02
_JOIN_SECONDS = 2.0
_RETRY_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pools:
    path: Path
    writer: AsyncEngine
    reader: AsyncEngine
    threads: weakref.WeakSet[threading.Thread]
    """One for each connection, by aiosqlite."""

    async def close(self) -> None:
        await self.writer.dispose()
        await self.reader.dispose()
        # The thread of a connection that a cancelled task leaves behind has its end to tell to this loop.
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in [thread for thread in self.threads if thread.is_alive()]:
            thread.join(max(0.0, deadline - time.monotonic()))


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """Made once per database and shared by every process that uses it."""

    issuer: str
    marker_key: bytes


def preload_for(url: str) -> None:
    """Import what opening this database will need.

    :raises FailedPrecondition: when the URL names no SQLite file.
    """
    if not _sqlite_path(url).exists():
        preload()


async def open_pools(url: str, cipher: Cipher | None) -> tuple[Pools, DatabaseIdentity]:
    """The pools on an up-to-date database, and its identity.

    :param cipher: encrypts the values that an older version stored as they were.
    :raises LakesailError: says what is wrong with the database and what to do.
    """
    path = _sqlite_path(url)
    # In a thread: the imports of a migration, and waiting for others, would stall every notebook of the server.
    identity = await asyncio.to_thread(_prepare, path, cipher)
    threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
    url_of_pools = sa.URL.create("sqlite+aiosqlite", database=str(path))
    connect = functools.partial(_connect, path, threads)
    writer = create_async_engine(url_of_pools, pool_size=1, max_overflow=0, async_creator=connect)
    reader = create_async_engine(url_of_pools, async_creator=connect)
    _set_up(writer.sync_engine, "BEGIN IMMEDIATE", query_only=False)
    _set_up(reader.sync_engine, "BEGIN", query_only=True)
    return Pools(path, writer, reader, threads), identity


@contextmanager
def trouble_is_told(path: Path) -> Iterator[None]:
    """Turns what a database may suffer from into :class:`Unavailable`; mistakes in our SQL stay as they are."""
    try:
        yield
    except sa.exc.TimeoutError as error:  # nobody gave a connection back
        raise _busy(path) from error
    except sa.exc.DatabaseError as error:
        if type(error) not in {sa.exc.OperationalError, sa.exc.DatabaseError}:
            raise
        raise _unavailable(path, error.orig) from error


def _connect(path: Path, threads: weakref.WeakSet[threading.Thread]) -> Awaitable[aiosqlite.Connection]:
    """As SQLAlchemy would, but that the thread is known from the start: a task may be cancelled while it connects."""
    connection = aiosqlite.connect(path, check_same_thread=False)
    connection._thread.daemon = True
    threads.add(connection._thread)
    return connection


def _prepare(path: Path, cipher: Cipher | None) -> DatabaseIdentity:
    _make_private(path)
    _use_write_ahead_log(path)
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
    _set_up(engine, "BEGIN IMMEDIATE", query_only=False)
    with trouble_is_told(path), engine.begin() as connection:
        before = upgrade(connection)
        plain_values_left = cipher is not None and encrypt_plain_values(connection, cipher, new=before is None)
        issuer = _kept(connection, "issuer", f"lakesail-{secrets.token_hex(10)}")
        marker_key = _kept(connection, "marker_key", secrets.token_hex(32))
    if cipher is not None and plain_values_left:
        erase_plain_values(path.absolute(), cipher)
    return DatabaseIdentity(issuer, bytes.fromhex(marker_key))


def _sqlite_path(url: str) -> Path:
    """:raises FailedPrecondition: when the URL names no SQLite file."""
    path = sqlite_path(url)
    if path is None:
        raise FailedPrecondition(
            "c.LakesailApp.database_url names no SQLite file; give one like 'sqlite:////home/me/lakesail.db'."
        )
    return path


def _make_private(path: Path) -> None:
    """The database, and the -wal and -shm files that copy its mode, are for their owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_file():
            path.chmod(0o600)  # opening it here, and closing it, would drop the locks that this process has on it
        elif not path.exists():
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise Unavailable(
            f"The database {path} cannot be opened ({error.strerror}). Set c.LakesailApp.database_url to another file.",
            paths=(path,),
        ) from error


def _use_write_ahead_log(path: Path) -> None:
    """Set the journal's mode, which the file keeps. SQLite does not wait for others while it changes it, so we do."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.DatabaseError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise _unavailable(path, error) from error
        time.sleep(_BUSY_POLL_SECONDS)


def _set_up(engine: sa.Engine, begin: str, *, query_only: bool) -> None:
    sa.event.listen(engine, "connect", _connection_settings(query_only))
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    sa.event.listen(engine, "invalidate", _roll_back)


def _connection_settings(query_only: bool) -> Callable[[Any, Any], None]:
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={int(_BUSY_SECONDS * 1000)}",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"cache_size=-{_CACHE_KIBIBYTES}",
            f"query_only={int(query_only)}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return configure


def _roll_back(connection: Any, _record: Any, _error: BaseException | None) -> None:
    """End the transaction of a cancelled task before its connection is closed: SQLite closes a connection, and with it
    a transaction, only when the last of its cursors is gone, and the traceback of the cancellation may hold one."""
    with suppress(Exception, asyncio.CancelledError):  # whatever comes, it is closed next
        connection.rollback()


def _kept(connection: sa.Connection, key: str, fresh: str) -> str:
    connection.execute(sa.insert(meta).prefix_with("OR IGNORE").values(key=key, value=fresh))
    return str(connection.scalar(sa.select(meta.c.value).where(meta.c.key == key)))


def _busy(path: Path) -> Unavailable:
    return Unavailable(
        f"The database {path} is held by others for longer than we wait; try again.",
        paths=(path,),
        retry_after_seconds=_RETRY_AFTER_SECONDS,
    )


def _unavailable(path: Path, error: BaseException | None) -> Unavailable:
    if _is_busy(error):
        return _busy(path)
    if _error_name(error).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return Unavailable(
            f"The database {path} is damaged ({error}). Move it away, with its -wal and -shm files, to begin a new "
            "one.",
            paths=(path,),
        )
    return Unavailable(
        f"The database {path} cannot be used ({error}). Give it space and rights, or set c.LakesailApp.database_url to "
        "another file.",
        paths=(path,),
        retry_after_seconds=_RETRY_AFTER_SECONDS,
    )


def _is_busy(error: BaseException | None) -> bool:
    return _error_name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _error_name(error: BaseException | None) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
