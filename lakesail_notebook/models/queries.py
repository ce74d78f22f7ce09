"""What a session's owner ran on it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .wire import Answer, PageLimit, QueryOutcome, Request


class Query(Answer, frozen=True, kw_only=True):
    """An action of a session's owner: one or several operations that a client had the session execute."""

    id: str
    """The action's, as its client names it; else the Spark Connect operation's."""
    what: str
    """The beginning of the SQL text, the owner's line of code, or what the plan does: ``read parquet > filter``."""
    started_at: str
    seconds: float
    """How long it took; while it runs, until now."""
    rows: int
    """Of results, sent to the client."""
    bytes: int
    """Of results, as Arrow data."""
    outcome: QueryOutcome
    error: str | None = None
    """Why it failed, in one line of at most 200 characters."""
    engine_busy: bool | None = None
    """Whether the engine works on it, which it may do after it was cancelled; ``None``: that cannot be known."""


class SessionQueries(Answer, frozen=True, kw_only=True):
    items: tuple[Query, ...]


class SessionInterrupt(Request, frozen=True, kw_only=True):
    query_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    """Which query; without one: everything that runs."""


class InterruptedQueries(Answer, frozen=True, kw_only=True):
    interrupted: tuple[str, ...]
    """The ids of the queries that ran, and were told to stop."""


class SessionQueriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a list of queries."""

    limit: PageLimit = 100
    """How many, the latest."""
