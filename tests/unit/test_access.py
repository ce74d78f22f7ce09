"""Who may do what: the table of the documentation, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from lakesail_notebook.errors import NotFound, PermissionDenied
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.records import ServiceAccountRecord, SessionRecord
from lakesail_notebook.workloads.rules.access import (
    Principal,
    administers,
    changes_configs_of,
    chosen_team,
    closes_session,
    closing_reason,
    creates_for_others_in,
    extends_session,
    issues_token,
    manages_service_accounts_of,
    owns_session,
    plain_member,
    reads_logs,
    relaunches_session,
    sees_config,
    sees_service_account,
    sees_session,
    visible_events,
    visible_sessions,
    visible_teams,
)
from tests.builders import NOW, a_config, a_principal, a_session

MEMBER = a_principal(id="ADA", team_ids=("RED",))
TEAM_ADMIN = a_principal(id="TED", team_ids=("RED", "GREEN"), admin_of=frozenset({"RED"}))
ORGANIZATION_ADMIN = a_principal(id="OLA", team_ids=("HQ",), organization_admin=True)
SERVICE_ACCOUNT = a_principal(id="BOT", team_ids=("RED",), service_account=True)
KERNEL_OF_TEAM_ADMIN = plain_member(TEAM_ADMIN)
KERNEL_OF_ORGANIZATION_ADMIN = plain_member(ORGANIZATION_ADMIN)
PRINCIPALS = {
    "member": MEMBER,
    "team admin": TEAM_ADMIN,
    "organization admin": ORGANIZATION_ADMIN,
    "service account": SERVICE_ACCOUNT,
    "team admin's kernel": KERNEL_OF_TEAM_ADMIN,
    "organization admin's kernel": KERNEL_OF_ORGANIZATION_ADMIN,
}

SESSIONS = {
    "ADA": a_session(id="ADAS", member_id="ADA", team_id="RED"),
    "TED": a_session(id="TEDS", member_id="TED", team_id="RED"),
    "BOT": a_session(id="BOTS", member_id=None, service_account_id="BOT", team_id="RED"),
    "GUS": a_session(id="GUSS", member_id="GUS", team_id="GREEN"),
    "SUE": a_session(id="SUES", member_id="SUE", team_id="BLUE"),
    "OLA": a_session(id="OLAS", member_id="OLA", team_id="HQ"),
}
RED = {"ADA", "TED", "BOT"}
ALL = {*RED, "GUS", "SUE", "OLA"}

Rule = Callable[[Principal, SessionRecord], bool]


def account(team_id: str) -> ServiceAccountRecord:
    return ServiceAccountRecord(
        id="BOT",
        team_id=team_id,
        username="bot",
        description=None,
        key_hash="",
        created_at=NOW,
        created_by=None,
        updated_at=NOW,
        updated_by=None,
    )


@pytest.mark.parametrize(
    ("who", "sees", "uses", "relaunches"),
    [
        ("member", {"ADA"}, {"ADA"}, {"ADA"}),
        ("team admin", RED, {"TED"}, {"TED"}),
        ("organization admin", ALL, ALL, {"OLA"}),
        ("service account", {"BOT"}, {"BOT"}, {"BOT"}),
        ("team admin's kernel", {"TED"}, {"TED"}, {"TED"}),
        ("organization admin's kernel", {"OLA"}, {"OLA"}, {"OLA"}),
    ],
)
def test_sessions(who: str, sees: set[str], uses: set[str], relaunches: set[str]) -> None:
    def allowed(rule: Rule) -> set[str]:
        return {owner for owner, session in SESSIONS.items() if rule(PRINCIPALS[who], session)}

    for rule in (sees_session, closes_session, extends_session, reads_logs):
        assert allowed(rule) == sees, rule
    assert allowed(issues_token) == uses
    assert allowed(relaunches_session) == relaunches == allowed(owns_session)


@pytest.mark.parametrize(
    ("who", "seen", "changed"),
    [
        ("member", {"RED"}, set()),
        ("team admin", {"RED", "GREEN"}, {"RED"}),
        ("organization admin", {"RED", "GREEN", "BLUE"}, {"RED", "GREEN", "BLUE"}),
        ("service account", {"RED"}, set()),
        ("team admin's kernel", {"RED", "GREEN"}, set()),
        ("organization admin's kernel", set(), set()),
    ],
)
def test_configs_service_accounts_and_sessions_of_others(who: str, seen: set[str], changed: set[str]) -> None:
    principal, teams = PRINCIPALS[who], ("RED", "GREEN", "BLUE")
    assert {team for team in teams if sees_config(principal, a_config(team_id=team))} == seen
    assert {team for team in teams if sees_service_account(principal, account(team))} == seen
    for rule in (administers, changes_configs_of, manages_service_accounts_of, creates_for_others_in):
        assert {team for team in teams if rule(principal, team)} == changed, rule


@pytest.mark.parametrize("who", PRINCIPALS)
def test_a_list_holds_exactly_what_its_reader_may_see(tmp_path: Path, who: str) -> None:
    principal = PRINCIPALS[who]

    async def listed() -> tuple[set[str], set[str | None]]:
        store = await open_store(f"sqlite:///{tmp_path / 'lakesail.db'}")
        async with store.writing() as unit:
            for session in SESSIONS.values():
                await unit.add_session(session)
        async with store.reading() as view:
            rows = await view.sessions(visible_sessions(principal), after=None, limit=100)
            events = await view.events_after(0, 100, visible_events(principal))
        await store.close()
        return {row.id for row in rows}, {event.session_id for event in events}

    seen = {session.id for session in SESSIONS.values() if sees_session(principal, session)}
    assert asyncio.run(listed()) == (seen, seen)


def test_organization_admins_see_every_team() -> None:
    assert visible_teams(ORGANIZATION_ADMIN) is None
    assert visible_teams(TEAM_ADMIN) == ("RED", "GREEN")


@pytest.mark.parametrize(
    ("who", "wanted", "team"),
    [
        ("member", None, "RED"),
        ("member", "RED", "RED"),
        ("team admin", None, "RED"),
        ("team admin", "GREEN", "GREEN"),
        ("organization admin", None, "HQ"),
        ("organization admin", "BLUE", "BLUE"),
        ("service account", None, "RED"),
    ],
)
def test_something_new_is_for_the_team_that_is_named_or_the_first(who: str, wanted: str | None, team: str) -> None:
    assert chosen_team(PRINCIPALS[who], wanted, {"RED", "GREEN", "BLUE", "HQ"}) == team


@pytest.mark.parametrize(
    ("who", "wanted"),
    [("member", "BLUE"), ("member", "NONE"), ("organization admin", "NONE"), ("organization admin's kernel", "BLUE")],
)
def test_a_team_of_others_is_as_unknown_as_one_that_is_not(who: str, wanted: str) -> None:
    with pytest.raises(NotFound, match=f"There is no team {wanted}") as refused:
        chosen_team(PRINCIPALS[who], wanted, {"RED", "GREEN", "BLUE", "HQ"})
    assert refused.value.reason == "team_not_found"


def test_who_is_in_no_team_is_told_so() -> None:
    with pytest.raises(PermissionDenied, match="in no team"):
        chosen_team(a_principal(team_ids=()), None, {"RED"})


def test_who_closed_a_session_is_told_apart() -> None:
    assert closing_reason(MEMBER, SESSIONS["ADA"]) == "user_closed"
    assert closing_reason(TEAM_ADMIN, SESSIONS["ADA"]) == "admin_closed"
    assert closing_reason(ORGANIZATION_ADMIN, SESSIONS["ADA"]) == "admin_closed"


def test_ids_are_compared_byte_for_byte() -> None:
    for stranger in ("ada", "ADA ", "ＡＤＡ", ""):
        assert not sees_session(a_principal(id=stranger, team_ids=("RED",)), SESSIONS["ADA"])
