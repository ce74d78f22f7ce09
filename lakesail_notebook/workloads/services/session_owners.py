"""Whose a new session is, and that its people are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ... import models
from ...errors import FieldError, InvalidArgument, NotFound, PermissionDenied
from ..records import MemberRecord
from ..rules import access
from ..rules.access import Principal
from ..rules.service_account_keys import wrong_key
from ..settings import KnownMember
from ..store_port import Reading, Writing


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """One of the two."""

    member_id: str | None
    service_account_id: str | None

    @property
    def id(self) -> str:
        return self.member_id or self.service_account_id or ""


async def owner_of_new_session(
    view: Reading,
    principal: Principal,
    team_id: str,
    wanted: models.SessionCreate,
    known: Mapping[str, KnownMember],
) -> SessionOwner:
    """Whose the session will be: the caller's, or for administrators whose they say."""
    if wanted.member_id is not None and wanted.service_account_id is not None:
        message = "cannot stand beside memberId; a session has one owner"
        raise InvalidArgument(f"serviceAccountId {message}.", errors=(FieldError("/serviceAccountId", message),))
    named = wanted.member_id or wanted.service_account_id
    if named is None or named == principal.id:
        own = principal.id
        return SessionOwner(None, own) if principal.service_account else SessionOwner(own, None)
    if not access.creates_for_others_in(principal, team_id):
        raise PermissionDenied("You may create sessions for yourself only.")
    if wanted.member_id is not None:
        teams = await _teams_of_member(view, named, known)
        if teams is not None and (principal.organization_admin or team_id in teams):
            return SessionOwner(named, None)
    account = None if wanted.service_account_id is None else await view.service_account(named)
    if account is not None and account.team_id == team_id:
        return SessionOwner(None, named)
    raise NotFound("There is no such owner.", reason="owner_not_found")


async def _teams_of_member(view: Reading, member_id: str, known: Mapping[str, KnownMember]) -> frozenset[str] | None:
    """The teams that the settings name the member in, and those of its last login; ``None``: nobody knows it."""
    stored = await view.members([member_id])
    named = known.get(member_id)
    if not stored and named is None:
        return None
    return frozenset(stored[0].team_ids if stored else ()) | frozenset(named.team_ids if named is not None else ())


async def remember_caller(unit: Writing, principal: Principal, now: datetime) -> None:
    """:raises Unauthenticated: when a service account was deleted while it asked."""
    if principal.service_account:
        if await unit.service_account(principal.id) is None:
            raise wrong_key()
    else:
        await unit.upsert_member(
            MemberRecord(
                id=principal.id,
                login=principal.login,
                name=principal.name,
                team_ids=principal.team_ids,
                created_at=now,
            )
        )


async def remember_owner(unit: Writing, named: KnownMember | None, now: datetime) -> None:
    """Whose session it will be may never have logged in. What is stored of who has is newer than the settings."""
    if named is not None and not await unit.members([named.id]):
        await unit.upsert_member(
            MemberRecord(id=named.id, login=named.login, name=None, team_ids=named.team_ids, created_at=now)
        )
