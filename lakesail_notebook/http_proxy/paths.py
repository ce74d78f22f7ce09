"""Which paths and queries are passed on to a session's app, and what stays outside."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_ENCODED_SEPARATOR = re.compile(r"%(?:2f|5c)", re.IGNORECASE)
_MOST_UNQUOTINGS = 5
_CREDENTIALS = frozenset({"token", "access_token", "ticket"})
"""Parameters that hold a credential of Jupyter, of marimo or of ours: an app is not to see them."""


def leaves_its_root(path: str) -> bool:
    """Whether a path below a page's root, still percent-encoded, might mean something outside of it to anybody.

    What a reader after us would make of it does not matter then: encoded separators, dots and doubled slashes do not
    pass at all.
    """
    if not path.startswith("/"):
        return True
    seen = path
    for _ in range(_MOST_UNQUOTINGS):
        if _suspicious(seen):
            return True
        unquoted = unquote(seen, errors="replace")
        if unquoted == seen:
            return False
        seen = unquoted
    return True


def _suspicious(path: str) -> bool:
    if "\\" in path or "//" in path or _ENCODED_SEPARATOR.search(path):
        return True
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        return True
    return any(part in {".", ".."} for part in path.partition(";")[0].split("/"))


def without_credentials(query: str) -> str | None:
    """The query without them; ``None``: it has none, and is passed on as it is."""
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() not in _CREDENTIALS]
    return None if len(kept) == len(pairs) else urlencode(kept)


def place_of_redirect(location: str, *, root: str, port: int) -> str | None:
    """Where in the page's root a redirect of the app leads to, as a path; ``None``: out of it.

    :param root: the page's root path, without a slash at its end.
    :param port: the app's own.
    """
    if any(ord(character) < 0x20 for character in location) or "\\" in location:
        return None
    try:
        parts = urlsplit(location)
        own = (parts.scheme, parts.hostname, parts.port) == ("http", "127.0.0.1", port)
    except ValueError:
        return None
    if (parts.scheme or parts.netloc) and not own:
        return None
    if not parts.path.startswith(f"{root}/") or leaves_its_root(parts.path.removeprefix(root)):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")
