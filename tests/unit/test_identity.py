"""Who Jupyter's users are to the domain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from jupyter_server.auth import User

from lakesail_notebook.errors import PermissionDenied
from lakesail_notebook.ids import is_id, stable_id
from lakesail_notebook.jupyter.identity import is_hub, local_user, member, members_of, roster_from

TEAMS = {
    "RED": {"members": ["ada"], "admins": ["ted"], "groups": ["reds"], "admin_groups": ["red leads"]},
    "BLUE": {"members": ["sue", "ada"]},
}
ROSTER = roster_from(TEAMS, ["ola", "@owners"])


@dataclass
class HubUser(User):
    """As JupyterHub's identity provider hands it out."""

    hub_user: Any = None


def hub_user(name: str, *groups: str, kind: str = "user") -> HubUser:
    return HubUser(name, hub_user={"name": name, "kind": kind, "groups": list(groups)})


@pytest.mark.parametrize(
    ("login", "groups", "team_ids", "admin_of", "organization_admin"),
    [
        ("ada", (), ("RED", "BLUE"), set(), False),
        ("sue", (), ("BLUE",), set(), False),
        ("ted", (), ("RED",), {"RED"}, False),
        ("ola", (), (), set(), True),
        ("new", ("reds",), ("RED",), set(), False),
        ("new", ("red leads",), ("RED",), {"RED"}, False),
        ("new", ("owners",), (), set(), True),
        ("new", ("ada", "BLUE", "@owners"), (), set(), False),
        ("Ada", (), (), set(), False),
        ("ada ", (), (), set(), False),
        ("@owners", (), (), set(), False),
    ],
)
def test_teams_and_roles_come_from_names_and_groups_byte_for_byte(
    login: str, groups: tuple[str, ...], team_ids: tuple[str, ...], admin_of: set[str], organization_admin: bool
) -> None:
    principal = members_of(ROSTER)(hub_user(login, *groups))
    assert principal.team_ids == team_ids
    assert principal.admin_of == admin_of
    assert principal.organization_admin is organization_admin
    assert not principal.service_account


def test_a_member_is_known_by_its_name_alone_everywhere_and_always() -> None:
    principal = members_of(ROSTER)(hub_user("ada"))
    assert principal.id == stable_id("member", "ada") == member(ROSTER, "ada", "Ada L.", frozenset({"x"})).id
    assert is_id(principal.id)
    assert principal.id != members_of(ROSTER)(hub_user("Ada")).id


def test_names_that_unicode_calls_equal_are_two_people() -> None:
    identify = members_of(ROSTER)
    assert identify(hub_user("\u00e9va")).id != identify(hub_user("e\u0301va")).id


def test_without_teams_everybody_is_in_the_one_team() -> None:
    principal = members_of(roster_from({}, ["ola"]))(User("ada"))
    assert (principal.team_ids, principal.organization_admin) == (("LOCAL",), False)
    assert not principal.admin_of
    assert members_of(roster_from({}, ["ola"]))(User("ola")).organization_admin


def test_groups_of_another_identity_provider_count_as_well() -> None:
    user = User("new")
    user.groups = ["reds"]  # type: ignore[attr-defined]
    assert members_of(ROSTER)(user).team_ids == ("RED",)


def test_the_random_name_of_a_token_login_owns_nothing() -> None:
    name = uuid.uuid4().hex
    for user in (User(name, name="Anonymous Io"), User(name, name="A name that was edited")):
        with pytest.raises(PermissionDenied, match="shared token or password"):
            members_of(ROSTER)(user)


def test_a_name_that_looks_random_is_real_when_the_administrator_wrote_it_down() -> None:
    name = uuid.uuid4().hex
    assert members_of(roster_from({"RED": {"members": [name]}}, []))(User(name)).team_ids == ("RED",)
    assert members_of(roster_from({}, [name]))(User(name)).organization_admin


def test_nobody_known_is_no_member() -> None:
    with pytest.raises(PermissionDenied, match="Nobody known"):
        members_of(ROSTER)(None)


def test_a_hub_service_is_not_the_user_of_the_same_name() -> None:
    with pytest.raises(PermissionDenied, match="service account"):
        members_of(ROSTER)(hub_user("ada", kind="service"))


def test_all_logins_of_a_single_user_server_are_one_person_with_all_rights() -> None:
    principals = {local_user(User(uuid.uuid4().hex)).id, local_user(None).id}
    assert len(principals) == 1
    assert local_user(None).organization_admin
    assert local_user(None).team_ids == ("LOCAL",)


def test_a_hub_is_known_by_its_identity_provider() -> None:
    class Provider:
        hub_auth = object()

    assert is_hub(Provider())
    assert not is_hub(object())


@pytest.mark.parametrize(
    ("teams", "wrong"),
    [
        ({"red": {}}, "A-Z"),
        ({"R" * 21: {}}, "A-Z"),
        ({"RED": ["ada"]}, "mapping of members"),
        ({"RED": {"people": ["ada"]}}, "mapping of members"),
        ({"RED": {"members": "ada"}}, "list of names"),
        ({"RED": {"members": [1]}}, "list of names"),
        ({"RED": {"members": [""]}}, "list of names"),
        ({"RED": {"members": None}}, "list of names"),
    ],
)
def test_what_is_no_team_is_refused_with_what_it_should_be(teams: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        roster_from(teams, [])
