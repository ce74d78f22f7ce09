"""What a control plane offers: the Protocol that the API serves, one part for each resource.

Every method takes the principal who asks, answers with the API's own models, and raises :class:`LakesailError`. The
control plane of this package implements it with :mod:`.services`. A client of another control plane may do so too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from .. import models
from .rules.access import Principal


class SessionsService(Protocol):
    """Sessions that exist."""

    async def list(self, principal: Principal, query: models.SessionListQuery, /) -> models.SessionPage: ...
    async def describe(self, principal: Principal, session_id: str, /) -> models.Session: ...
    async def close(self, principal: Principal, session_id: str, wanted: models.SessionClose | None = None, /) -> None:
        """:param wanted: with it, a reason may be given, and must be for another's session."""
        ...

    async def extend(
        self, principal: Principal, session_id: str, wanted: models.SessionExtend, /
    ) -> models.Session: ...
    async def issue_token(
        self, principal: Principal, session_id: str, wanted: models.TokenCreate, /
    ) -> models.SessionToken: ...
    async def revoke_tokens(self, principal: Principal, session_id: str, /) -> None: ...
    async def logs(
        self, principal: Principal, session_id: str, query: models.SessionLogsQuery, /
    ) -> models.SessionLogs: ...
    async def queries(
        self, principal: Principal, session_id: str, query: models.SessionQueriesQuery, /
    ) -> models.SessionQueries: ...
    async def interrupt(
        self, principal: Principal, session_id: str, wanted: models.SessionInterrupt, /
    ) -> models.InterruptedQueries: ...
    async def engine_use(self, principal: Principal, session_id: str, /) -> models.EngineUse: ...
    async def compare_environment(
        self, principal: Principal, session_id: str, now: models.EnvironmentComparison, /
    ) -> models.EnvironmentDifference: ...


class LaunchesService(Protocol):
    """How sessions come to be."""

    async def create(
        self, principal: Principal, wanted: models.SessionCreate, idempotency_key: str | None = None, /
    ) -> models.Session:
        """:param idempotency_key: asked again with it, the first answer's session is returned."""
        ...

    async def relaunch(
        self, principal: Principal, session_id: str, wanted: models.SessionRelaunch | None = None, /
    ) -> models.Session: ...


class ConfigsService(Protocol):
    """Workload configs."""

    async def list(
        self, principal: Principal, query: models.WorkloadConfigListQuery, /
    ) -> models.WorkloadConfigPage: ...
    async def create(self, principal: Principal, wanted: models.WorkloadConfigCreate, /) -> models.WorkloadConfig: ...
    async def describe(self, principal: Principal, config_id: str, /) -> models.WorkloadConfig: ...
    async def change(
        self, principal: Principal, config_id: str, wanted: models.WorkloadConfigChange, /
    ) -> models.WorkloadConfig: ...
    async def delete(self, principal: Principal, config_id: str, /) -> None: ...
    async def instance_types(self) -> models.InstanceTypes: ...


class ServiceAccountsService(Protocol):
    """Service accounts, and the principals that their keys stand for."""

    async def by_key(self, key: str, /) -> Principal: ...
    async def list(
        self, principal: Principal, query: models.ServiceAccountListQuery, /
    ) -> models.ServiceAccountPage: ...
    async def create(
        self, principal: Principal, wanted: models.ServiceAccountCreate, /
    ) -> models.NewServiceAccount: ...
    async def delete(self, principal: Principal, account_id: str, /) -> None: ...


class EventsService(Protocol):
    """What happened to sessions and workloads."""

    async def start(self, after: int | None, /) -> int:
        """The sequence number to go on from."""
        ...

    async def poll(self, principal: Principal, query: models.EventQuery, /) -> models.EventPage: ...
    def follow(self, principal: Principal, after: int, /) -> AsyncGenerator[models.EventPage]: ...


class StartEstimatesService(Protocol):
    """How soon a connect would have an engine."""

    async def of_kernel(self, principal: Principal, query: models.StartEstimatesQuery, /) -> models.StartEstimates: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """What somebody finds who opens the page of a marimo session: one of the three."""

    over: str | None = None
    """What became of the session."""
    waits_for: str | None = None
    """What happens while nothing serves the page yet."""
    ticket: str | None = field(default=None, repr=False)


class AppEndpoint(Protocol):
    """Where an app listens on loopback, and the token that it asks for there."""

    @property
    def port(self) -> int: ...
    @property
    def token(self) -> str: ...


class AppPagesService(Protocol):
    """The pages of marimo sessions, for what serves them to browsers."""

    async def look(self, principal: Principal, session_id: str, /) -> PageState:
        """:raises LakesailError: when there is no such page, or it is another's."""
        ...

    async def redeem(self, session_id: str, ticket: str, /) -> str:
        """The cookie that a ticket is exchanged for.

        :raises Unauthenticated: when the ticket is not good.
        :raises FailedPrecondition: when the session is over.
        """
        ...

    def admit(self, session_id: str, cookie: str, /) -> AppEndpoint:
        """Where the app of a page is. It reads memory alone.

        :raises Unauthenticated: when the cookie does not open this page.
        :raises FailedPrecondition: when it did, and the session is over; the message says what became of it.
        :raises Unavailable: while nothing serves the page.
        """
        ...

    async def over(self, session_id: str, /) -> str:
        """Return when the session of an open page is over: what became of it."""
        ...

    async def used(self, session_id: str, /) -> None:
        """A person uses the page, or its kernel works. To be called as often as that happens."""
        ...


class WorkloadsService(Protocol):
    """A control plane, as the API sees it."""

    @property
    def sessions(self) -> SessionsService: ...
    @property
    def launches(self) -> LaunchesService: ...
    @property
    def configs(self) -> ConfigsService: ...
    @property
    def service_accounts(self) -> ServiceAccountsService: ...
    @property
    def events(self) -> EventsService: ...
    @property
    def start_estimates(self) -> StartEstimatesService: ...
    @property
    def app_pages(self) -> AppPagesService: ...
    async def me(self, principal: Principal, /) -> models.Me: ...
