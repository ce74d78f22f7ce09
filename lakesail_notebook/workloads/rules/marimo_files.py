"""Where the file of a marimo session is, for people and for the Contents API."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ... import models


def marimo_file(metadata: Mapping[str, str], root: str | None) -> str | None:
    """The whole path of the file that marimo serves; ``None``: it is no session of marimo.

    :param root: the root directory of this Jupyter server, to which a path may be relative.
    """
    file = metadata.get(models.MARIMO_FILE_KEY)
    return None if file is None else posixpath.normpath(posixpath.join(root or "", file))


def path_below(root: str | None, file: str) -> str | None:
    """The path of a file in the Contents API of the server that has this root directory; ``None``: it is not in it."""
    if root is None:
        return None
    folder = posixpath.join(posixpath.normpath(root), "")
    return file.removeprefix(folder) if file.startswith(folder) and file != folder else None
