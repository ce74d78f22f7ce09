"""Events in the store: who sees which, and word of new ones to those who listen, from this process and from others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.filters import EventFilter
from lakesail_notebook.workloads.records import EventRecord, SessionRecord
from lakesail_notebook.workloads.rules.lifecycle import SessionMove, ending
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import NOW, a_config, a_session, a_workload
from tests.contract.store_rig import Processes, in_store

PATIENCE_SECONDS = 60.0


class KeptAudit:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.moves: list[tuple[EventRecord, str | None]] = []
        self.logins: dict[str, str] = {}

    def unknown(self, ids: Iterable[str | None]) -> frozenset[str]:
        return frozenset(one for one in ids if one is not None and one not in self.logins)

    def learn(self, logins: Mapping[str, str]) -> None:
        self.logins |= logins

    def moved(self, event: EventRecord, by: str | None) -> None:
        self.moves.append((event, by))

    def token_issued(self, session: SessionRecord, **_: object) -> None:
        raise AssertionError(session)

    def tokens_revoked(self, session: SessionRecord, **_: object) -> None:
        raise AssertionError(session)

    def queries_interrupted(self, session: SessionRecord, query_ids: Sequence[str], **_: object) -> None:
        raise AssertionError(session)

    def rpcs_refused(self, session: SessionRecord | None, **_: object) -> None:
        raise AssertionError(session)


async def add(store: SqlStore, session: SessionRecord) -> None:
    async with store.writing() as unit:
        await unit.add_session(session)


async def undone(store: SqlStore, work: Callable[[Writing], Awaitable[object]]) -> None:
    async with store.writing() as unit:
        await work(unit)
        raise LookupError


async def newest(store: SqlStore) -> int:
    async with store.reading() as view:
        return await view.last_event_sequence()


async def sees(store: SqlStore, which: EventFilter) -> list[str | None]:
    async with store.reading() as view:
        return [event.session_id or event.workload_id for event in await view.events_after(0, 100, which)]


@contextmanager
def waiting(store: SqlStore, after: int) -> Iterator[asyncio.Task[None]]:
    """Somebody who listens for what comes after an event."""
    with store.listening() as news:
        task = asyncio.create_task(news.later_than(after))
        try:
            yield task
        finally:
            task.cancel()


async def a_few_turns_of_the_loop(turns: int = 5) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def add_a_session(url: str, number: int) -> None:
    in_store(url, lambda store: add(store, a_session()))


def add_a_config(url: str, number: int) -> None:
    """One without a name, which is no event."""

    async def work(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_config(a_config(name=None))

    in_store(url, work)


def test_everybody_sees_the_events_of_what_they_may_see(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        mine = a_session(member_id="ME", team_id="BLUE")
        of_my_team = a_session(member_id="MATE", team_id="BLUE")
        of_a_program = a_session(member_id=None, service_account_id="ROBOT", team_id="RED")
        workload = a_workload(created_by="ME", team_id="BLUE")
        for session in (mine, of_my_team, of_a_program):
            await add(store, session)
        async with store.writing() as unit:
            await unit.add_workload(workload)
        assert await sees(store, EventFilter(caller_id="ME")) == [mine.id, workload.id]
        blue = EventFilter(caller_id="ADMIN", or_teams=frozenset({"BLUE"}))
        assert await sees(store, blue) == [mine.id, of_my_team.id, workload.id]
        assert await sees(store, EventFilter(caller_id="ROBOT")) == [of_a_program.id]
        assert await sees(store, EventFilter(caller_id="STRANGER")) == []
        assert len(await sees(store, EventFilter())) == 4

    in_store(database_url, test)


def test_who_listens_is_told_of_a_move_of_this_process_with_its_commit(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        with waiting(store, 0) as told:
            await a_few_turns_of_the_loop()
            async with store.writing() as unit:
                await unit.add_session(a_session())
                await a_few_turns_of_the_loop()
                assert not told.done()
            await a_few_turns_of_the_loop()
            assert told.done()

    in_store(database_url, test)


def test_what_is_told_can_be_read(database_url: str) -> None:
    async def told_and_read(store: SqlStore) -> int:
        with store.listening() as news:
            await news.later_than(0)
            return await newest(store)

    async def test(store: SqlStore) -> None:
        reader = asyncio.create_task(told_and_read(store))
        await a_few_turns_of_the_loop()
        await add(store, a_session())
        assert await asyncio.wait_for(reader, PATIENCE_SECONDS) == 1

    in_store(database_url, test)


def test_what_was_undone_is_not_told(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        with waiting(store, 0) as told:
            with pytest.raises(LookupError):
                await undone(store, lambda unit: unit.add_session(a_session()))
            await a_few_turns_of_the_loop()
            assert not told.done()
            await add(store, a_session())
            await asyncio.wait_for(told, PATIENCE_SECONDS)

    in_store(database_url, test)


def test_who_listens_is_told_of_other_processes_moves(database_url: str, processes: Processes) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, a_session())
        with waiting(store, await newest(store)) as told:
            await asyncio.to_thread(processes.one, add_a_config, database_url)
            assert not told.done()
            await asyncio.to_thread(processes.one, add_a_session, database_url)
            await asyncio.wait_for(told, PATIENCE_SECONDS)

    in_store(database_url, test)


def test_what_others_did_before_anybody_listened_is_told_too(database_url: str, processes: Processes) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, a_session())
        seen = await newest(store)
        await asyncio.to_thread(processes.one, add_a_session, database_url)
        with waiting(store, seen) as told:
            await asyncio.wait_for(told, PATIENCE_SECONDS)

    in_store(database_url, test)


def test_one_task_looks_for_everybody_and_none_when_nobody_listens(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        alone = len(asyncio.all_tasks())
        for _ in range(2):
            with ExitStack() as stack:
                for _ in range(200):
                    stack.enter_context(store.listening())
                assert len(asyncio.all_tasks()) == alone + 1
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(asyncio.all_tasks()) > alone:
                    await asyncio.sleep(0.01)

    in_store(database_url, test)


def test_closing_the_store_ends_all_waiting(database_url: str) -> None:
    async def test() -> None:
        store = await open_store(database_url)
        with waiting(store, 0) as told:
            await a_few_turns_of_the_loop()
            await store.close()
            with pytest.raises(Unavailable, match="stopping"):
                await asyncio.wait_for(told, PATIENCE_SECONDS)

    asyncio.run(test())


def test_a_store_that_is_closed_while_it_looks_for_news_leaves_no_thread(database_url: str) -> None:
    """A thread of its driver that ended after the loop would raise in that thread, which fails this or a later test."""

    async def test(turns: int) -> None:
        store = await open_store(database_url)
        with store.listening():
            await a_few_turns_of_the_loop(turns)
        await store.close()
        assert set(threading.enumerate()) - before <= executors()

    def executors() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")}

    before = set(threading.enumerate())
    for turns in range(40):
        asyncio.run(test(turns))


def test_the_audit_is_told_of_committed_moves_alone_and_who_asked(database_url: str) -> None:
    async def test() -> None:
        audit = KeptAudit()
        store = await open_store(database_url, audit)
        session = a_session(member_id="ME")
        close = ending(session.id, "closed", NOW, "admin_closed", "was closed by an administrator", by="ADMIN")
        async with store.writing() as unit:
            await unit.add_session(session, by="MAKER")
        async with store.writing() as unit:
            await unit.move_session(session.id, SessionMove(to="active", at=NOW))
            await unit.mark_warned(session.id, "soon", NOW)
            assert len(audit.moves) == 1
        with pytest.raises(LookupError):
            await undone(store, lambda unit: unit.move_session(session.id, SessionMove(to="idle", at=NOW)))
        async with store.writing() as unit:
            await unit.move_session(session.id, close)
        moves = [(event.old_status, event.new_status, event.reason, by) for event, by in audit.moves]
        assert moves == [
            (None, "pending", None, "MAKER"),
            ("pending", "active", None, None),
            ("active", "closed", "admin_closed", "ADMIN"),
        ]
        async with store.reading() as view:
            rows = await view.events_after(0, 100, EventFilter())
        assert [event for event, _ in audit.moves] == [row for row in rows if row.kind == "move"]
        await store.close()

    asyncio.run(test())
