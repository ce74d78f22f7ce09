"""What the handlers of the API are given: the service, who may call it, and who hears of refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..workloads.rules.access import Principal
from ..workloads.service import WorkloadsService

Credential = Literal["none", "login", "kernel_token", "app_token", "service_account_key"]

NOBODY = Principal(id="", login="", team_ids=())
"""The caller of what asks for no login."""


class OpenService(Protocol):
    async def __call__(self, principal: Principal, *, passive: bool = False) -> WorkloadsService:
        """The service, opened for the first who asks.

        :param passive: the caller only listens, and will hardly want a session next.
        """
        ...


class PublicService(Protocol):
    """What is told without a login. It opens no database."""

    async def public_keys(self) -> tuple[Mapping[str, Any], ...]:
        """The JWKs that check session tokens."""
        ...


class EdgeAudit(Protocol):
    """Hears who asks, and which refusals an audit is to find."""

    def seen(self, principal: Principal) -> None: ...
    def refused(self, refusal: Refusal) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that was not granted."""

    request_id: str
    method: str
    path: str
    """Without the query, which may hold a token."""
    status: int
    code: str
    reason: str | None
    by: Principal | None
    """Who asked, where that is known."""
    credential: Credential
    """What it came with."""
    address: str
    session_id: str | None
    """The session that it was about."""
    owner: str | None
    """The id of whom that belongs to, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext:
    """What every handler is given."""

    root: str
    """The API's root path on this server, its base URL included."""
    service: OpenService
    by_login: Callable[[Any], Principal]
    """The principal of a user whom Jupyter's identity provider knows."""
    by_kernel_token: Callable[[str], Principal]
    """Raises :class:`Unauthenticated` for a token that no living kernel of this server holds."""
    by_app_token: Callable[[str], Principal]
    """Raises :class:`Unauthenticated` for a token that no app of this server holds."""
    ready: Callable[[], Awaitable[None]]
    """Raises :class:`Unavailable` while the control plane cannot be opened; opens nothing."""
    public: PublicService
    single_user: bool
    """Whoever may log in is the one person, who administers the server."""
    audit: EdgeAudit
