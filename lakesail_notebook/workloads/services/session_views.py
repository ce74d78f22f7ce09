"""Sessions as the API shows them, with what other rows say of them: read for all sessions of an answer at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from ... import models
from ...clock import Clock, to_rfc3339
from ...models import LIVE_STATUSES
from ..ports import TokenHolders
from ..records import (
    ConfigRecord,
    MemberRecord,
    NotebookRecord,
    ServiceAccountRecord,
    SessionRecord,
    WorkloadRecord,
)
from ..rules import access
from ..rules.access import Principal
from ..rules.marimo_files import marimo_file, path_below
from ..rules.prices import cost_so_far
from ..store_port import Reading
from .app_pages import AppPages
from .compute_facts import UNKNOWN, ComputeCatalog, ComputeFacts
from .endpoints import Endpoints
from .views import session_view


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Row = TypeVar("Row", bound=_Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The rows that some sessions name, by id."""

    workloads: Mapping[str, WorkloadRecord] = field(default_factory=dict)
    configs: Mapping[str, ConfigRecord] = field(default_factory=dict)
    notebooks: Mapping[str, NotebookRecord] = field(default_factory=dict)
    members: Mapping[str, MemberRecord] = field(default_factory=dict)
    service_accounts: Mapping[str, ServiceAccountRecord] = field(default_factory=dict)


async def read_around(view: Reading, sessions: Collection[SessionRecord]) -> Around:
    """One statement for each kind of row, however many sessions there are."""
    workloads = await _by_id(view.workloads, (row.workload_id for row in sessions))
    return Around(
        workloads=workloads,
        configs=await _by_id(view.configs_by_id, (row.config_id for row in workloads.values())),
        notebooks=await _by_id(view.notebooks_by_id, (row.notebook_id for row in sessions)),
        members=await _by_id(view.members, (row.member_id for row in sessions)),
        service_accounts=await _by_id(view.service_accounts_by_id, (row.service_account_id for row in sessions)),
    )


class SessionViews:
    def __init__(
        self,
        catalog: ComputeCatalog,
        endpoints: Endpoints,
        holders: TokenHolders,
        clock: Clock,
        notebook_root: str | None = None,
        pages: AppPages | None = None,
    ) -> None:
        """:param notebook_root: the root directory of this Jupyter server."""
        self._pages = pages
        self.catalog = catalog
        self._endpoints = endpoints
        self._holders = holders
        self._notebook_root = notebook_root
        self._clock = clock

    async def one(self, view: Reading, session: SessionRecord, principal: Principal) -> models.Session:
        return self.view(session, await read_around(view, [session]), principal)

    async def one_with_link(self, view: Reading, session: SessionRecord, principal: Principal) -> models.Session:
        """As :meth:`one`; a marimo session also tells its owner the link that opens its page, which is good once."""
        shown = await self.one(view, session, principal)
        link = None if self._pages is None else self._pages.link(session, principal)
        if link is None or shown.connection_info is None:
            return shown
        info = msgspec.structs.replace(shown.connection_info, proxy_auth_url=link)
        return msgspec.structs.replace(shown, connection_info=info)

    def view(self, session: SessionRecord, around: Around, principal: Principal) -> models.Session:
        """:param around: holds the rows that the session names."""
        now = self._clock.now()
        workload = around.workloads.get(session.workload_id)
        config = None if workload is None else around.configs.get(workload.config_id)
        if config is not None and (config.name is None or not access.sees_config(principal, config)):
            config = None
        compute = UNKNOWN if workload is None else self.catalog.of(workload.cluster_id, workload.spec.sail)
        return msgspec.structs.replace(
            session_view(session, workload, principal, served=self._endpoints.served(workload)),
            workload_config_id=None if config is None else config.id,
            workload_config_name=None if config is None else config.name,
            notebook_path=self._notebook_path(session, around),
            notebook_contents_path=self._contents_path(session, around),
            owner_name=_owner_name(session, around),
            size=compute.size,
            price_per_hour=None if compute.price is None else compute.price.per_hour,
            currency=None if compute.price is None else compute.price.currency,
            cost_so_far=_cost(session, workload, compute, now),
            extended_until=_extended_until(session, now),
            kernel_ids=self._holders.kernels_of(session.id) if access.owns_session(principal, session) else None,
        )

    def _notebook_path(self, session: SessionRecord, around: Around) -> str | None:
        file = marimo_file(session.metadata, self._notebook_root) if session.endpoint_type == "marimo" else None
        return file or _notebook_path(session, around)

    def _contents_path(self, session: SessionRecord, around: Around) -> str | None:
        if session.endpoint_type == "marimo":
            file = marimo_file(session.metadata, self._notebook_root)
            return None if file is None else path_below(self._notebook_root, file)
        notebook = None if session.notebook_id is None else around.notebooks.get(session.notebook_id)
        if notebook is None or notebook.server != self._notebook_root or notebook.left_at is not None:
            return None
        return notebook.path


async def _by_id(read: Callable[[set[str]], Awaitable[list[Row]]], ids: Iterable[str | None]) -> dict[str, Row]:
    named = {one for one in ids if one is not None}
    return {row.id: row for row in await read(named)} if named else {}


def _notebook_path(session: SessionRecord, around: Around) -> str | None:
    notebook = None if session.notebook_id is None else around.notebooks.get(session.notebook_id)
    return session.metadata.get(models.NOTEBOOK_KEY) if notebook is None else notebook.shown_path


def _owner_name(session: SessionRecord, around: Around) -> str | None:
    member = None if session.member_id is None else around.members.get(session.member_id)
    if member is not None:
        return member.name or member.login
    account = None if session.service_account_id is None else around.service_accounts.get(session.service_account_id)
    return None if account is None else account.username


def _cost(
    session: SessionRecord, workload: WorkloadRecord | None, compute: ComputeFacts, now: datetime
) -> float | None:
    if workload is None or compute.price is None:
        return None
    return cost_so_far(compute.price, session, workload, now)


def _extended_until(session: SessionRecord, now: datetime) -> str | None:
    until = session.extended_until
    lies_ahead = until is not None and until > now and session.status in LIVE_STATUSES
    return to_rfc3339(until) if until is not None and lies_ahead else None
