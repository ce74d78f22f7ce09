"""Directories of this user alone: what others could write there would run, or be read, with the user's rights."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from ...errors import Unavailable


def private_directory(path: Path, trait: str) -> Path:
    """Make the directory, or see that it is ours.

    :param trait: the setting that chooses another place.
    :raises Unavailable: when it cannot be made, or others may enter it.
    """
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700, parents=True)
        found = path.lstat()
    except OSError as error:
        message = f"{path} cannot be made ({error.strerror}); set {trait} to another place"
        raise Unavailable(message, paths=(path,)) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Unavailable(f"{path} is no directory of yours alone; set {trait} to another place", paths=(path,))
    return path
