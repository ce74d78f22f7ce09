"""A session's metadata: what may stand in it, and the keys that begin with ``lakesail/``, which are ours."""

from __future__ import annotations

import re

from ...errors import FieldError, InvalidArgument
from ...models import DIRECTORY_KEY, MARIMO_FILE_KEY, MARIMO_MODE_KEY, NOTEBOOK_KEY, PYTHON_KEY, Metadata

_OURS = frozenset({PYTHON_KEY, DIRECTORY_KEY, NOTEBOOK_KEY, MARIMO_FILE_KEY, MARIMO_MODE_KEY})
_MAX_PAIRS = 50
_KEY = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MAX_VALUE = 4096


def check_metadata(metadata: Metadata) -> None:
    """:raises InvalidArgument: with a pointer to each pair that cannot be stored."""
    if len(metadata) > _MAX_PAIRS:
        raise InvalidArgument(f"metadata holds more than {_MAX_PAIRS} pairs; leave some out.")
    problems = tuple(
        FieldError(f"/metadata/{_escape(key)}", problem)
        for key, value in metadata.items()
        if (problem := _problem(key, value)) is not None
    )
    if problems:
        raise InvalidArgument(f"metadata: {problems[0].message}.", errors=problems)


def _problem(key: str, value: str) -> str | None:
    if key not in _OURS and _KEY.fullmatch(key) is None:
        return "a key is 1 to 128 of A-Z a-z 0-9 . _ - (keys that begin with lakesail/ are the server's)"
    if len(value) > _MAX_VALUE:
        return f"a value has at most {_MAX_VALUE} characters"
    return None


def _escape(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key[:128].replace("~", "~0").replace("/", "~1")
