"""Warns of globs over ``k=v`` directories: Sail 0.7.2 leaves these directories out, but for a last ``*`` or ``**``.

Goes when a glob of Sail matches directories whose name has ``=`` in it.
"""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

from .findings import Finding

_WILD = frozenset("*?[")
"""Braces are no glob for Sail: it reads each of their words."""
_ALL = frozenset({"*", "**"})
"""As the last part, they are read as the directory above is."""
_LOOKED_AT = 1000
"""So many names are looked at, since a glob may match very many."""


def find(source: Any, *, local: bool) -> Iterator[Finding]:
    """The globs of a read that leave directories out.

    :param source: a ``Read.DataSource``.
    :param local: whether the engine reads the files of this machine, with this process's working directory.
    """
    for path in source.paths:
        parts = path.rstrip("/").split("/")
        first = next((index for index, part in enumerate(parts) if not _WILD.isdisjoint(part)), None)
        if first is None or (first == len(parts) - 1 and parts[first] in _ALL and not path.endswith("/")):
            continue
        if any("=" in part for part in parts[first:]) or (local and "://" not in path and _meets(parts, first)):
            yield Finding(
                "partitionGlobs",
                f"Sail's globs leave out directories that are named like k=v, so {path} misses rows. Read the "
                f"directory above them and filter: their names become columns.",
                about=path,
            )


def _meets(parts: Sequence[str], first: int) -> bool:
    """Whether a part of the glob, from the first wild one on, matches such a directory here."""
    prefixes = ("/".join(parts[:end]) for end in range(first + 1, len(parts) + 1))
    return any("=" in os.path.basename(found) for prefix in prefixes for found in _directories(prefix))


def _directories(pattern: str) -> Iterator[str]:
    found = itertools.islice(glob.iglob(pattern), _LOOKED_AT)
    return (path for path in found if os.path.isdir(path))
