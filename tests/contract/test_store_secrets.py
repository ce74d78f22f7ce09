"""Values of ``extraEnv`` stand in no file of the database, whatever wrote them and whenever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from lakesail_notebook import store as store_room
from lakesail_notebook.encryption import ValueCipher
from lakesail_notebook.models import SailConfig
from lakesail_notebook.store import schema
from lakesail_notebook.store.backup import copies_of
from lakesail_notebook.store.plain_values import encrypt_plain_values
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.records import ConfigRecord, LaunchSpec, WorkloadRecord
from tests.builders import a_config, a_workload
from tests.contract.store_rig import CIPHER, in_store

MIGRATIONS = Path(store_room.__file__).parent / "migrations"
SECRETS = ("first-secret-of-a-config", 'ümläut & "quoted" secret', "secret-of-a-workload", "replaced-secret")
OTHER_KEY = b"o" * 32


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def spellings(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield secret.encode().replace(b'"', b'\\"')
    yield secret.encode("ascii", "backslashreplace")


def files_with(directory: Path, secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Which file holds which secret, in any spelling that JSON may give it."""
    return [
        (file.name, secret)
        for file in directory.iterdir()
        if file.is_file()
        for secret in secrets
        if any(spelt in file.read_bytes() for spelt in spellings(secret))
    ]


def with_env(**variables: str) -> SailConfig:
    return SailConfig(extra_env=variables)


async def nothing(_: SqlStore) -> None: ...


def stored_texts(url: str) -> list[str]:
    with closing(sqlite3.connect(file_of(url))) as connection:
        return [
            text
            for (text,) in connection.execute("SELECT sail FROM workload_config UNION ALL SELECT spec FROM workload")
        ]


def test_values_are_stored_encrypted_and_read_as_they_were(database_url: str, tmp_path: Path) -> None:
    config = a_config(sail=with_env(A=SECRETS[0], B=SECRETS[1], EMPTY=""))
    workload = a_workload(spec=LaunchSpec(sail=with_env(C=SECRETS[2])))
    changed = replace(config, version=2, sail=with_env(A=SECRETS[3]))

    async def write(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_config(config)
            await unit.add_workload(workload)
        async with store.reading() as view:
            assert await view.config(config.id) == config
            assert await view.workload(workload.id) == workload
            assert await view.unfinished_workloads() == [workload]
            assert await view.configs(None, after=None, limit=10) == [config]
        assert files_with(tmp_path, SECRETS) == []  # the log is not in the file yet
        async with store.writing() as unit:
            assert await unit.change_config(changed, version=1)
            assert await unit.config(config.id) == changed

    in_store(database_url, write)
    assert files_with(tmp_path, SECRETS) == []
    assert all(CIPHER.mark in text for text in stored_texts(database_url))


def test_the_same_value_is_stored_differently_each_time(database_url: str) -> None:
    async def write(store: SqlStore) -> None:
        async with store.writing() as unit:
            for name in ("one", "two"):
                await unit.add_config(a_config(name=name, sail=with_env(A="same", B="same")))

    in_store(database_url, write)
    first, second = stored_texts(database_url)
    assert first != second


# What an older version left


def as_an_older_version_left_it(url: str, revision: str) -> tuple[ConfigRecord, WorkloadRecord]:
    """A config and a workload whose values are plain, and the remains of a config that was changed."""
    config = a_config(sail=with_env(A=SECRETS[0], B=SECRETS[1]))
    workload = a_workload(spec=LaunchSpec(sail=with_env(C=SECRETS[2])))
    engine = sa.create_engine(url)
    alembic = Config()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, revision)
    engine.dispose()
    put_plain(url, config, workload)
    return config, workload


