"""Which file a path leads to, as a text that is equal for the same file alone, whatever its name.

An inode number alone does not say: file systems give the number of a deleted file to the next one. So the time of birth
belongs to it. The device does not, where there is one: the number of a network file system changes when it is mounted.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ..workloads.ports import FileSearch

_AT_FDCWD, _STATX_INO, _STATX_BTIME = -100, 0x100, 0x800
_MASK, _INODE, _BORN = struct.Struct("@I"), struct.Struct("@Q"), struct.Struct("@qI")
_INODE_AT, _BORN_AT, _STATX_BYTES = 32, 80, 256
_NANOSECONDS = 1_000_000_000


def file_identity(path: str) -> str | None:
    """``None`` when there is no file, or it cannot be seen. Links are followed."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    born = getattr(found, "st_birthtime_ns", None) or getattr(found, "st_birthtime", None) or _born(path, found.st_ino)
    return f"{found.st_ino}@{born}" if born else f"{found.st_ino} of device {found.st_dev}"


def search_file(root: str, near: str, identity: str, *, seconds: float, entries: int) -> FileSearch:
    """Look for a file below ``root``, first beside ``near``. Hidden directories are left out.

    :param near: the path at which it was, below the root.
    :param seconds: so long it may take.
    :param entries: so many entries of directories it may look at.
    """
    inode = identity.split("@")[0].split(" ")[0]
    beside = os.path.dirname(os.path.join(root, near))
    directories = deque([beside, root])
    seen: set[str] = set()
    deadline = time.monotonic() + seconds
    while directories:
        directory = directories.popleft()
        if directory in seen:
            continue
        seen.add(directory)
        for entry in _entries(directory):
            entries -= 1
            if entries < 0 or time.monotonic() > deadline:
                return FileSearch(None, gone=False)
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    directories.append(entry.path)
            elif str(entry.inode()) == inode and file_identity(entry.path) == identity:
                return FileSearch(Path(os.path.relpath(entry.path, root)).as_posix(), gone=False)
    return FileSearch(None, gone=True)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return list(found)
    except OSError:
        return []


def _born(path: str, inode: int) -> int | None:
    """When Linux says that a file was made, in nanoseconds; Python's ``os.stat`` does not tell it there.

    Goes when the oldest Python has ``os.statx`` (3.15).
    """
    statx = _statx()
    if statx is None:
        return None
    found = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_INO | _STATX_BTIME, found) != 0:
        return None
    told: int = _MASK.unpack_from(found)[0]
    if not told & _STATX_BTIME or _INODE.unpack_from(found, _INODE_AT)[0] != inode:  # it was replaced in between
        return None
    seconds, nanoseconds = _BORN.unpack_from(found, _BORN_AT)
    return int(seconds) * _NANOSECONDS + int(nanoseconds)


@functools.cache
def _statx() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    try:
        return ctypes.CDLL(None).statx
    except (OSError, AttributeError):  # an old C library
        return None
