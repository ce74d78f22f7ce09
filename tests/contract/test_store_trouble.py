"""What a database may suffer: it is told in a way that callers can act on, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.filters import EventFilter, SessionFilter
from lakesail_notebook.workloads.records import EventRecord, SessionRecord
from tests.builders import NOW, a_member, a_session
from tests.contract.store_rig import Processes, in_store

ALL = SessionFilter()
ROOT = Path(__file__).parents[2]


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def add_session(store: SqlStore) -> str:
    session = a_session()
    async with store.writing() as unit:
        await unit.add_session(session)
    return session.id


async def count(store: SqlStore) -> int:
    async with store.reading() as view:
        return await view.count_sessions(ALL)


def test_a_database_that_is_held_too_long_asks_for_patience(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="held by others") as caught:
                await add_session(store)
            assert caught.value.retry_after_seconds is not None
            assert await count(store) == 0
        await add_session(store)
        assert await count(store) == 1

    in_store(database_url, test)


def test_a_task_that_is_cancelled_in_a_transaction_holds_up_nobody(database_url: str) -> None:
    async def write_and_read(store: SqlStore, session_id: str) -> None:
        while True:
            async with store.writing() as unit:
                await unit.set_last_activity(session_id, NOW)
                await unit.session(session_id)

    async def test(store: SqlStore) -> None:
        session_id = await add_session(store)
        kept: list[
            object
        ] = []  # as whoever logs or gathers them does: a cancellation's traceback holds what was in use
        for tries in range(60):
            task = asyncio.create_task(write_and_read(store, session_id))
            await asyncio.sleep(0.001 + tries * 0.0001)  # the moment of the cancellation is what varies
            task.cancel()
            kept += await asyncio.gather(task, return_exceptions=True), task
            with closing(sqlite3.connect(file_of(database_url), timeout=0, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")

    in_store(database_url, test)


class MovesTold:
    """An audit that keeps the moves it is told of; implements the domain's ``Audit``."""

    def __init__(self) -> None:
        self.session_ids: list[str | None] = []

    def unknown(self, ids: Iterable[str | None]) -> frozenset[str]:
        return frozenset()

    def learn(self, logins: Mapping[str, str]) -> None:
        return

    def moved(self, event: EventRecord, by: str | None) -> None:
        self.session_ids.append(event.session_id)

    def token_issued(self, session: SessionRecord, *, by: str, at: datetime, expires_at: datetime) -> None:
        return

    def tokens_revoked(self, session: SessionRecord, *, by: str, at: datetime) -> None:
        return

    def queries_interrupted(self, session: SessionRecord, query_ids: Sequence[str], *, by: str, at: datetime) -> None:
        return

    def rpcs_refused(self, session: SessionRecord | None, *, reason: str, count: int, at: datetime) -> None:
        return


def test_a_move_that_a_cancelled_task_has_committed_is_told(database_url: str) -> None:
    async def test() -> None:
        audit = MovesTold()
        store = await open_store(database_url, audit)
        try:
            await add_session(store)
            for tries in range(200):
                task = asyncio.create_task(add_session(store))
                await asyncio.sleep(tries * 0.00002)  # the moment of the cancellation is what varies
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            async with store.reading() as view:
                page = await view.sessions(ALL, limit=1000, after=None)
            assert sorted(map(str, audit.session_ids)) == sorted(session.id for session in page)
        finally:
            await store.close()

    asyncio.run(test())


def fill_the_disk(url: str, _number: int) -> tuple[int, int, str]:
    """Sessions acknowledged, sessions found afterwards, and what was said when no more would fit."""

    async def test(store: SqlStore) -> tuple[int, int, str]:
        acknowledged = 0
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            for acknowledged in range(1000):  # noqa: B007 - it is the count
                await add_session(store)
        except Unavailable as error:
            said = error.message
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await add_session(store)
        return acknowledged + 1, await count(store), said

    return in_store(url, test)


def test_a_full_disk_is_said_and_got_over(database_url: str, processes: Processes) -> None:
    acknowledged, found, said = processes.one(fill_the_disk, database_url)
    assert acknowledged == found > 1
    assert "Give it space" in said
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_mistake_in_our_sql_is_no_trouble_of_the_database(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        with pytest.raises(sa.exc.IntegrityError):
            await know_twice(store)

    in_store(database_url, test)


async def know_twice(store: SqlStore) -> None:
    async with store.writing() as unit:
        await unit.upsert_member(a_member(id="ONE", login="same"))
        await unit.upsert_member(a_member(id="TWO", login="same"))


WRITER = """
import asyncio, sys
from tests.contract.test_store_trouble import add_session
from lakesail_notebook.store.sql import open_store

async def main():
    store = await open_store(sys.argv[1])
    while True:
        await asyncio.gather(*(acknowledge(store) for _ in range(4)))

async def acknowledge(store):
    print(await add_session(store), flush=True)

asyncio.run(main())
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(database_url: str) -> None:
    acknowledged: list[str] = []
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(25)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += writer.stdout.read().split("\n")[:-1]
        writer.stdout.close()
        writer.wait()

    async def test(store: SqlStore) -> None:
        async with store.reading() as view:
            found = {session.id for session in await view.sessions(ALL, after=None, limit=100_000)}
            events = await view.events_after(0, 100_000, EventFilter())
        assert set(acknowledged) <= found
        assert {event.session_id for event in events} == found
        assert len(events) == len(found)

    in_store(database_url, test)
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_store_can_be_closed_twice(database_url: str) -> None:
    async def main() -> None:
        store = await open_store(database_url)
        await store.close()
        await store.close()

    asyncio.run(main())
