"""Files of this machine, for what an engine on it does not tell of a path."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit


def real_path(path: str, directory: str | None) -> str | None:
    """Where a path of a plan leads, without symbolic links; ``None`` for what is not of this machine.

    :param directory: the engine's working directory, where the engine reads the files of this machine.
    """
    if directory is None:
        return None
    if path.startswith("file:"):
        path = unquote(urlsplit(path).path)
    elif "://" in path:
        return None
    return os.path.realpath(os.path.join(directory, path))


def urls_below(path: str, directory: str | None) -> frozenset[str]:
    """The URLs of a file, or of all files in a directory and below."""
    place = real_path(path, directory)
    if place is None:
        return frozenset()
    if os.path.isfile(place):
        return frozenset({Path(place).as_uri()})
    return frozenset(Path(parent, name).as_uri() for parent, _, names in os.walk(place) for name in names)


def real(urls: Iterable[str]) -> frozenset[str]:
    """Files by one name each: on this machine, a symbolic link leads to the same file."""
    return frozenset(map(real_file, urls))


def real_file(url: str) -> str:
    """A file's one name; one of another machine keeps its URL."""
    parts = urlsplit(url)
    return os.path.realpath(unquote(parts.path)) if parts.scheme == "file" else url
