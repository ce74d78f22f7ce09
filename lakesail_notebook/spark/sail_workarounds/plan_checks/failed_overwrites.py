"""Says what a failed overwrite has lost: Sail 0.7.2 deletes the old files before it knows that the write succeeds.

Goes when Sail deletes the old files after the new ones are written.
"""

from __future__ import annotations

from dataclasses import dataclass

from .engine import Engine, files_of
from .findings import Finding
from .local_files import real, real_path, urls_below
from .writes import TRANSACTIONAL, Write


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an overwrite is about to replace."""

    write: Write
    files: frozenset[str]
    directory: str | None = None
    """The engine's working directory, where this process listed the files because the engine could not."""
    known: bool = True
    """Whether ``files`` are all; if not, the engine did not say them in time, and they are not of this machine."""


def before(write: Write, engine: Engine, directory: str | None = None) -> Replaced | None:
    """What is to be looked for if a write fails; ``None`` where nothing can be lost.

    Sail cannot list a directory whose partitions have different columns, and deletes its files all the same.

    :param directory: the engine's working directory, where the engine reads the files of this machine.
    """
    if not write.overwrites or write.format in TRANSACTIONAL:
        return None
    files = files_of(engine, write.targets)
    if files:
        return Replaced(write, files)
    if write.path and real_path(write.path, directory) is not None:
        listed_here = urls_below(write.path, directory)
        return Replaced(write, listed_here, directory) if listed_here else None
    return Replaced(write, frozenset(), known=False) if files is None else None


def after(replaced: Replaced, engine: Engine, directory: str | None = None, *, interrupted: bool) -> Finding | None:
    """What is gone, once the write has failed or was interrupted.

    :param directory: the engine's working directory, where the engine reads the files of this machine.
    """
    left = _left(replaced, engine, directory)
    if left is None:
        return None
    gone = real(replaced.files) - real(left)
    if not gone:
        return None
    what, end = replaced.write.what, "was interrupted" if interrupted else "did not succeed"
    count = f"{len(gone):,} file{'' if len(gone) == 1 else 's'}"
    return Finding(
        "failedOverwrite",
        f"The overwrite of {what} {end}, and Sail had already deleted what was there: {count} of {what} "
        f"{'is' if len(gone) == 1 else 'are'} gone, and so are the rows. Next time, write to a new directory, and "
        f"rename it when the write has succeeded; Delta keeps the old rows by itself.",
    )


def _left(replaced: Replaced, engine: Engine, directory: str | None) -> frozenset[str] | None:
    """The files that are there now; ``None`` when the engine does not answer, and they are not of this machine."""
    path = replaced.write.path
    if replaced.directory is not None:
        return urls_below(path, replaced.directory)
    told = files_of(engine, replaced.write.targets)
    if told is None and path and real_path(path, directory) is not None:
        return urls_below(path, directory)
    return told
