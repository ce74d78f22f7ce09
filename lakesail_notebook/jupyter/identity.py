"""Jupyter's users as the domain's principals: the one person of a single-user server, or members of teams."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import PermissionDenied
from ..ids import is_id, stable_id
from ..workloads.rules.access import Principal
from ..workloads.rules.names import kind_of
from ..workloads.settings import LOCAL, KnownMember

Identify = Callable[[Any], Principal]
"""The principal of a user whom Jupyter's identity provider knows, or of ``None``: nobody known."""

_TEAM_FIELDS = ("members", "admins", "groups", "admin_groups")
_GROUP_MARK = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Names and groups of the identity provider, compared byte for byte."""

    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    everybody: bool = False

    def include(self, name: str, groups: frozenset[str]) -> bool:
        return self.everybody or name in self.names or not self.groups.isdisjoint(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    members: People
    admins: People
    """Who are members as well."""


_EVERYBODY = Team(members=People(everybody=True), admins=People())


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is in which team, and who administers what."""

    teams: Mapping[str, Team]
    """By id, in the order in which their members' first team is found."""
    organization_admins: People

    def names(self, name: str) -> bool:
        """Whether the administrator wrote down this very name."""
        teams = self.teams.values()
        written = (self.organization_admins, *(people for team in teams for people in (team.members, team.admins)))
        return any(name in people.names for people in written)


def roster_from(teams: Mapping[Any, Any], org_admins: Sequence[str]) -> Roster:
    """The traits ``teams`` and ``org_admins``. Without teams, there is one, and everybody is in it.

    :raises ValueError: says what is wrong with them.
    """
    groups = {name.removeprefix(_GROUP_MARK) for name in org_admins if name.startswith(_GROUP_MARK)}
    names = {name for name in org_admins if not name.startswith(_GROUP_MARK)}
    return Roster(
        teams={team_id: _team(team_id, value) for team_id, value in teams.items()} or {LOCAL: _EVERYBODY},
        organization_admins=People(names=frozenset(names), groups=frozenset(groups)),
    )


def known_members(roster: Roster) -> dict[str, KnownMember]:
    """Those whom the administrator wrote down by name, by id."""
    teams = roster.teams.values()
    written = (roster.organization_admins, *(people for team in teams for people in (team.members, team.admins)))
    named = (member(roster, name, None, frozenset()) for people in written for name in people.names)
    return {one.id: KnownMember(id=one.id, login=one.login, team_ids=one.team_ids) for one in named}


def is_hub(identity_provider: Any) -> bool:
    """Whether a JupyterHub says who the users of this server are."""
    return hasattr(identity_provider, "hub_auth")


def local_user(user: Any) -> Principal:
    """Everybody who may log in to a single-user server is its user: token logins have random names."""
    return Principal(
        id=_member_id(LOCAL),
        login=LOCAL,
        team_ids=(LOCAL,),
        admin_of=frozenset({LOCAL}),
        organization_admin=True,
    )


def members_of(roster: Roster) -> Identify:
    """For a server whose identity provider knows its users apart.

    What it answers raises :class:`PermissionDenied` for a user without a name of its own.
    """

    def identify(user: Any) -> Principal:
        name = _real_name(roster, user)
        return member(roster, name, user.name, _groups(user))

    return identify


def member(roster: Roster, login: str, name: str | None, groups: frozenset[str]) -> Principal:
    """The principal of a member with its roles. Pure."""
    admin_of = frozenset(key for key, team in roster.teams.items() if team.admins.include(login, groups))
    joined = {key for key, team in roster.teams.items() if team.members.include(login, groups)} | admin_of
    return Principal(
        id=_member_id(login),
        login=login,
        name=name,
        team_ids=tuple(key for key in roster.teams if key in joined),
        admin_of=admin_of,
        organization_admin=roster.organization_admins.include(login, groups),
    )


def _real_name(roster: Roster, user: Any) -> str:
    if user is None:
        raise PermissionDenied("Nobody known is asking: this server keeps its users apart. Log in, and try again.")
    name: str = user.username
    kind = _hub_user(user).get("kind", "user")
    if kind != "user":
        raise PermissionDenied(f"A JupyterHub {kind} is no member; create a service account for it, and use its key.")
    if _is_random(name) and not roster.names(name):
        raise PermissionDenied(
            "Your login gives no name, only a shared token or password, and this server keeps its users apart. "
            "Log in as yourself (its administrator sets ServerApp.identity_provider_class), or use a service account."
        )
    return name


def _is_random(name: str) -> bool:
    """Whether it is a name that Jupyter makes up for those who log in with a token or password, anew each time."""
    try:
        made_up = uuid.UUID(hex=name)
    except ValueError:
        return False
    return made_up.version == 4 and made_up.hex == name


def _groups(user: Any) -> frozenset[str]:
    groups = _hub_user(user).get("groups", getattr(user, "groups", None))
    return frozenset(groups or ())


def _hub_user(user: Any) -> Mapping[str, Any]:
    """What JupyterHub says of a user; empty without a Hub."""
    said: Mapping[str, Any] | None = getattr(user, "hub_user", None)
    return said or {}


def _member_id(login: str) -> str:
    return stable_id("member", login)


def _team(team_id: Any, value: Any) -> Team:
    if not isinstance(team_id, str) or not is_id(team_id):
        raise ValueError(f"a team's id is 1 to 20 of A-Z and 0-9, not {team_id!r}")
    if not isinstance(value, Mapping) or not set(value) <= set(_TEAM_FIELDS):
        raise ValueError(f"teams[{team_id!r}] is a mapping of {', '.join(_TEAM_FIELDS)}, not {_shape(value)}")
    lists = {field: _names(f"teams[{team_id!r}][{field!r}]", value.get(field, ())) for field in _TEAM_FIELDS}
    return Team(
        members=People(names=lists["members"], groups=lists["groups"]),
        admins=People(names=lists["admins"], groups=lists["admin_groups"]),
    )


def _names(where: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list | tuple | set | frozenset) or not all(
        isinstance(name, str) and name for name in value
    ):
        raise ValueError(f"{where} is a list of names, not {_shape(value)}")
    return frozenset(value)


def _shape(value: Any) -> str:
    """Such as ``a list with a NoneType`` or ``a dict with 'member'``: names of people are not told."""
    if isinstance(value, Mapping):
        strange = [key for key in value if key not in _TEAM_FIELDS]
        return f"a dict with {', '.join(map(repr, strange))}"
    if isinstance(value, list | tuple | set | frozenset):
        strange = [item for item in value if not isinstance(item, str) or not item]
        kinds = ["an empty name" if item == "" else kind_of(item) for item in strange]
        return f"a {type(value).__name__} with {', '.join(kinds)}"
    return kind_of(value)
