"""What a session's owner ran on it."""

from __future__ import annotations

from msgspec import Struct

from .wire import Answer, PageLimit, QueryOutcome


class Query(Answer, frozen=True, kw_only=True):
    """An operation of a session: what a client had it execute."""

    id: str
    """The Spark Connect operation's."""
    what: str
    """The beginning of the SQL text, or the name of the outermost thing that it does."""
    started_at: str
    seconds: float
    """How long it took; while it runs, until now."""
    rows: int
    """Of results, sent to the client."""
    bytes: int
    """Of results, as Arrow data."""
    outcome: QueryOutcome


class SessionQueries(Answer, frozen=True, kw_only=True):
    items: tuple[Query, ...]


class SessionQueriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a list of queries."""

    limit: PageLimit = 100
    """How many, the latest."""
