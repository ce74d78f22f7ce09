"""Reading the store: pages that miss nothing and repeat nothing, and records that come back as they went in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from lakesail_notebook.models import Compute, DriverCompute, EndpointLimits, Library, PypiLibrary, SailConfig
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.filters import PageKey, SessionFilter
from lakesail_notebook.workloads.records import ConfigRecord, LaunchSpec, SessionRecord, Timeouts
from tests.builders import NOW, a_config, a_member, a_session, a_workload
from tests.contract.store_rig import Processes, in_store

ALL = SessionFilter()
LATER = NOW + timedelta(minutes=5)


async def add(store: SqlStore, sessions: Sequence[SessionRecord]) -> None:
    async with store.writing() as unit:
        for session in sessions:
            await unit.add_session(session)


async def page_of(store: SqlStore, which: SessionFilter, after: PageKey | None, limit: int) -> list[SessionRecord]:
    async with store.reading() as view:
        return await view.sessions(which, after=after, limit=limit)


async def walk(store: SqlStore, which: SessionFilter, limit: int) -> list[SessionRecord]:
    """All pages, one after the other, each in a transaction of its own."""
    rows: list[SessionRecord] = []
    while page := await page_of(store, which, key_of(rows[-1]) if rows else None, limit):
        assert len(page) <= limit
        rows += page
    return rows


def key_of(session: SessionRecord) -> PageKey:
    return PageKey(session.created_at, session.id)


def some_sessions(count: int) -> list[SessionRecord]:
    """Many of them made in the same millisecond, so that the id decides."""
    return [a_session(created_at=NOW + timedelta(milliseconds=number // 5)) for number in range(count)]


@pytest.mark.parametrize("limit", [1, 7, 50, 100])
def test_pages_are_complete_and_newest_first(database_url: str, limit: int) -> None:
    sessions = some_sessions(50)

    async def test(store: SqlStore) -> None:
        await add(store, sessions)
        rows = await walk(store, ALL, limit)
        assert rows == sorted(sessions, key=lambda row: (row.created_at, row.id), reverse=True)

    in_store(database_url, test)


def insert_sessions(url: str, number: int) -> list[str]:
    """Even processes write, odd ones walk through the pages meanwhile; says what each wrote or saw."""

    async def write(store: SqlStore) -> list[str]:
        sessions = [a_session(created_at=LATER + timedelta(milliseconds=step)) for step in range(60)]
        for session in sessions:
            await add(store, [session])
        return [session.id for session in sessions]

    async def read(store: SqlStore) -> list[str]:
        return [session.id for session in await walk(store, ALL, 3)]

    return in_store(url, write if number % 2 == 0 else read)


def test_pages_are_complete_while_others_write(database_url: str, processes: Processes) -> None:
    old = some_sessions(120)
    in_store(database_url, lambda store: add(store, old))
    written_or_seen = processes.all(insert_sessions, database_url)
    for seen in written_or_seen[1::2]:
        assert len(seen) == len(set(seen))
        assert {session.id for session in old} <= set(seen)
        assert seen[-120:] == [row.id for row in sorted(old, key=key_sort, reverse=True)]
    total = in_store(database_url, lambda store: walk(store, ALL, 100))
    assert len(total) == 120 + 2 * 60


def key_sort(session: SessionRecord) -> tuple[object, ...]:
    return (session.created_at, session.id)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (ALL, {"A", "B", "C", "D"}),
        (SessionFilter(caller_id="ADA"), {"A", "B"}),
        (SessionFilter(team_id="T2"), {"B", "C"}),
        (SessionFilter(status="closed"), {"C"}),
        (SessionFilter(endpoint_type="marimo"), {"D"}),
        (SessionFilter(caller_id="ADA", team_id="T2", status="pending", endpoint_type="spark_connect"), {"B"}),
        (SessionFilter(caller_id="NOBODY"), set()),
        (SessionFilter(status="' OR 1=1 --"), set()),
    ],
)
def test_filters_and_the_count_agree(database_url: str, which: SessionFilter, expected: set[str]) -> None:
    async def test(store: SqlStore) -> None:
        await add(
            store,
            [
                a_session(id="A", member_id="ADA", team_id="T1"),
                a_session(id="B", member_id="ADA", team_id="T2"),
                a_session(id="C", member_id="BOB", team_id="T2", status="closed"),
                a_session(id="D", member_id=None, service_account_id="BOT", team_id="T3", endpoint_type="marimo"),
            ],
        )
        assert {row.id for row in await walk(store, which, 2)} == expected
        async with store.reading() as view:
            assert await view.count_sessions(which) == len(expected)

    in_store(database_url, test)


def test_live_sessions_are_found_by_workload(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        statuses = ("pending", "active", "idle", "closed", "failed")
        await add(store, [a_session(id=status.upper(), status=status, workload_id="W") for status in statuses])
        await add(store, [a_session(id="OTHER", workload_id="V")])
        async with store.reading() as view:
            assert {row.id for row in await view.live_sessions(["W"])} == {"PENDING", "ACTIVE", "IDLE"}
            assert await view.live_sessions([]) == []

    in_store(database_url, test)


def test_configs_are_paged_without_the_anonymous_ones(database_url: str) -> None:
    named = [
        a_config(name=f"c{number}", team_id="T1" if number % 2 else "T2", created_at=NOW + timedelta(seconds=number))
        for number in range(9)
    ]

    async def configs(store: SqlStore, teams: list[str] | None) -> list[ConfigRecord]:
        rows: list[ConfigRecord] = []
        while True:
            after = PageKey(rows[-1].created_at, rows[-1].id) if rows else None
            async with store.reading() as view:
                page = await view.configs(teams, after=after, limit=2)
            if not page:
                return rows
            rows += page

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            for config in [*named, a_config(name=None, team_id="T1")]:
                await unit.add_config(config)
        assert await configs(store, None) == named[::-1]
        assert await configs(store, ["T1"]) == [config for config in named[::-1] if config.team_id == "T1"]
        assert await configs(store, []) == []

    in_store(database_url, test)


def test_every_record_comes_back_as_it_went_in(database_url: str) -> None:
    session = a_session(
        name="é \U0001f600 '); DROP TABLE session; --",
        status="failed",
        member_id=None,
        service_account_id="BOT",
        notebook_id="NB",
        kernel_id="k-1",
        timeouts=Timeouts(idle_timeout=1, idle_close_delay=2, max_duration=3, detached=4),
        metadata={"lakesail/cwd": "/home/ada", "b": '"', "a": ""},
        generation=7,
        active_since=NOW,
        idle_since=LATER,
        detached_since=LATER,
        closed_at=LATER,
        termination_reason="evicted",
        status_message="It went.",
        allow_shared=True,
    )
    sail = SailConfig(
        execution_mode="cluster",
        compute=Compute(driver=DriverCompute(instance_type="c8g.large")),
        libraries=(Library(pypi=PypiLibrary(package="pandas")),),
        extra_env={"B": "2", "A": "1"},
    )
    workload = a_workload(
        spec=LaunchSpec(sail=sail, python="/usr/bin/python3", working_directory="/home/ada"),
        handle={"pid": 1, "nested": {"list": [1, 2.5, None]}},
        address="[::1]:7",
        endpoints={"spark_connect": "localhost:7"},
        provisioned_at=NOW,
        freed_at=LATER,
        rested_at=LATER,
        python_at=NOW,
        cleaned_at=LATER,
        last_activity_at=LATER,
        status_message="Ready.",
    )
    config = a_config(sail=sail, endpoint_limits=EndpointLimits(spark_connect=2), created_by="ADA", updated_by="BOB")

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_session(session)
            await unit.add_workload(workload)
            await unit.add_config(config)
            await unit.upsert_member(a_member())
        async with store.reading() as view:
            assert await view.session(session.id) == session
            assert await view.workload(workload.id) == workload
            assert await view.workloads([workload.id, "NONE"]) == [workload]
            assert await view.config(config.id) == config
            assert await view.config_named(config.team_id, "small") == config
            assert await view.configs_by_id([config.id, "NONE"]) == [config]
            assert await view.members(["MEMBER", "NONE"]) == [a_member()]
            assert await view.session("NONE") is None
            assert await view.workload("NONE") is None
            assert await view.config("NONE") is None
            assert await view.config_named("ANOTHER", "small") is None

    in_store(database_url, test)


def test_a_known_member_is_kept_as_it_was_seen_last(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        first, last = a_member(name="Ada"), a_member(name="Eve", team_ids=("RED",), created_at=LATER)
        for member in (first, last):
            async with store.writing() as unit:
                await unit.upsert_member(member)
        async with store.reading() as view:
            assert await view.members(["MEMBER"]) == [replace(last, created_at=first.created_at)]

    in_store(database_url, test)


def test_a_reading_sees_one_moment(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, some_sessions(3))
        async with store.reading() as view:
            assert await view.count_sessions(ALL) == 3
            await add(store, some_sessions(2))
            assert await view.count_sessions(ALL) == 3
            assert len(await view.sessions(ALL, after=None, limit=10)) == 3
        async with store.reading() as view:
            assert await view.count_sessions(ALL) == 5

    in_store(database_url, test)


def test_readers_do_not_wait_for_a_writer(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_session(a_session())
            async with asyncio.timeout(60), store.reading() as view:
                assert await view.count_sessions(ALL) == 0

    in_store(database_url, test)


def test_writers_of_one_process_wait_for_each_other(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await asyncio.gather(*(add(store, [session]) for session in some_sessions(50)))
        async with store.reading() as view:
            assert await view.count_sessions(ALL) == 50

    in_store(database_url, test)


def test_a_cancelled_writer_leaves_nothing_behind(database_url: str) -> None:
    async def write_and_wait(store: SqlStore, written: asyncio.Event) -> None:
        async with store.writing() as unit:
            await unit.add_session(a_session())
            written.set()
            await asyncio.Event().wait()

    async def test(store: SqlStore) -> None:
        written = asyncio.Event()
        writer = asyncio.create_task(write_and_wait(store, written))
        await written.wait()
        writer.cancel()
        await asyncio.wait([writer])
        await add(store, some_sessions(1))
        async with store.reading() as view:
            assert await view.count_sessions(ALL) == 1

    in_store(database_url, test)
