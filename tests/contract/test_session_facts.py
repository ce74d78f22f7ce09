"""What is read to show sessions: as much for a hundred as for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from lakesail_notebook import models
from lakesail_notebook.ids import new_id
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.records import NotebookRecord
from tests.builders import NOW, a_config, a_member, a_principal, a_session, a_workload
from tests.contract.store_rig import in_store
from tests.integration.by_hand import ClockByHand, Plane

ADMIN = a_principal(id="OLA", login="ola", organization_admin=True)
MOST_STATEMENTS = 8
"""Of a list: how many there are, the page, and one for each kind of row that sessions name."""


async def fill(store: SqlStore, count: int) -> str:
    """So many sessions, each with an owner, a workload, a config and a notebook of its own; the last one's id."""
    async with store.writing() as unit:
        for number in range(count):
            at = NOW + timedelta(seconds=number)
            member = a_member(id=f"M{number}", login=f"m{number}", name=f"Member {number}")
            notebook = NotebookRecord(
                id=f"N{number}", server="/", path=f"{number}", file=None, left_at=None, created_at=at, updated_at=at
            )
            config = a_config(id=f"C{number}", name=f"config {number}")
            workload = a_workload(id=f"W{number}", config_id=config.id, created_at=at)
            session = a_session(
                id=new_id(at), created_at=at, member_id=member.id, workload_id=workload.id, notebook_id=notebook.id
            )
            await unit.upsert_member(member)
            await unit.put_notebook(notebook)
            await unit.add_config(config)
            await unit.add_workload(workload)
            await unit.add_session(session)
    return session.id


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent to any database."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def list_of(url: str, count: int) -> tuple[int, models.Session]:
    """How many statements list so many sessions; and the first of the list."""

    async def test(store: SqlStore) -> tuple[int, models.Session]:
        last = await fill(store, count)
        sessions = Plane(store, ClockByHand(), 1).sessions
        with counted() as sent:
            page = await sessions.list(ADMIN, models.SessionListQuery())
        assert len(page.included.sessions) == count
        assert page.included.sessions[0].id == last
        return len(sent), page.included.sessions[0]

    return in_store(url, test)


def test_a_list_of_a_hundred_takes_as_many_statements_as_a_list_of_one(database_url: str) -> None:
    of_one, _ = list_of(f"{database_url}.1", 1)
    of_a_hundred, newest = list_of(database_url, 100)
    assert of_a_hundred == of_one <= MOST_STATEMENTS
    assert (newest.owner_name, newest.workload_config_name) == ("Member 99", "config 99")
    assert newest.notebook_path == "/99"


def test_one_session_is_told_as_it_is_listed(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        last = await fill(store, 2)
        sessions = Plane(store, ClockByHand(), 1).sessions
        with counted() as sent:
            told = await sessions.describe(ADMIN, last)
        page = await sessions.list(ADMIN, models.SessionListQuery())
        assert told == page.included.sessions[0]
        assert len(sent) <= MOST_STATEMENTS

    in_store(database_url, test)
