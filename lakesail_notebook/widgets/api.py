"""What a panel needs of the workloads API; :class:`...client.client.Client` has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from ..models import EventKind, EventPage, Me, Query, Session, SessionPage, StartEstimate, WorkloadConfig


class ReadingApi(Protocol):
    """What is read for a panel."""

    def me(self) -> Me: ...

    def session(self, session_id: str) -> Session: ...

    def session_pages(
        self, *, team_id: str | None = None, endpoint_type: str | None = None, status: str | None = None
    ) -> Iterator[SessionPage]: ...

    def compute_configs(self, *, team_id: str | None = None) -> Iterator[WorkloadConfig]: ...

    def queries(self, session_id: str, limit: int | None = None) -> tuple[Query, ...]: ...

    def session_logs(self, session_id: str, tail: int | None = None) -> tuple[str, ...]: ...

    def start_estimates(self, kernel_id: str) -> Sequence[StartEstimate]: ...


class WaitingApi(Protocol):
    """A connection of its own for the long poll, which another thread may cut off."""

    def event_page(
        self,
        after: int | None = None,
        *,
        wait_seconds: int = 0,
        limit: int | None = None,
        kinds: Collection[EventKind] | None = None,
    ) -> EventPage: ...

    def cut_off(self) -> None: ...

    def close(self) -> None: ...


class ActingApi(Protocol):
    """What is changed for a panel."""

    def close_session(self, session_id: str) -> None: ...

    def extend_session(self, session_id: str, duration_seconds: int | None = None) -> Session: ...

    def interrupt(self, session_id: str, query_id: str | None = None) -> Sequence[str]: ...


class Apis(Protocol):
    """The API where it is now: a kernel may be given another address while it runs.

    Each method raises a :class:`LakesailError` when no control plane is to be had.
    """

    def reading(self) -> ReadingApi: ...

    def acting(self) -> ActingApi: ...

    def waiting(self) -> WaitingApi:
        """A new connection; to be closed."""
        ...
