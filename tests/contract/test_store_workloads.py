"""Who has a workload: reused by one, taken over once, retired only while nobody has taken it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.filters import UsedFrom
from lakesail_notebook.workloads.records import Owner, WorkloadRecord
from lakesail_notebook.workloads.rules.lifecycle import ending
from tests.builders import NOW, OWNER, a_session, a_workload
from tests.contract.store_rig import PROCESSES, Processes, in_store

LATER = NOW + timedelta(minutes=5)
STRANGER = replace(OWNER, pid=OWNER.pid + 1)


def lingering(**changes: object) -> WorkloadRecord:
    return a_workload(**{"infra_status": "ready", "freed_at": NOW, "rested_at": NOW} | changes)


async def add(store: SqlStore, *workloads: WorkloadRecord) -> None:
    async with store.writing() as unit:
        for workload in workloads:
            await unit.add_workload(workload)


async def take(store: SqlStore, reuse_key: str = "key", owner: Owner = OWNER) -> WorkloadRecord | None:
    async with store.writing() as unit:
        return await unit.take_freed_workload(reuse_key, owner)


async def retire(store: SqlStore, workload_id: str) -> bool:
    async with store.writing() as unit:
        return await unit.retire_workload(workload_id, LATER)


async def workload_of(store: SqlStore, workload_id: str) -> WorkloadRecord:
    async with store.reading() as view:
        found = await view.workload(workload_id)
    assert found is not None
    return found


# Reuse


def test_a_lingering_workload_is_taken_once(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(id="W"))
        taken = await take(store)
        assert taken is not None
        assert (taken.id, taken.freed_at, taken.rested_at) == ("W", None, None)
        assert await take(store) is None

    in_store(database_url, test)


@pytest.mark.parametrize(
    "unfit",
    [
        {"freed_at": None},
        {"rested_at": None},
        {"python_at": NOW},
        {"reuse_key": "another"},
        {"owner": STRANGER},
        {"owner": None},
        {"target": "stopped"},
        {"infra_status": "stopping"},
        {"infra_status": "stopped"},
        {"infra_status": "failed"},
    ],
)
def test_a_workload_that_does_not_fit_is_not_taken(database_url: str, unfit: dict[str, object]) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(**unfit))
        assert await take(store) is None

    in_store(database_url, test)


@pytest.mark.parametrize("shared", [False, True])
def test_a_workload_that_is_not_wanted_is_not_taken_though_it_fits(database_url: str, shared: bool) -> None:
    async def test(store: SqlStore) -> None:
        async def find(not_on: str) -> WorkloadRecord | None:
            async with store.writing() as unit:
                find_one = unit.join_shared_workload if shared else unit.take_freed_workload
                return await find_one("key", OWNER, not_on=not_on)

        await add(store, lingering(id="W", shared=shared))
        assert await find("W") is None
        found = await find("ANOTHER")
        assert found is not None
        assert found.id == "W"

    in_store(database_url, test)


@pytest.mark.parametrize("status", ["requested", "starting", "ready"])
def test_a_workload_that_still_starts_is_taken_as_well(database_url: str, status: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(infra_status=status))
        assert await take(store) is not None

    in_store(database_url, test)


def test_the_newest_lingering_workload_is_taken_first(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(id="OLD"), lingering(id="NEW", created_at=LATER), lingering(id="OLDER"))
        first = await take(store)
        assert first is not None
        assert first.id == "NEW"

    in_store(database_url, test)


def take_five_times(url: str, _number: int) -> int:
    async def test(store: SqlStore) -> int:
        taken = await asyncio.gather(*(take(store) for _ in range(5)))
        return sum(workload is not None for workload in taken)

    return in_store(url, test)


def test_as_many_take_a_workload_as_there_are(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, *(lingering(id=f"W{number}") for number in range(7))))
    assert sum(processes.all(take_five_times, database_url)) == 7


CONTESTED = [f"W{number}" for number in range(25)]


def take_or_retire(url: str, number: int) -> tuple[list[str], list[str]]:
    """Even processes take workloads, odd ones retire them: what this one got."""

    async def test(store: SqlStore) -> tuple[list[str], list[str]]:
        if number % 2 == 0:
            return [key for key in CONTESTED if await take(store, key) is not None], []
        return [], [key for key in CONTESTED if await retire(store, key)]

    return in_store(url, test)


def test_a_workload_is_either_taken_or_retired(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, *(lingering(id=key, reuse_key=key) for key in CONTESTED)))
    got = processes.all(take_or_retire, database_url)
    taken = [key for mine, _ in got for key in mine]
    retired = [key for _, mine in got for key in mine]
    # Retiring again a workload that waits to be stopped changes nothing, and says so.
    assert sorted(taken + retired) == sorted(CONTESTED)


def test_a_workload_lingers_when_its_last_session_has_ended(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        first, second = a_session(id="S1", workload_id="W"), a_session(id="S2", workload_id="W", status="idle")
        async with store.writing() as unit:
            await unit.add_workload(a_workload(id="W", infra_status="ready"))
            await unit.add_session(first)
            await unit.add_session(second)
        for session, freed_at in ((first, None), (second, LATER)):
            async with store.writing() as unit:
                await unit.move_session(session.id, ending(session.id, "closed", LATER, "user_closed", "was closed"))
                await unit.free_workload("W", LATER)
            assert (await workload_of(store, "W")).freed_at == freed_at

    in_store(database_url, test)


def test_a_workload_that_ran_python_code_stops_with_its_last_session(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        first, second = a_session(id="S1", workload_id="W"), a_session(id="S2", workload_id="W")
        async with store.writing() as unit:
            await unit.add_workload(a_workload(id="W", infra_status="ready"))
            await unit.add_session(first)
            await unit.add_session(second)
            await unit.note_python("W", NOW)
            await unit.note_python("W", LATER)
        assert (await workload_of(store, "W")).python_at == NOW
        for session, target in ((first, "running"), (second, "stopped")):
            async with store.writing() as unit:
                await unit.move_session(session.id, ending(session.id, "closed", LATER, "user_closed", "was closed"))
                await unit.free_workload("W", LATER)
            assert (await workload_of(store, "W")).target == target

    in_store(database_url, test)


@pytest.mark.parametrize(("status", "rested_at"), [("requested", LATER), ("starting", LATER), ("ready", None)])
def test_a_free_workload_is_looked_at_before_it_counts_as_resting_unless_it_never_ran(
    database_url: str, status: str, rested_at: object
) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, a_workload(id="W", infra_status=status))
        async with store.writing() as unit:
            await unit.free_workload("W", LATER)
        assert (await workload_of(store, "W")).rested_at == rested_at

    in_store(database_url, test)


def test_what_was_seen_of_an_earlier_rest_means_nothing(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(id="W", freed_at=LATER, rested_at=None))
        async with store.writing() as unit:
            await unit.mark_rested("W", NOW, LATER)
        assert (await workload_of(store, "W")).rested_at is None
        async with store.writing() as unit:
            await unit.mark_rested("W", LATER, LATER)
        assert (await workload_of(store, "W")).rested_at == LATER

    in_store(database_url, test)


@pytest.mark.parametrize(
    ("python_at", "used_from", "joins"),
    [
        (None, UsedFrom(notebook_id="N", kernel_id="K"), True),
        (NOW, UsedFrom(notebook_id="N"), False),
        (NOW, UsedFrom(notebook_id="OTHER", kernel_id="K"), False),
        (NOW, UsedFrom(notebook_id="OTHER", kernel_id="OTHER"), True),
        (NOW, UsedFrom(), True),
    ],
)
def test_a_notebook_gets_no_second_session_on_a_shared_workload_that_ran_python_code(
    database_url: str, python_at: object, used_from: UsedFrom, joins: bool
) -> None:
    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_workload(a_workload(id="W", infra_status="ready", shared=True, python_at=python_at))
            await unit.add_session(a_session(workload_id="W", notebook_id="N", kernel_id="K"))
        async with store.writing() as unit:
            joined = await unit.join_shared_workload("key", OWNER, used_from=used_from)
        assert (joined is not None) == joins

    in_store(database_url, test)


@pytest.mark.parametrize("status", ["stopping", "stopped", "failed"])
def test_a_workload_that_ends_does_not_linger(database_url: str, status: str) -> None:
    async def test(store: SqlStore) -> None:
        workload = a_workload(infra_status=status)
        await add(store, workload)
        async with store.writing() as unit:
            await unit.free_workload(workload.id, LATER)
        assert await workload_of(store, workload.id) == workload

    in_store(database_url, test)


def test_a_workload_in_use_is_not_retired(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, lingering(id="W", freed_at=None))
        assert not await retire(store, "W")
        assert (await workload_of(store, "W")).target == "running"

    in_store(database_url, test)


# Owners


def adopt(url: str, number: int) -> bool:
    async def test(store: SqlStore) -> bool:
        async with store.writing() as unit:
            return await unit.adopt_workload("W", OWNER, replace(STRANGER, pid=number))

    return in_store(url, test)


def test_a_workload_is_taken_over_once(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, a_workload(id="W")))
    adopted = processes.all(adopt, database_url)
    assert sorted(adopted) == [False] * (PROCESSES - 1) + [True]
    workload = in_store(database_url, lambda store: workload_of(store, "W"))
    assert workload.owner == replace(STRANGER, pid=adopted.index(True))


def test_a_workload_without_owner_is_taken_over_as_such(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add(store, a_workload(id="W", owner=None))
        async with store.writing() as unit:
            assert not await unit.adopt_workload("W", STRANGER, OWNER)
            assert await unit.adopt_workload("W", None, OWNER)
        assert (await workload_of(store, "W")).owner == OWNER

    in_store(database_url, test)


# Spark session ids


async def claim(
    store: SqlStore, spark_session_id: str, *, session_id: str = "S1", caller: str = "ADA", limit: int = 3
) -> Literal["granted", "foreign", "released", "limit"]:
    async with store.writing() as unit:
        return await unit.claim_spark_session(
            workload_id="W",
            spark_session_id=spark_session_id,
            session_id=session_id,
            caller=caller,
            limit=limit,
            now=NOW,
        )


async def release(store: SqlStore, spark_session_id: str) -> None:
    async with store.writing() as unit:
        await unit.release_spark_session(workload_id="W", spark_session_id=spark_session_id, now=LATER)


def test_a_spark_session_id_belongs_to_who_used_it_first(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        assert await claim(store, "uuid-1") == "granted"
        assert await claim(store, "uuid-1") == "granted"
        assert await claim(store, "uuid-1", caller="BOB") == "foreign"
        assert await claim(store, "uuid-1", session_id="S2") == "foreign"

    in_store(database_url, test)


def test_a_claim_is_durable(database_url: str) -> None:
    assert in_store(database_url, lambda store: claim(store, "uuid-1")) == "granted"
    assert in_store(database_url, lambda store: claim(store, "uuid-1", caller="BOB")) == "foreign"


def test_a_released_spark_session_id_is_dead(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await claim(store, "uuid-1")
        await release(store, "uuid-1")
        assert await claim(store, "uuid-1") == "released"
        assert await claim(store, "uuid-1", caller="BOB") == "foreign"
        await release(store, "never-claimed")
        assert await claim(store, "never-claimed") == "granted"

    in_store(database_url, test)


def test_the_limit_counts_the_live_spark_sessions_of_one_session(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        for number in range(3):
            assert await claim(store, f"uuid-{number}") == "granted"
        assert await claim(store, "uuid-3") == "limit"
        assert await claim(store, "uuid-0") == "granted"
        assert await claim(store, "uuid-4", session_id="S2") == "granted"
        await release(store, "uuid-1")
        assert await claim(store, "uuid-3") == "granted"

    in_store(database_url, test)


def claim_the_same(url: str, number: int) -> str:
    return in_store(url, lambda store: claim(store, "uuid-1", session_id=f"S{number}"))


def test_one_process_wins_a_spark_session_id(database_url: str, processes: Processes) -> None:
    in_store(database_url, lambda store: add(store, a_workload(id="W")))
    assert sorted(processes.all(claim_the_same, database_url)) == ["foreign"] * (PROCESSES - 1) + ["granted"]
