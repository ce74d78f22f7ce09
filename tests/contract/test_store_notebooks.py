"""Notebooks in a store: one at a path at a time, and named in their sessions as they are called now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.records import NotebookRecord, SessionRecord
from tests.builders import a_session
from tests.contract.store_rig import in_store

AT = datetime(2026, 3, 1, tzinfo=UTC)


def a_notebook(notebook_id: str, path: str, **changes: object) -> NotebookRecord:
    record = NotebookRecord(
        id=notebook_id, server="/root", path=path, file=None, left_at=None, created_at=AT, updated_at=AT
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def test_a_notebook_is_found_by_id_by_path_and_by_file(database_url: str) -> None:
    there = a_notebook("A", "deep/a.ipynb", file="1")
    lost = a_notebook("B", "deep/a.ipynb", file="1", left_at=AT, updated_at=AT + timedelta(hours=1))
    elsewhere = a_notebook("C", "deep/a.ipynb", file="1", server="/other")

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            for record in (lost, there, elsewhere):
                await unit.put_notebook(record)
        async with store.reading() as view:
            assert await view.notebook("B") == lost
            assert await view.notebook("D") is None
            assert {one.id for one in await view.notebooks_by_id({"A", "C", "D"})} == {"A", "C"}
            assert await view.notebook_at("/root", "deep/a.ipynb") == there
            assert await view.notebook_at("/root", "a.ipynb") is None
            assert await view.notebooks_of_file("/root", "1") == [there, lost]
            assert await view.notebooks_of_file("/root", "2") == []

    in_store(database_url, test)


def test_what_is_below_a_path_is_in_it_and_not_only_spelt_alike(database_url: str) -> None:
    paths = ("a", "a/1", "a/b/2", "ab/3", "A/4", "a%/5", "b")

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            for number, path in enumerate(paths):
                await unit.put_notebook(a_notebook(f"N{number}", path))
        async with store.reading() as view:
            assert {one.path for one in await view.notebooks_below("/root", "a")} == {"a", "a/1", "a/b/2"}
            assert {one.path for one in await view.notebooks_below("/root", "a%")} == {"a%/5"}

    in_store(database_url, test)


def test_two_notebooks_are_never_at_one_path(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.put_notebook(a_notebook("A", "a.ipynb"))
        with pytest.raises(IntegrityError):
            async with store.writing() as unit:
                await unit.put_notebook(a_notebook("B", "a.ipynb"))
        async with store.writing() as unit:
            await unit.put_notebook(a_notebook("A", "a.ipynb", left_at=AT))
            await unit.put_notebook(a_notebook("B", "a.ipynb"))

    in_store(database_url, test)


def test_the_sessions_of_a_notebook_carry_its_present_name(database_url: str) -> None:
    of_notebook = a_session(notebook_id="A", metadata={"team": "blue"})
    of_none = a_session(notebook_id=None, metadata={"team": "red"})

    async def test(store: SqlStore) -> list[SessionRecord | None]:
        async with store.writing() as unit:
            for record in (of_notebook, of_none):
                await unit.add_session(record)
            await unit.put_notebook(a_notebook("A", "a.ipynb"))
            await unit.put_notebook(a_notebook("A", "b.ipynb"))
        async with store.reading() as view:
            return [await view.session(record.id) for record in (of_notebook, of_none)]

    named, untouched = in_store(database_url, test)
    assert named == replace(of_notebook, metadata={"team": "blue", "lakesail/notebook": "/root/b.ipynb"})
    assert untouched == of_none


def test_a_notebook_is_known_to_those_who_have_a_session_of_it(database_url: str) -> None:
    owned = a_session(notebook_id="A")

    async def test(store: SqlStore) -> None:
        async with store.writing() as unit:
            await unit.add_session(owned)
        async with store.reading() as view:
            assert await view.has_session_of_notebook(owned.caller_id, "A")
            assert not await view.has_session_of_notebook(owned.caller_id, "B")
            assert not await view.has_session_of_notebook("somebody else", "A")

    in_store(database_url, test)
