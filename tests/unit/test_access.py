"""Who may do what: the table of the documentation, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lakesail_notebook.workloads.access import (
    Principal,
    changes_configs_of,
    closes_session,
    closing_reason,
    issues_token,
    owns_session,
    sees_config,
    sees_session,
)
from lakesail_notebook.workloads.records import SessionRecord
from tests.builders import a_config, a_principal, a_session

MEMBER = a_principal(id="ADA", team_ids=("RED",))
TEAM_ADMIN = a_principal(id="TED", team_ids=("RED",), admin_of=frozenset({"RED"}))
ORGANIZATION_ADMIN = a_principal(id="OLA", team_ids=("HQ",), organization_admin=True)
SERVICE_ACCOUNT = a_principal(id="BOT", team_ids=("RED",))

ADAS = a_session(member_id="ADA", team_id="RED")
COLLEAGUES = a_session(member_id="CAL", team_id="RED")
STRANGERS = a_session(member_id="SUE", team_id="BLUE")
BOTS = a_session(member_id=None, service_account_id="BOT", team_id="RED")

Rule = Callable[[Principal, SessionRecord], bool]


@pytest.mark.parametrize(
    ("principal", "rule", "allowed"),
    [
        (MEMBER, sees_session, {"ADAS"}),
        (MEMBER, closes_session, {"ADAS"}),
        (MEMBER, issues_token, {"ADAS"}),
        (TEAM_ADMIN, sees_session, {"ADAS", "COLLEAGUES", "BOTS"}),
        (TEAM_ADMIN, closes_session, {"ADAS", "COLLEAGUES", "BOTS"}),
        (TEAM_ADMIN, issues_token, set()),
        (ORGANIZATION_ADMIN, sees_session, {"ADAS", "COLLEAGUES", "STRANGERS", "BOTS"}),
        (ORGANIZATION_ADMIN, closes_session, {"ADAS", "COLLEAGUES", "STRANGERS", "BOTS"}),
        (ORGANIZATION_ADMIN, issues_token, {"ADAS", "COLLEAGUES", "STRANGERS", "BOTS"}),
        (SERVICE_ACCOUNT, sees_session, {"BOTS"}),
        (SERVICE_ACCOUNT, closes_session, {"BOTS"}),
        (SERVICE_ACCOUNT, issues_token, {"BOTS"}),
    ],
)
def test_sessions(principal: Principal, rule: Rule, allowed: set[str]) -> None:
    sessions = {"ADAS": ADAS, "COLLEAGUES": COLLEAGUES, "STRANGERS": STRANGERS, "BOTS": BOTS}
    assert {name for name, session in sessions.items() if rule(principal, session)} == allowed


@pytest.mark.parametrize(
    ("principal", "seen", "changed"),
    [
        (MEMBER, {"RED"}, set()),
        (TEAM_ADMIN, {"RED"}, {"RED"}),
        (ORGANIZATION_ADMIN, {"RED", "BLUE"}, {"RED", "BLUE"}),
        (SERVICE_ACCOUNT, {"RED"}, set()),
    ],
)
def test_configs(principal: Principal, seen: set[str], changed: set[str]) -> None:
    teams = ("RED", "BLUE")
    assert {team for team in teams if sees_config(principal, a_config(team_id=team))} == seen
    assert {team for team in teams if changes_configs_of(principal, team)} == changed


def test_only_its_owner_owns_a_session() -> None:
    assert owns_session(MEMBER, ADAS)
    assert owns_session(SERVICE_ACCOUNT, BOTS)
    for principal in (TEAM_ADMIN, ORGANIZATION_ADMIN, SERVICE_ACCOUNT):
        assert not owns_session(principal, ADAS)


def test_who_closed_a_session_is_told_apart() -> None:
    assert closing_reason(MEMBER, ADAS) == "user_closed"
    assert closing_reason(TEAM_ADMIN, ADAS) == "admin_closed"
    assert closing_reason(ORGANIZATION_ADMIN, ADAS) == "admin_closed"


def test_names_are_compared_byte_for_byte() -> None:
    for stranger in ("ada", "ADA ", "ＡＤＡ", ""):
        assert not sees_session(a_principal(id=stranger, team_ids=("RED",)), ADAS)
