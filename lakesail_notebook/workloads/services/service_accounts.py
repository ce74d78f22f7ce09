"""Service accounts: programs that call the API with a key of their own, each in one team."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from msgspec.structs import asdict

from ... import models
from ...clock import Clock
from ...errors import FailedPrecondition, NotFound, PermissionDenied
from ...ids import is_id, new_id
from ...models import LIVE_STATUSES
from ..filters import SessionFilter
from ..reconciling.reconciler import Reconciler
from ..records import ServiceAccountRecord, SessionRecord, WorkloadRecord
from ..rules import access, lifecycle, service_account_keys
from ..rules.access import Principal
from ..rules.names import check_text
from ..settings import Settings
from ..store_port import Reading, Store, Writing
from .views import service_account_view


class ServiceAccounts:
    def __init__(self, *, store: Store, reconciler: Reconciler, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._reconciler = reconciler
        self._clock = clock
        self._settings = settings

    async def by_key(self, key: str) -> Principal:
        """The account that a key is of.

        :raises Unauthenticated: in the same words and time for a wrong key and for an account that is gone.
        """
        account_id = service_account_keys.account_of(key)
        async with self._store.reading() as view:
            account = await view.service_account(account_id)
        known = account is not None and account.team_id in self._settings.team_ids
        right = service_account_keys.matches(key, account.key_hash if account is not None and known else None)
        if account is None or not right:
            raise service_account_keys.wrong_key()
        return Principal(id=account.id, login=account.username, team_ids=(account.team_id,), service_account=True)

    async def create(self, principal: Principal, wanted: models.ServiceAccountCreate) -> models.NewServiceAccount:
        """A new account of a team, with its key, which is told this once.

        :raises LakesailError: when the caller may not, or the team has an account of that name.
        """
        team_id = access.chosen_team(principal, wanted.team_id, self._settings.team_ids)
        if not access.manages_service_accounts_of(principal, team_id):
            raise _managed_by_administrators()
        check_text(wanted.username, "/username")
        if wanted.description is not None:
            check_text(wanted.description, "/description")
        now = self._clock.now()
        account_id = new_id(now)
        key = service_account_keys.new_key(account_id)
        record = ServiceAccountRecord(
            id=account_id,
            team_id=team_id,
            username=wanted.username,
            description=wanted.description,
            key_hash=service_account_keys.hash_of(key),
            created_at=now,
            created_by=principal.id,
            updated_at=now,
            updated_by=principal.id,
        )
        async with self._store.writing() as unit:
            if await unit.service_account_named(team_id, wanted.username) is not None:
                raise FailedPrecondition(
                    f"The team has a service account {wanted.username!r}; choose another name.", reason="name_taken"
                )
            await unit.add_service_account(record)
        return _new_account(record, key)

    async def list(self, principal: Principal, query: models.ServiceAccountListQuery) -> models.ServiceAccountPage:
        """The accounts of the teams that the caller sees, by name."""
        teams = access.visible_teams(principal)
        if query.team_id is not None:
            teams = (query.team_id,) if teams is None or query.team_id in teams else ()
        if not access.sees_service_accounts(principal):
            teams = ()
        async with self._store.reading() as view:
            found = await view.service_accounts(teams)
        return models.ServiceAccountPage(items=tuple(_account(record) for record in found))

    async def delete(self, principal: Principal, account_id: str) -> None:
        """Its key is dead at once, and its live sessions are closed, all in one step; then the proxy is told.

        :raises NotFound: unknown, or not for the caller to see.
        :raises PermissionDenied: it is, and the caller does not administer its team.
        """
        now = self._clock.now()
        async with self._store.writing() as unit:
            account = await _find(unit, principal, account_id)
            if not access.manages_service_accounts_of(principal, account.team_id):
                raise _managed_by_administrators()
            await unit.delete_service_account(account_id)
            closed = await _close_sessions(unit, account, principal, now)
        self._reconciler.wake()
        await asyncio.gather(*(self._reconciler.routing.publish(session, workload) for session, workload in closed))


async def _close_sessions(
    unit: Writing, account: ServiceAccountRecord, by: Principal, now: datetime
) -> list[tuple[SessionRecord, WorkloadRecord]]:
    """Close all live sessions of the account; who they were, and where they ran."""
    closed: list[tuple[SessionRecord, WorkloadRecord]] = []
    live = await _live_sessions(unit, account)
    await unit.lock_workloads({session.workload_id for session in live})
    for session in sorted(live, key=lambda one: one.id):
        what = f"was closed because service account {account.username} was deleted"
        ending = lifecycle.ending(session.id, "closed", now, "admin_closed", what, by=by.id)
        moved = await unit.move_session(session.id, replace(ending, closed_by=by.shown_name))
        await unit.free_workload(session.workload_id, now)
        workload = await unit.workload(session.workload_id)
        if moved is not None and workload is not None:
            closed.append((moved, workload))
    return closed


async def _live_sessions(view: Reading, account: ServiceAccountRecord) -> list[SessionRecord]:
    live: list[SessionRecord] = []
    for status in LIVE_STATUSES:
        which = SessionFilter(caller_id=account.id, status=status)
        count = await view.count_sessions(which)
        live += await view.sessions(which, after=None, limit=count) if count else []
    return live


async def _find(view: Reading, principal: Principal, account_id: str) -> ServiceAccountRecord:
    account = await view.service_account(account_id) if is_id(account_id) else None
    if account is None or not access.sees_service_account(principal, account):
        raise NotFound("There is no such service account.", reason="service_account_not_found")
    return account


def _managed_by_administrators() -> PermissionDenied:
    return PermissionDenied("Only administrators manage service accounts; ask one of your team.")


def _account(record: ServiceAccountRecord) -> models.TeamServiceAccount:
    return models.TeamServiceAccount(**asdict(service_account_view(record)), team_id=record.team_id)


def _new_account(record: ServiceAccountRecord, key: str) -> models.NewServiceAccount:
    return models.NewServiceAccount(**asdict(service_account_view(record)), team_id=record.team_id, key=key)
