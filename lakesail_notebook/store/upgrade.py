"""Brings a database to the newest schema, once, in the transaction of the one who comes first."""

from __future__ import annotations

import importlib
from pathlib import Path

import sqlalchemy as sa

from ..errors import FailedPrecondition
from .schema import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def preload() -> None:
    """Import Alembic ahead of time. A database that is up to date does not need it, so nobody else imports it early."""
    importlib.import_module("alembic.command")


def upgrade(connection: sa.Connection) -> None:
    """Run the migrations that the database lacks, in the caller's transaction.

    :raises FailedPrecondition: for a database that a newer version or another program made.
    """
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
            f"The database {connection.engine.url.database} has schema {current}, and this version of "
            f"lakesail-notebook knows none above {REVISION}: upgrade lakesail-notebook, or set "
            "c.LakesailApp.database_url to another file."
        )
    command.upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    if _VERSION_TABLE not in tables:
        raise FailedPrecondition(
            f"The database {connection.engine.url.database} is another program's; "
            "set c.LakesailApp.database_url to another file."
        )
    return str(connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(_VERSION_TABLE))))
