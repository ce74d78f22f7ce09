"""Brings a database to the newest schema, once, in the transaction of the one who comes first."""

from __future__ import annotations

import importlib
from pathlib import Path

import sqlalchemy as sa

from ..errors import FailedPrecondition
from .backup import back_up
from .looking import VERSION_TABLE
from .schema import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"


def preload() -> None:
    """Import Alembic ahead of time. A database that is up to date does not need it, so nobody else imports it early."""
    importlib.import_module("alembic.command")


def upgrade(connection: sa.Connection) -> str | None:
    """Run the migrations that the database lacks, in the caller's transaction; an SQLite file is copied before.

    A database that a newer version has migrated is used as it is: migrations only add what older versions do not need.

    :return: the revision that it had; ``None``: it was empty.
    :raises FailedPrecondition: for a database that another program made.
    :raises Unavailable: when the file cannot be copied.
    """
    current = _revision(connection)
    database = str(connection.engine.url.database)
    if current == REVISION or _is_newer(current):
        return current
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise FailedPrecondition(
            f"The database {database} has schema {current}, which no version of "
            f"lakesail-notebook made (this one makes {REVISION}); set c.LakesailApp.database_url to another file.",
            paths=(database,),
        )
    if current is not None and connection.dialect.name == "sqlite":
        back_up(Path(database).absolute(), current)
    command.upgrade(config, "head")
    return current


def _is_newer(revision: str | None) -> bool:
    return revision is not None and revision.isdecimal() and int(revision) > int(REVISION)


def _revision(connection: sa.Connection) -> str | None:
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    if VERSION_TABLE not in tables:
        database = str(connection.engine.url.database)
        raise FailedPrecondition(
            f"The database {database} is another program's; set c.LakesailApp.database_url to another file.",
            paths=(database,),
        )
    return str(connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))))
