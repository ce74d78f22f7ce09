"""Members and service accounts."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .wire import Answer, Id, Name, Request


class Member(Answer, frozen=True, kw_only=True):
    id: str
    organization_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    email: str | None = None
    preferences: dict[str, Any] | None = None
    invited_by_member_id: str | None = None
    invite_expires_at: str | None = None
    invite_accepted_at: str | None = None
    last_login_at: str | None = None
    last_active_at: str | None = None
    is_enabled: bool = True
    account_type: str | None = None
    created_at: str | None = None
    created_by: str | None = None
    updated_at: str | None = None
    updated_by: str | None = None


class ServiceAccount(Answer, frozen=True, kw_only=True):
    id: str
    username: str
    description: str | None = None
    created_at: str | None = None
    created_by: str | None = None
    updated_at: str | None = None
    updated_by: str | None = None


class TeamServiceAccount(ServiceAccount, frozen=True, kw_only=True):
    team_id: str


class NewServiceAccount(TeamServiceAccount, frozen=True, kw_only=True):
    key: str
    """``Authorization: Bearer`` for the API; told this once."""

    def __repr__(self) -> str:
        return f"NewServiceAccount(id={self.id!r}, username={self.username!r}, team_id={self.team_id!r}, key='…')"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("username", self.username), ("team_id", self.team_id), ("key", "…")]


class ServiceAccountPage(Answer, frozen=True, kw_only=True):
    items: tuple[TeamServiceAccount, ...]


class ServiceAccountCreate(Request, frozen=True, kw_only=True):
    username: Name
    description: Annotated[str, Meta(max_length=1000)] | None = None
    team_id: Id | None = None


class ServiceAccountListQuery(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"team_id": "teamId"}
):
    """The parameters of a list of service accounts."""

    team_id: Id | None = None
