"""What runs on a session, such as its marimo, has that session alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from lakesail_notebook.errors import PermissionDenied
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.records import ServiceAccountRecord, SessionRecord
from lakesail_notebook.workloads.rules import access
from lakesail_notebook.workloads.rules.access import Principal, of_a_session
from lakesail_notebook.workloads.services.app_launches import require_may_begin
from tests.builders import NOW, a_config, a_principal, a_session, a_workload

ADMINISTRATOR = a_principal(id="ADA", admin_of=frozenset({"LOCAL"}), organization_admin=True)
OWN = a_session(id="OWN", member_id="ADA")
OTHER = a_session(id="OTHER", member_id="ADA")
STRANGERS = a_session(id="THEIRS", member_id="BOB")
MARIMO = of_a_session(ADMINISTRATOR, "OWN")

ALLOWED: dict[str, Callable[[Principal, SessionRecord], bool]] = {
    "own": access.owns_session,
    "see": access.sees_session,
    "close": access.closes_session,
    "extend": access.extends_session,
    "read logs": access.reads_logs,
    "read queries": access.reads_queries,
    "interrupt": access.interrupts_queries,
    "have a token": access.issues_token,
}
REFUSED: dict[str, Callable[[Principal, SessionRecord], bool]] = {
    "relaunch": access.relaunches_session,
    "revoke tokens": access.revokes_tokens,
}


@pytest.mark.parametrize("rule", ALLOWED.values(), ids=ALLOWED)
def test_it_uses_its_own_session_and_no_other(rule: Callable[[Principal, SessionRecord], bool]) -> None:
    assert rule(MARIMO, OWN)
    assert not rule(MARIMO, OTHER)
    assert not rule(MARIMO, STRANGERS)
    assert rule(ADMINISTRATOR, OTHER)


@pytest.mark.parametrize("rule", REFUSED.values(), ids=REFUSED)
def test_it_may_not_do_all_that_its_owner_may(rule: Callable[[Principal, SessionRecord], bool]) -> None:
    assert not rule(MARIMO, OWN)
    assert rule(ADMINISTRATOR, OWN)


def test_it_begins_no_session_and_is_told_what_to_do() -> None:
    require_may_begin(ADMINISTRATOR)
    with pytest.raises(PermissionDenied, match=r"session OWN .*jupyter lakesail marimo") as refused:
        require_may_begin(MARIMO)
    assert refused.value.reason == "bound_to_session"


def test_it_reads_configs_and_changes_none_and_sees_no_service_account() -> None:
    account = ServiceAccountRecord(
        id="BOT",
        team_id="LOCAL",
        username="bot",
        description=None,
        key_hash="",
        created_at=NOW,
        created_by=None,
        updated_at=NOW,
        updated_by=None,
    )
    assert access.sees_config(MARIMO, a_config())
    assert not access.changes_configs_of(MARIMO, "LOCAL")
    assert not access.sees_service_account(MARIMO, account)
    assert not access.sees_service_accounts(MARIMO)
    assert not access.manages_service_accounts_of(MARIMO, "LOCAL")
    assert not access.creates_for_others_in(MARIMO, "LOCAL")


def test_its_lists_and_events_tell_of_its_session_alone(tmp_path: Path) -> None:
    async def look() -> tuple[list[str], set[str | None]]:
        store = await open_store(f"sqlite:///{tmp_path / 'sessions.db'}")
        async with store.writing() as unit:
            await unit.add_config(a_config(id="CONFIG", name=None))
            await unit.add_workload(a_workload(id="WORKLOAD"), by=None)
            for session in (OWN, OTHER, STRANGERS):
                await unit.add_session(session, by=None)
        async with store.reading() as view:
            sessions = await view.sessions(access.visible_sessions(MARIMO), after=None, limit=10)
            events = await view.events_after(0, 100, access.visible_events(MARIMO))
        await store.close()
        return [one.id for one in sessions], {one.session_id for one in events if one.kind != "config"}

    assert asyncio.run(look()) == (["OWN"], {"OWN"})
