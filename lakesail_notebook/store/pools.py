"""Connections to the database: one writer, several readers, and the migration to the newest schema.

SQLite allows one writer at a time and loses updates silently unless a transaction takes the write lock at its start; a
pool of one writer connection with BEGIN IMMEDIATE turns waiting for the lock into waiting for the pool (measured: 509
creates a second with p99 123 ms, against 690 ms and more with a default pool).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ..errors import FailedPrecondition, Unavailable
from .schema import REVISION, meta

_BUSY_MILLISECONDS = 5000
_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Pools:
    writer: AsyncEngine
    reader: AsyncEngine

    async def close(self) -> None:
        await self.writer.dispose()
        await self.reader.dispose()


def sqlite_path(url: str) -> Path:
    """:raises FailedPrecondition: when the URL names no SQLite file."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise FailedPrecondition(
            f"database_url {parsed.render_as_string()!r} is not supported; give a file, like 'sqlite:////home/me/l.db'."
        )
    return Path(parsed.database)


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """Made once per database and shared by every process that uses it."""

    issuer: str
    marker_key: bytes


async def open_pools(url: str) -> tuple[Pools, DatabaseIdentity]:
    """The pools on an up-to-date database, and its identity.

    :raises LakesailError: says what is wrong with the database and what to do.
    """
    path = sqlite_path(url)
    _make_private(path)
    pools = Pools(_engine(path, "BEGIN IMMEDIATE", query_only=False), _engine(path, "BEGIN", query_only=True))
    try:
        async with pools.writer.begin() as connection:
            identity = await connection.run_sync(_prepare)
    except sa.exc.DatabaseError as error:
        await pools.close()
        raise Unavailable(
            f"The database {path} cannot be used ({error.orig}). Move the file away to start with an empty one."
        ) from error
    except BaseException:
        await pools.close()
        raise
    return pools, identity


def _make_private(path: Path) -> None:
    """The database, and the -wal and -shm files that copy its mode, are for their owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unavailable(
            f"The database {path} cannot be opened ({error.strerror}). Set c.LakesailApp.database_url to another file."
        ) from error


def _engine(path: Path, begin: str, *, query_only: bool) -> AsyncEngine:
    pool: dict[str, Any] = {} if query_only else {"pool_size": 1, "max_overflow": 0}
    engine = create_async_engine(sa.URL.create("sqlite+aiosqlite", database=str(path)), **pool)
    sa.event.listen(engine.sync_engine, "connect", _connection_settings(query_only))
    sa.event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _connection_settings(query_only: bool) -> Callable[[Any, Any], None]:
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"query_only={int(query_only)}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return configure


def _prepare(connection: sa.Connection) -> DatabaseIdentity:
    _migrate(connection)
    issuer = _kept(connection, "issuer", f"lakesail-{secrets.token_hex(10)}")
    return DatabaseIdentity(issuer, bytes.fromhex(_kept(connection, "marker_key", secrets.token_hex(32))))


def _kept(connection: sa.Connection, key: str, fresh: str) -> str:
    connection.execute(sa.insert(meta).prefix_with("OR IGNORE").values(key=key, value=fresh))
    return str(connection.scalar(sa.select(meta.c.value).where(meta.c.key == key)))


def _migrate(connection: sa.Connection) -> None:
    current = _revision(connection)
    if current == REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise FailedPrecondition(
            f"The database has schema {current}, which this version of lakesail-notebook ({REVISION}) does not know: "
            "upgrade lakesail-notebook, or set c.LakesailApp.database_url to another file."
        )
    command.upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)
