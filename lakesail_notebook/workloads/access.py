"""Who may do what: pure functions of a principal and the thing it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from .records import ConfigRecord, SessionRecord, TerminationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The authenticated asker with its roles, made by the edge."""

    id: str
    """The member's id."""
    login: str
    name: str | None = None
    team_ids: tuple[str, ...]
    admin_of: frozenset[str] = frozenset()
    """Teams that it administers."""
    organization_admin: bool = False
    kernel_id: str | None = None
    """The kernel whose token asks; such a principal has no admin rights."""
    notebook_id: str | None = None
    notebook_path: str | None = None


def owns_session(principal: Principal, session: SessionRecord) -> bool:
    return session.caller_id == principal.id


def sees_session(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session) or principal.organization_admin or session.team_id in principal.admin_of


def closes_session(principal: Principal, session: SessionRecord) -> bool:
    return sees_session(principal, session)


def issues_token(principal: Principal, session: SessionRecord) -> bool:
    return owns_session(principal, session) or principal.organization_admin


def closing_reason(principal: Principal, session: SessionRecord) -> TerminationReason:
    return "user_closed" if owns_session(principal, session) else "admin_closed"


def sees_config(principal: Principal, config: ConfigRecord) -> bool:
    return sees_configs_of(principal, config.team_id)


def sees_configs_of(principal: Principal, team_id: str) -> bool:
    return principal.organization_admin or team_id in principal.team_ids


def changes_configs_of(principal: Principal, team_id: str) -> bool:
    return principal.organization_admin or team_id in principal.admin_of
