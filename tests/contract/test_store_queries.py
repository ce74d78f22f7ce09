"""The queries of sessions: the last word on each, the latest of a session, by however many processes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from lakesail_notebook import store as store_package
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.feed import OperationReport
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.records import QueryRecord
from lakesail_notebook.workloads.rules.queries import KEPT
from tests.builders import NOW, a_query
from tests.contract.store_rig import PROCESSES, Processes, in_store, patiently

LATEST = 5


def query(number: int, **changes: object) -> QueryRecord:
    return a_query(**{"id": f"o{number:03}", "started_at": NOW + timedelta(seconds=number)} | changes)


async def keep(store: SqlStore, *records: QueryRecord, session_id: str = "SESSION", latest: int = LATEST) -> None:
    async with store.writing() as unit:
        await unit.upsert_queries(session_id, records, latest=latest)


async def kept(store: SqlStore, session_id: str = "SESSION", limit: int = 1000) -> list[QueryRecord]:
    async with store.reading() as view:
        return await view.queries(session_id, limit=limit)


def test_queries_are_read_as_they_were_kept_newest_first(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        whole = query(
            1,
            what="select '\0\x1b é'",
            ended_at=NOW,
            outcome="failed",
            error="no é",
            action_id="a",
            engine_answered=False,
            rows=2**53,
            data_bytes=2**54,
            earlier_rows=4,
        )
        await keep(store, whole, query(2), query(3))
        assert await kept(store) == [query(3), query(2), whole]
        assert await kept(store, limit=1) == [query(3)]
        async with store.reading() as view:
            assert await view.queries_by_id("SESSION", ["o001", "o009"]) == [whole]

    in_store(database_url, test)


def test_the_last_word_on_a_query_takes_the_place_of_the_one_before(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await keep(store, query(1), query(2))
        await keep(store, query(1, outcome="succeeded", rows=9))
        assert await kept(store) == [query(2), query(1, outcome="succeeded", rows=9)]

    in_store(database_url, test)


def test_a_query_that_turned_out_to_be_none_is_removed_from_its_session_alone(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await keep(store, query(1), query(2))
        await keep(store, query(1, session_id="OTHER"), session_id="OTHER")
        async with store.writing() as unit:
            await unit.remove_queries("SESSION", {"o001", "o009"})
        assert await kept(store) == [query(2)]
        assert len(await kept(store, "OTHER")) == 1

    in_store(database_url, test)


def test_only_the_latest_of_a_session_are_kept(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await keep(store, *(query(number, session_id="OTHER") for number in range(3)), session_id="OTHER")
        for number in range(LATEST + 3):
            await keep(store, query(number))
            assert len(await kept(store)) <= LATEST
        assert await kept(store) == [query(number) for number in reversed(range(3, LATEST + 3))]
        await keep(store, query(0))
        assert query(0) not in await kept(store), "an old one does not come back"
        assert len(await kept(store, "OTHER")) == 3

    in_store(database_url, test)


def test_a_batch_that_cannot_be_kept_leaves_all_as_it_was(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await keep(store, query(1))
        try:
            async with store.writing() as unit:
                await unit.upsert_queries("SESSION", [query(1, rows=5), query(2)], latest=LATEST)
                raise RuntimeError("in between")
        except RuntimeError:
            pass
        assert await kept(store) == [query(1)]

    in_store(database_url, test)


def _report_many(url: str, number: int) -> int:
    """One process's proxy reports of two sessions: one of its own, and one that all of them use."""
    from lakesail_notebook.workloads.reconciling.proxy_reports import ProxyReports

    def reports(session_id: str, first: int) -> list[OperationReport]:
        return [
            OperationReport(
                session_id=session_id,
                operation_id=f"{number}-{first + index}",
                part="p",
                what="select 1",
                began_ago=1.0,
                ended_ago=0.5,
                rows=1,
                data_bytes=8,
                outcome="succeeded",
            )
            for index in range(100)
        ]

    async def test(store: SqlStore) -> int:
        # The reconciler and the usage hear of nothing here.
        listening = ProxyReports(store, None, None, SystemClock(), 1)  # type: ignore[arg-type]
        for first in range(0, 600, 100):
            batch = tuple(reports(f"OWN{number}", first) + reports("COMMON", first))
            for _ in range(2):
                await patiently(partial(listening.operations, batch))
        return len(await kept(store, f"OWN{number}"))

    return in_store(url, test)


def test_processes_that_report_at_once_lose_nothing_and_keep_no_more_than_the_latest(
    database_url: str, processes: Processes
) -> None:
    assert processes.all(_report_many, database_url) == [KEPT] * PROCESSES

    async def test(store: SqlStore) -> None:
        common = await kept(store, "COMMON")
        assert len(common) == KEPT
        assert {query.rows for query in common} == {1}

    in_store(database_url, test)


def test_a_database_of_the_first_schema_is_upgraded_with_what_it_holds(database_url: str) -> None:
    path = Path(database_url.removeprefix("sqlite:///"))
    config = Config()
    config.set_main_option("script_location", str(Path(store_package.__file__).parent / "migrations"))
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO meta (key, value) VALUES ('issuer', 'lakesail-of-before')"))
    engine.dispose()
    assert path.exists()

    async def test(store: SqlStore) -> str:
        await keep(store, query(1))
        assert await kept(store) == [query(1)]
        return store.issuer

    assert in_store(database_url, test) == "lakesail-of-before"
