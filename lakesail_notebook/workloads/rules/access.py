"""Who may do what: pure functions of a principal and the thing it asks for.

What a principal may not see is answered as if it were not there; what it sees and may not do, with a refusal.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...errors import NotFound, PermissionDenied
from ..filters import EventFilter, SessionFilter
from ..records import ConfigRecord, ServiceAccountRecord, SessionRecord, TerminationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The authenticated asker with its roles, made by the edge."""

    id: str
    """The member's id, or the service account's."""
    login: str
    name: str | None = None
    team_ids: tuple[str, ...]
    """The teams it belongs to, its own first; may be none."""
    admin_of: frozenset[str] = frozenset()
    """Teams that it administers."""
    organization_admin: bool = False
    service_account: bool = False
    """A program's account: in one team, and no administrator of anything."""
    kernel_id: str | None = None
    """The kernel whose token asks; such a principal has no admin rights."""
    session_id: str | None = None
    """The session whose own processes ask, as those of its marimo; such a principal has that session alone, and no
    admin rights."""

    @property
    def shown_name(self) -> str:
        """For other people."""
        return self.name or self.login


def plain_member(principal: Principal) -> Principal:
    """The same person without admin rights: what a kernel's token stands for."""
    return replace(principal, admin_of=frozenset(), organization_admin=False)


# Teams


def administers(principal: Principal, team_id: str) -> bool:
    return principal.organization_admin or team_id in principal.admin_of


def visible_teams(principal: Principal) -> tuple[str, ...] | None:
    """The teams whose configs and service accounts it sees; ``None``: every team."""
    return None if principal.organization_admin else principal.team_ids


def chosen_team(principal: Principal, wanted: str | None, known: Collection[str]) -> str:
    """The team that something new is for: the one it names, or its first.

    :param known: the teams of this server.
    :raises NotFound: when there is no such team, or not for the caller to see.
    :raises PermissionDenied: when it names none and is in none.
    """
    if wanted is None:
        if principal.team_ids:
            return principal.team_ids[0]
        raise PermissionDenied("You are in no team of this server; ask its administrator to add you to one.")
    if wanted in principal.team_ids or (principal.organization_admin and wanted in known):
        return wanted
    raise NotFound(f"There is no team {wanted}.", reason="team_not_found")


# Sessions


def of_a_session(principal: Principal, session_id: str) -> Principal:
    """The same person, as what runs on one of their sessions stands for them."""
    return replace(plain_member(principal), session_id=session_id)


def begins_sessions(principal: Principal) -> bool:
    """Whether it may create and relaunch sessions at all."""
    return principal.session_id is None


def owns_session(principal: Principal, session: SessionRecord) -> bool:
    return session.caller_id == principal.id and principal.session_id in (None, session.id)


def sees_session(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session) or administers(principal, session.team_id)


def visible_sessions(principal: Principal) -> SessionFilter:
    """:func:`sees_session` for a list."""
    return SessionFilter(caller_id=_own_alone(principal), or_teams=principal.admin_of, session_id=principal.session_id)


def visible_events(principal: Principal) -> EventFilter:
    """The events of what it sees."""
    return EventFilter(
        caller_id=_own_alone(principal),
        or_teams=principal.admin_of,
        config_teams=frozenset(principal.team_ids),
        session_id=principal.session_id,
    )


def closes_session(principal: Principal, session: SessionRecord) -> bool:
    return sees_session(principal, session)


def extends_session(principal: Principal, session: SessionRecord) -> bool:
    return sees_session(principal, session)


def reads_logs(principal: Principal, session: SessionRecord) -> bool:
    return sees_session(principal, session)


def opens_page(principal: Principal, session: SessionRecord) -> bool:
    """The page of a marimo session, on which one runs code as its owner; the page's own credential opens none."""
    return owns_session(principal, session) and principal.session_id is None


def reads_queries(principal: Principal, session: SessionRecord) -> bool:
    """An SQL text may hold secrets."""
    return owns_session(principal, session)


def interrupts_queries(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session)


def issues_token(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session) or principal.organization_admin


def revokes_tokens(principal: Principal, session: SessionRecord) -> bool:
    return closes_session(principal, session) and principal.session_id is None


def relaunches_session(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session) and begins_sessions(principal)


def creates_for_others_in(principal: Principal, team_id: str) -> bool:
    """Whether it may create sessions that belong to other members or service accounts of the team."""
    return administers(principal, team_id)


def closing_reason(principal: Principal, session: SessionRecord) -> TerminationReason:
    return "user_closed" if owns_session(principal, session) else "admin_closed"


# Configs


def sees_config(principal: Principal, config: ConfigRecord) -> bool:
    return sees_configs_of(principal, config.team_id)


def sees_configs_of(principal: Principal, team_id: str) -> bool:
    return principal.organization_admin or team_id in principal.team_ids


def changes_configs_of(principal: Principal, team_id: str) -> bool:
    """Create, change and delete; and so decide what code its engines run."""
    return administers(principal, team_id)


# Service accounts


def sees_service_accounts(principal: Principal) -> bool:
    """Whether it sees any."""
    return principal.session_id is None


def sees_service_account(principal: Principal, account: ServiceAccountRecord) -> bool:
    return sees_service_accounts(principal) and (principal.organization_admin or account.team_id in principal.team_ids)


def manages_service_accounts_of(principal: Principal, team_id: str) -> bool:
    return administers(principal, team_id)


def _own_alone(principal: Principal) -> str | None:
    return None if principal.organization_admin else principal.id
