"""Which headers travel between a browser and a session's app. What is not named here does not."""

from __future__ import annotations

from collections.abc import Iterable

_TO_APP = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "last-event-id",
        "marimo-server-token",
        "marimo-session-id",
        "range",
        "user-agent",
    }
)
"""No cookie, no ``Authorization``, nothing that says who asks: a notebook may read all that arrives."""
_TO_BROWSER = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "retry-after",
        "vary",
    }
)
"""No cookie, no ``Service-Worker-Allowed``, ``Clear-Site-Data`` or ``Refresh``, and nothing that loosens what the
browser keeps apart."""

Pairs = Iterable[tuple[str, str]]


def to_app(sent: Pairs, token: str) -> list[tuple[str, str]]:
    """The headers of a request, for the app.

    :param token: the app's own, which it asks for.
    """
    return [*((name, value) for name, value in sent if name.lower() in _TO_APP), ("Authorization", f"Bearer {token}")]


def to_browser(answered: Pairs) -> list[tuple[str, str]]:
    """The headers of an answer, for the browser, without those of :mod:`.isolation`."""
    return [(name, value) for name, value in answered if name.lower() in _TO_BROWSER]
