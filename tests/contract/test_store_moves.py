"""Moves in the store: guarded, won once by whoever comes first, and noted in the transaction that made them."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesail_notebook.models import SessionStatus
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.store.writing import SqlWriting
from lakesail_notebook.workloads.filters import EventFilter
from lakesail_notebook.workloads.records import EventRecord, SessionRecord, WorkloadRecord
from lakesail_notebook.workloads.rules import lifecycle
from lakesail_notebook.workloads.rules.lifecycle import SESSION_MOVES, WORKLOAD_MOVES, SessionMove, WorkloadMove, ending
from tests.builders import NOW, a_session, a_workload
from tests.contract.store_rig import PROCESSES, Processes, in_store

LATER = NOW + timedelta(minutes=5)


async def add(store: SqlStore, *records: SessionRecord | WorkloadRecord) -> None:
    async with store.writing() as unit:
        for record in records:
            await (unit.add_session(record) if isinstance(record, SessionRecord) else unit.add_workload(record))


async def session_of(store: SqlStore, session_id: str) -> SessionRecord:
    async with store.reading() as view:
        found = await view.session(session_id)
    assert found is not None
    return found


async def workload_of(store: SqlStore, workload_id: str) -> WorkloadRecord:
    async with store.reading() as view:
        found = await view.workload(workload_id)
    assert found is not None
    return found


async def events(store: SqlStore) -> list[EventRecord]:
    async with store.reading() as view:
        return await view.events_after(0, 1000, EventFilter())


async def move(store: SqlStore, session_id: str, wanted: SessionMove) -> SessionRecord | None:
    async with store.writing() as unit:
        return await unit.move_session(session_id, wanted)


async def move_workload(store: SqlStore, workload_id: str, wanted: WorkloadMove) -> WorkloadRecord | None:
    async with store.writing() as unit:
        return await unit.move_workload(workload_id, wanted)


def test_every_session_move_of_the_table_is_made_and_no_other(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        for old, new in product(SESSION_MOVES, SESSION_MOVES):
            session = a_session(status=old)
            await add(store, session)
            moved = await move(store, session.id, SessionMove(to=new, at=LATER))
            allowed = new in SESSION_MOVES[old]
            assert (moved is not None) == allowed, f"{old} -> {new}"
            assert (await session_of(store, session.id)).status == (new if allowed else old)

    in_store(database_url, test)


def test_every_workload_move_of_the_table_is_made_and_no_other(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        for old, new in product(WORKLOAD_MOVES, WORKLOAD_MOVES):
            workload = a_workload(infra_status=old)
            await add(store, workload)
            moved = await move_workload(store, workload.id, WorkloadMove(to=new, at=LATER))
            allowed = new in WORKLOAD_MOVES[old]
            assert (moved is not None) == allowed, f"{old} -> {new}"
            assert (await workload_of(store, workload.id)).infra_status == (new if allowed else old)

    in_store(database_url, test)


def test_who_closed_a_session_and_why_is_kept(database_url: str) -> None:
    close = SessionMove(
        to="closed", at=LATER, reason="admin_closed", by="OLA", closed_by="Ola", close_reason="The machine is needed"
    )

    async def test(store: SqlStore) -> None:
        await add(store, a_session(id="S", status="active"))
        await move(store, "S", close)
        await move(store, "S", replace(close, closed_by="Sue", close_reason="Too late"))
        session = await session_of(store, "S")
        assert (session.closed_by, session.close_reason) == ("Ola", "The machine is needed")

    in_store(database_url, test)


def test_a_move_of_what_is_not_there_does_nothing(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        assert await move(store, "NOBODY", SessionMove(to="closed", at=LATER)) is None
        assert await move_workload(store, "NOTHING", WorkloadMove(to="failed", at=LATER)) is None
        assert await events(store) == []

    in_store(database_url, test)


def close_five_times(url: str, number: int) -> int:
    """How many of five concurrent closers of this process won."""

    async def test(store: SqlStore) -> int:
        wanted = ending("THESESSION", "closed", LATER, "user_closed", f"was closed by process {number}")
        moved = await asyncio.gather(*(move(store, "THESESSION", wanted) for _ in range(5)))
        return sum(session is not None for session in moved)

    return in_store(url, test)


def test_one_of_many_closers_in_many_processes_wins(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, a_session(id="THESESSION", status="active")))
    wins = processes.all(close_five_times, database_url)
    assert sorted(wins) == [0] * (PROCESSES - 1) + [1]

    async def test(store: SqlStore) -> None:
        assert [event.new_status for event in await events(store)] == ["active", "closed"]
        session = await session_of(store, "THESESSION")
        assert session.status_message is not None
        assert f"was closed by process {wins.index(1)}." in session.status_message

    in_store(database_url, test)


def move_at_random(url: str, number: int) -> int:
    """How many moves of a session that others move as well this process made."""
    steps: list[SessionStatus] = ["active", "idle"]

    async def test(store: SqlStore) -> int:
        made = 0
        for step in range(25):
            wanted = SessionMove(to=steps[(step + number) % 2], at=LATER)
            made += await move(store, "THESESSION", wanted) is not None
        return made

    return in_store(url, test)


def test_no_move_is_lost_among_processes(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, a_session(id="THESESSION", status="active")))
    made = sum(processes.all(move_at_random, database_url))
    told = in_store(database_url, events)[1:]
    assert len(told) == made > 0
    assert all(event.new_status in SESSION_MOVES[event.old_status] for event in told)  # type: ignore[index]
    assert [event.old_status for event in told[1:]] == [event.new_status for event in told[:-1]]


async def move_and_fail(store: SqlStore, session_id: str) -> None:
    async with store.writing() as unit:
        assert await unit.move_session(session_id, SessionMove(to="idle", at=LATER)) is not None
        assert [event.new_status for event in await unit.events_after(0, 10, EventFilter())] == ["active", "idle"]
        raise ZeroDivisionError


def test_a_move_and_its_event_are_one(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session(status="active")
        await add(store, session)
        before = await events(store)
        with pytest.raises(ZeroDivisionError):
            await move_and_fail(store, session.id)
        assert await session_of(store, session.id) == session
        assert await events(store) == before

    in_store(database_url, test)


def test_events_tell_what_happened_in_order(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session()
        await add(store, session)
        await move(store, session.id, SessionMove(to="active", at=LATER))
        await move(store, session.id, ending(session.id, "closed", LATER, "max_duration", "ended"))
        told = await events(store)
        assert [(event.old_status, event.new_status, event.reason) for event in told] == [
            (None, "pending", None),
            ("pending", "active", None),
            ("active", "closed", "max_duration"),
        ]
        assert {event.session_id for event in told} == {session.id}
        assert [event.at for event in told] == [NOW, LATER, LATER]
        async with store.reading() as view:
            assert await view.last_event_sequence() == told[-1].sequence
            assert await view.events_after(told[0].sequence, 1, EventFilter()) == [told[1]]

    in_store(database_url, test)


def test_the_first_activation_counts_for_the_maximum_duration(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session()
        await add(store, session)
        first = await move(store, session.id, SessionMove(to="active", at=LATER))
        idle = await move(store, session.id, SessionMove(to="idle", at=LATER + timedelta(hours=1)))
        again = await move(store, session.id, SessionMove(to="active", at=LATER + timedelta(hours=2)))
        assert first is not None
        assert idle is not None
        assert again is not None
        assert first.active_since == idle.active_since == again.active_since == LATER
        assert idle.idle_since == LATER + timedelta(hours=1)
        assert again.idle_since is None
        assert again.last_activity_at == LATER + timedelta(hours=2)

    in_store(database_url, test)


def test_the_last_activity_never_goes_back(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session(status="idle", last_activity_at=LATER)
        await add(store, session)
        async with store.writing() as unit:
            await unit.set_last_activity(session.id, NOW)
        assert (await session_of(store, session.id)).last_activity_at == LATER
        moved = await move(store, session.id, SessionMove(to="active", at=NOW))
        assert moved is not None
        assert moved.last_activity_at == LATER
        async with store.writing() as unit:
            await unit.set_last_activity(session.id, LATER + timedelta(seconds=1))
        assert (await session_of(store, session.id)).last_activity_at == LATER + timedelta(seconds=1)

    in_store(database_url, test)


def test_an_ended_session_says_when_and_why_and_stays_as_it_is(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session(status="active")
        await add(store, session)
        ended = await move(store, session.id, ending(session.id, "failed", LATER, "engine_crashed", "failed"))
        assert ended is not None
        assert (ended.closed_at, ended.termination_reason) == (LATER, "engine_crashed")
        async with store.writing() as unit:
            await unit.set_last_activity(session.id, LATER + timedelta(hours=1))
            await unit.set_detached_since(session.id, LATER)
            await unit.set_kernel(session.id, "another-kernel")
        assert await session_of(store, session.id) == ended

    in_store(database_url, test)


def test_a_session_is_detached_until_a_kernel_comes(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        session = a_session(status="active", kernel_id="old")
        await add(store, session)
        async with store.writing() as unit:
            await unit.set_detached_since(session.id, LATER)
        assert (await session_of(store, session.id)).detached_since == LATER
        async with store.writing() as unit:
            await unit.set_kernel(session.id, "new")
        attached = await session_of(store, session.id)
        assert (attached.kernel_id, attached.detached_since) == ("new", None)

    in_store(database_url, test)


def test_a_workload_keeps_what_it_became(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        workload = a_workload(infra_status="starting")
        await add(store, workload)
        async with store.writing() as unit:
            await unit.set_handle(workload.id, {"pid": 4711, "scratch": "/tmp/s"})
        ready = await move_workload(store, workload.id, WorkloadMove(to="ready", at=LATER, address="127.0.0.1:7"))
        assert ready is not None
        assert (ready.provisioned_at, ready.address) == (LATER, "127.0.0.1:7")
        assert ready.handle == {"pid": 4711, "scratch": "/tmp/s"}
        failed = await move_workload(store, workload.id, WorkloadMove(to="failed", at=LATER, message="It crashed."))
        assert failed is not None
        assert (failed.target, failed.cleaned_at, failed.status_message) == ("stopped", None, "It crashed.")
        async with store.writing() as unit:
            assert [one.id for one in await unit.uncleaned_workloads()] == [workload.id]
            await unit.mark_cleaned(workload.id, LATER)
            assert await unit.uncleaned_workloads() == []

    in_store(database_url, test)


def test_unfinished_workloads_are_those_that_may_still_run(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, *(a_workload(id=status.upper(), infra_status=status) for status in WORKLOAD_MOVES))
        async with store.reading() as view:
            unfinished = {workload.id for workload in await view.unfinished_workloads()}
        assert unfinished == {"REQUESTED", "STARTING", "READY", "STOPPING"}

    in_store(database_url, test)


# Locks


def test_transactions_hold_workloads_before_sessions_each_in_the_order_of_their_ids(database_url: str) -> None:
    """Seen from the statements: two transactions that follow this order never wait for each other."""
    statements: list[str] = []

    async def test(store: SqlStore) -> None:
        sessions = [a_session(id=f"S{number}", workload_id=f"W{9 - number}") for number in range(3)]
        await add(store, *(a_workload(id=one.workload_id) for one in sessions), *sessions)
        engine = store._pools.writer.sync_engine
        sa.event.listen(engine, "before_cursor_execute", lambda c, cursor, text, *_: statements.append(text))
        async with store.writing() as unit:
            await unit.lock_workloads({one.workload_id for one in sessions})

    in_store(database_url, test)
    [lock] = [text for text in statements if "FROM workload" in text]
    assert lock.rstrip().endswith("ORDER BY workload.id")


# Due times


@settings(max_examples=25)
@given(data=st.data())
def test_the_due_time_of_a_session_is_what_its_record_asks_for(data: st.DataObject) -> None:
    """However a session moved, nobody finds it later than time may ask something of it."""

    async def test(store: SqlStore) -> None:
        session = a_session()
        async with store.writing() as unit:
            await unit.add_workload(a_workload(id=session.workload_id))
            await unit.add_session(session)
        now = NOW
        for _ in range(data.draw(st.integers(1, 6))):
            now += timedelta(seconds=data.draw(st.integers(1, 4000)))
            async with store.writing() as unit:
                await data.draw(st.sampled_from(CHANGES))(unit, session.id, now)
            async with store.reading() as view:
                stored = await view.session(session.id)
                assert stored is not None
                due = lifecycle.due_at(stored)
                just_before = NOW if due is None else due - timedelta(milliseconds=1)
                owner = a_workload().owner
                assert owner is not None
                assert await view.due_sessions(owner, just_before, limit=1) == []
                found = [] if due is None else [stored]
                assert await view.due_sessions(owner, due or now, limit=1) == found

    with tempfile.TemporaryDirectory() as directory:
        in_store(f"sqlite:///{directory}/sessions.db", test)


async def _wake(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.move_session(session_id, SessionMove(to="active", at=now))


async def _idle(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.move_session(session_id, SessionMove(to="idle", at=now))


async def _extend(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.extend_session(session_id, now + timedelta(hours=1), now)


async def _warn(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.mark_warned(session_id, "It will close.", now)


async def _detach(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.set_detached_since(session_id, now)


async def _attach(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.set_kernel(session_id, "K")


async def _close(unit: SqlWriting, session_id: str, now: datetime) -> None:
    await unit.move_session(session_id, SessionMove(to="closed", at=now, reason="user_closed"))


CHANGES = (_wake, _idle, _extend, _warn, _detach, _attach, _close)