def put_plain(url: str, config: ConfigRecord, workload: WorkloadRecord) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        large = replace(config, id="GONE", name="gone", sail=with_env(D=SECRETS[3], FILL="x" * 4000))
        for table, record in (
            (schema.workload_config, large),
            (schema.workload_config, config),
            (schema.workload, workload),
        ):
            there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
            values = {name: getattr(record, name) for name in there}
            connection.execute(sa.insert(table).values(**values))
        connection.execute(sa.delete(schema.workload_config).where(schema.workload_config.c.id == "GONE"))
    engine.dispose()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_the_values_of_an_older_version_are_encrypted_and_gone_from_every_file(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    config, workload = as_an_older_version_left_it(database_url, revision)
    assert {secret for _, secret in files_with(tmp_path, SECRETS)} == set(SECRETS), "the test begins with them"

    async def read(store: SqlStore) -> None:
        assert files_with(tmp_path, SECRETS) == []  # already while it is open
        async with store.reading() as view:
            assert await view.config(config.id) == config
            assert await view.workload(workload.id) == workload

    in_store(database_url, read)
    assert files_with(tmp_path, SECRETS) == []


def test_a_copy_from_before_a_migration_keeps_its_rows_with_encrypted_values(database_url: str) -> None:
    config, _ = as_an_older_version_left_it(database_url, "0001")
    in_store(database_url, nothing)
    [copy] = copies_of(file_of(database_url))
    with closing(sqlite3.connect(copy)) as connection:
        [(config_id, sail)] = connection.execute("SELECT id, sail FROM workload_config").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert config_id == config.id
    assert sail.count(CIPHER.mark) == 2


@pytest.mark.parametrize("damaged", [False, True])
def test_older_copies_and_what_a_killed_copier_left_hold_no_value_either(
    database_url: str, tmp_path: Path, damaged: bool
) -> None:
    as_an_older_version_left_it(database_url, "0002")
    database = file_of(database_url)
    for name in (".before-0001", ".before-0002.part"):
        database.with_name(database.name + name).write_bytes(database.read_bytes())
    if damaged:
        database.with_name(f"{database.name}.before-0001").write_bytes(b"SQLite format 3\0 " + SECRETS[0].encode())
    in_store(database_url, nothing)
    assert files_with(tmp_path, SECRETS) == []
    assert [copy.name[-4:] for copy in copies_of(database)] == (["0002"] if damaged else ["0001", "0002"])


def test_what_was_left_undone_is_done_by_the_next_open(database_url: str, tmp_path: Path) -> None:
    """A kill between the commit and the writing of the new file."""
    as_an_older_version_left_it(database_url, "head")
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        assert encrypt_plain_values(connection, CIPHER, new=False)
    engine.dispose()
    assert files_with(tmp_path, SECRETS) != []
    in_store(database_url, nothing)
    assert files_with(tmp_path, SECRETS) == []


def test_a_reader_that_hinders_it_keeps_nobody_from_opening(database_url: str, tmp_path: Path) -> None:
    config, _ = as_an_older_version_left_it(database_url, "head")
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM workload_config").fetchone() == (1,)

        async def read(store: SqlStore) -> None:
            async with store.reading() as view:
                assert await view.config(config.id) == config

        in_store(database_url, read)
    in_store(database_url, nothing)
    assert files_with(tmp_path, SECRETS) == []


def test_the_log_is_emptied_though_another_process_has_the_database_open(database_url: str, tmp_path: Path) -> None:
    as_an_older_version_left_it(database_url, "head")
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        assert other.execute("SELECT count(*) FROM workload").fetchone() == (1,)
        put_plain(database_url, a_config(name="b", sail=with_env(A=SECRETS[0])), a_workload())
        assert (f"{file_of(database_url).name}-wal", SECRETS[0]) in files_with(tmp_path, SECRETS)

        async def look(_: SqlStore) -> None:
            assert files_with(tmp_path, SECRETS) == []

        in_store(database_url, look)


def test_what_an_older_version_writes_later_is_read_and_encrypted_by_the_next_open(
    database_url: str, tmp_path: Path
) -> None:
    in_store(database_url, nothing)
    config, workload = a_config(sail=with_env(A=SECRETS[0])), a_workload(spec=LaunchSpec(sail=with_env(C=SECRETS[2])))

    async def read(store: SqlStore) -> None:
        put_plain(database_url, config, workload)
        async with store.reading() as view:
            assert await view.config(config.id) == config

    in_store(database_url, read)
    in_store(database_url, nothing)
    assert files_with(tmp_path, SECRETS) == []


# Another key


def test_values_of_another_key_break_no_list_and_are_there_again_with_their_key(database_url: str) -> None:
    config = a_config(name="of old", sail=with_env(A="a", B="b"))
    workload = a_workload(spec=LaunchSpec(sail=with_env(C="c")))

    async def write(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_config(config)
            await unit.add_workload(workload)

    async def rename_without_the_key(store: SqlStore) -> None:
        async with store.writing() as unit:
            [found] = await unit.configs(None, after=None, limit=10)
            assert (found.sail.extra_env, set(found.unreadable_env)) == ({}, {"A", "B"})
            [running] = await unit.unfinished_workloads()
            assert set(running.spec.unreadable_env) == {"C"}
            renamed = replace(found, version=2, name="renamed", sail=with_env(NEW="new"))
            assert await unit.change_config(renamed, version=1)

    async def read(store: SqlStore) -> None:
        async with store.reading() as view:
            found = await view.config(config.id)
            assert found is not None
            assert (found.name, found.sail.extra_env, found.unreadable_env) == (
                "renamed",
                {"A": "a", "B": "b", "NEW": "new"},
                {},
            )
            assert await view.workload(workload.id) == workload

    in_store(database_url, write)
    in_store(database_url, rename_without_the_key, ValueCipher([OTHER_KEY]))
    in_store(database_url, read, ValueCipher([OTHER_KEY, b"k" * 32]))
