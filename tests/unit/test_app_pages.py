"""Who is given a link to the page of a marimo session, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.apps_port import AppAddress
from lakesail_notebook.workloads.records import SessionRecord
from lakesail_notebook.workloads.rules.access import Principal, of_a_session
from lakesail_notebook.workloads.services.app_pages import AppPages
from tests.builders import a_session
from tests.marimo_apps import MarimoApps

ADA = Principal(id="ADA", login="ada", team_ids=("LOCAL",))
BEA = Principal(id="BEA", login="bea", team_ids=("LOCAL",), admin_of=frozenset({"LOCAL"}))
SESSION = a_session(endpoint_type="marimo", member_id="ADA", status="active")


class ServingApps(MarimoApps):
    """One app serves, and no process is behind it."""

    def address_of(self, session_id: str) -> AppAddress | None:
        return AppAddress(1, "token") if session_id == SESSION.id else None


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[AppPages]:
    async def nobody_counts(_: str) -> None:
        pass

    with asyncio.Runner() as runner:
        store = runner.run(open_store(f"sqlite:///{tmp_path / 'pages.db'}"))
        yield AppPages(store=store, apps=ServingApps("/"), report_use=nobody_counts, clock=SystemClock())
        runner.run(store.close())


def test_the_owner_is_given_another_link_each_time(pages: AppPages) -> None:
    links = [pages.link(SESSION, ADA) for _ in range(3)]
    assert len(set(links)) == 3
    assert all(link is not None and link.startswith(f"lakesail/marimo/{SESSION.id}/_auth?ticket=") for link in links)


@pytest.mark.parametrize(
    ("session", "principal"),
    [
        (SESSION, BEA),
        (SESSION, of_a_session(ADA, SESSION.id)),
        (replace(SESSION, status="closed"), ADA),
        (replace(SESSION, endpoint_type="spark_connect"), ADA),
        (replace(SESSION, id="OTHER"), ADA),
    ],
    ids=["administrator", "marimo's own credential", "over", "no marimo session", "nothing serves it"],
)
def test_nobody_else_and_no_other_session_has_a_link(
    pages: AppPages, session: SessionRecord, principal: Principal
) -> None:
    assert pages.link(session, principal) is None
