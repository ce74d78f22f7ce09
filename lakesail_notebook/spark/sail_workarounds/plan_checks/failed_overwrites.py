"""Says what a failed overwrite has lost: Sail 0.7.2 deletes the old files before it knows that the write succeeds.

Goes when Sail deletes the old files after the new ones are written.
"""

from __future__ import annotations

from dataclasses import dataclass

from .engine import Engine, files_of
from .findings import Finding
from .writes import TRANSACTIONAL, Write


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an overwrite is about to replace."""

    write: Write
    files: frozenset[str]


def before(write: Write, engine: Engine) -> Replaced | None:
    """What is to be looked for if a write fails; ``None`` where nothing can be lost."""
    if not write.overwrites or write.format in TRANSACTIONAL:
        return None
    files = files_of(engine, write.targets)
    return Replaced(write, files) if files else None


def after(replaced: Replaced, engine: Engine, *, interrupted: bool) -> Finding | None:
    """What is gone, once the write has failed or was interrupted."""
    left = [engine.files(target) for target in replaced.write.targets]
    if None in left:
        return None  # the engine does not answer: it is not known
    gone = replaced.files - {file for files in left for file in files or ()}
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
