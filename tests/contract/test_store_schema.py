"""The database itself: made once, upgraded once, private, and refused when it is not ours to touch."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lakesail_notebook import store
from lakesail_notebook.errors import FailedPrecondition, LakesailError, Unavailable
from lakesail_notebook.store import schema
from lakesail_notebook.store.backup import back_up, copies_of
from lakesail_notebook.store.sql import SqlStore, open_store
from tests.builders import a_session
from tests.contract.store_rig import Processes, in_store

MIGRATIONS = Path(store.__file__).parent / "migrations"


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def nothing(_: SqlStore) -> None: ...


def identity(url: str, _number: int = 0) -> tuple[str, bytes]:
    async def test(store: SqlStore) -> tuple[str, bytes]:
        return store.issuer, store.marker_key

    return in_store(url, test)


def refused(url: str) -> LakesailError:
    with pytest.raises(LakesailError) as caught:
        asyncio.run(open_store(url))
    return caught.value


def declared(connection: sqlite3.Connection) -> set[str]:
    """The statements that made the database, spelt alike."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name != 'alembic_version'")
    return {_in_one_order(" ".join(sql.split())) for (sql,) in rows}


def _in_one_order(sql: str) -> str:
    """A column that is added later stands behind the constraints."""
    head, _, body = sql.partition("(")
    parts = re.split(r", (?![^()]*\))", body.rpartition(")")[0])
    return f"{head}({', '.join(sorted(part.strip() for part in parts))})" if sql.startswith("CREATE TABLE") else sql


# The schema


def test_a_migrated_database_is_what_the_schema_says(database_url: str) -> None:
    in_store(database_url, nothing)
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


def test_a_migrated_database_is_declared_like_a_new_one(database_url: str, tmp_path: Path) -> None:
    """Alembic's comparison does not see the conditions of indexes, nor names of constraints."""
    in_store(database_url, nothing)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(file_of(database_url))) as old, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        assert declared(old) == declared(new)


def test_the_newest_migration_is_the_one_that_the_code_wants() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_those_who_open_an_empty_database_at_once_have_the_same(database_url: str, processes: Processes) -> None:
    assert len(set(processes.all(identity, database_url))) == 1


def test_a_database_keeps_its_identity(database_url: str, tmp_path: Path) -> None:
    issuer, marker_key = identity(database_url)
    assert identity(database_url) == (issuer, marker_key)
    assert len(marker_key) == 32
    another_issuer, another_key = identity(f"sqlite:///{tmp_path / 'another.db'}")
    assert another_issuer != issuer
    assert another_key != marker_key


# What is not ours to touch


def test_a_database_that_a_newer_version_added_to_is_used_as_it_is(database_url: str) -> None:
    in_store(database_url, nothing)
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9876'")
        connection.execute("ALTER TABLE session ADD COLUMN of_the_future TEXT")
        connection.execute("CREATE TABLE of_the_future (id TEXT)")

    added = a_session()

    async def use(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_session(added)
            assert await unit.session(added.id) == added

    in_store(database_url, use)
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9876",)]


def test_a_schema_that_no_version_made_is_refused_with_both_revisions(database_url: str) -> None:
    in_store(database_url, nothing)
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'beef'")
    error = refused(database_url)
    assert isinstance(error, FailedPrecondition)
    assert "beef" in error.message
    assert schema.REVISION in error.message
    assert str(file_of(database_url)) in error.message


# Copies


def migrate_down(database_url: str, revision: str) -> None:
    """Have the database as an older version left it."""
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_a_database_is_copied_before_it_is_migrated(database_url: str) -> None:
    migrate_down(database_url, "0001")
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        before = declared(connection)
    in_store(database_url, nothing)
    [copy] = copies_of(file_of(database_url))
    assert copy.name.endswith(".before-0001")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert declared(connection) == before
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_a_new_database_and_one_that_is_up_to_date_are_not_copied(database_url: str) -> None:
    in_store(database_url, nothing)
    in_store(database_url, nothing)
    assert copies_of(file_of(database_url)) == []


def test_the_last_two_copies_are_kept(database_url: str) -> None:
    in_store(database_url, nothing)
    database = file_of(database_url)
    for moment, revision in enumerate(("0001", "0002", "0003", "0002")):
        copy = back_up(database, revision)
        os.utime(copy, (moment, moment))
    assert [path.name[-4:] for path in copies_of(database)] == ["0003", "0002"]


def test_a_database_that_cannot_be_copied_is_not_migrated(database_url: str) -> None:
    migrate_down(database_url, "0001")
    (file_of(database_url).parent / f"{file_of(database_url).name}.before-0001").mkdir()
    error = refused(database_url)
    assert isinstance(error, Unavailable)
    assert "make room" in error.message
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_another_programs_database_is_left_alone(database_url: str) -> None:
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as connection:
        connection.execute("CREATE TABLE session (id TEXT)")
    error = refused(database_url)
    assert isinstance(error, FailedPrecondition)
    assert "another program's" in error.message
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        assert declared(connection) == {"CREATE TABLE session (id TEXT)"}


@pytest.mark.parametrize(
    "content", [b"this is no database, and long enough to be looked at" * 40, b"SQLite format 3\0!"]
)
def test_a_damaged_database_is_said_and_left_alone(database_url: str, content: bytes) -> None:
    file_of(database_url).write_bytes(content)
    error = refused(database_url)
    assert isinstance(error, Unavailable)
    assert str(file_of(database_url)) in error.message
    assert file_of(database_url).read_bytes() == content


@pytest.mark.parametrize(
    "url", ["", "nonsense", "postgresql://ada:secret@db/lakesail", "mysql://db/x", "sqlite://", "sqlite:///:memory:"]
)
def test_a_url_that_names_no_file_is_refused_without_its_password(url: str) -> None:
    error = refused(url)
    assert isinstance(error, FailedPrecondition)
    assert "sqlite:////" in error.message
    assert "secret" not in error.message


def test_a_place_where_no_database_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory.db").mkdir(mode=0o755)
    for place in ("file/lakesail.db", "directory.db"):
        error = refused(f"sqlite:///{tmp_path / place}")
        assert isinstance(error, Unavailable)
        assert str(tmp_path / place) in error.message
        assert "database_url" in error.message
    assert stat.S_IMODE((tmp_path / "directory.db").stat().st_mode) == 0o755


# Privacy


def test_the_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lakesail.db"

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_session(a_session())
        async with store.reading():
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == ["lakesail.db", "lakesail.db-shm", "lakesail.db-wal"]
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    in_store(f"sqlite:///{path}", test)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_database_that_others_could_read_is_closed_to_them(database_url: str) -> None:
    file_of(database_url).touch()
    file_of(database_url).chmod(0o644)
    in_store(database_url, nothing)
    assert stat.S_IMODE(file_of(database_url).stat().st_mode) == 0o600
