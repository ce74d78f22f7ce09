"""Which notebook a path is, and what renames, saves and deletions make of the notebooks that are known. Pure.

A file's identity is a text that is equal for the same file alone, under whatever name. Where there is no file, or it is
not a file of this machine, the path is all that is known.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..records import NotebookRecord

# What the server knows


@dataclass(frozen=True, slots=True)
class NotebookPlace:
    """A path of a Jupyter server, and the file that is there now."""

    server: str
    path: str
    file: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A file or directory, by Jupyter's Contents API."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A file or directory, by Jupyter's Contents API."""

    path: str


@dataclass(frozen=True, slots=True)
class Saved:
    """Jupyter saved a notebook, and the path has another file than before."""

    path: str
    before: str | None
    """``None``: there was no file, so a new one was made."""
    after: str


NotebookChange = Renamed | Deleted | Saved


@dataclass(frozen=True, slots=True)
class Known:
    """The records that may be the notebook at a place."""

    at_path: NotebookRecord | None
    of_file: NotebookRecord | None
    """Another one, whose file is the one at the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at the disk has shown, where it was needed to tell which of them it is."""

    other_name: bool = False
    """Whether the file is still at the path of :attr:`Known.of_file` as well: the place is another name of it."""
    old_file_gone: bool = False
    """Whether the file of :attr:`Known.at_path` exists no more, as far as the server's directories tell."""
    old_file_path: str | None = None
    """Where that file is now, if it was found, and no notebook is known there."""


@dataclass(frozen=True, slots=True)
class Identified:
    notebook: NotebookRecord
    changed: tuple[NotebookRecord, ...]
    """The records to write, in this order: a path is left before another takes it."""


def file_to_search(place: NotebookPlace, known: Known) -> str | None:
    """The file whose whereabouts decide: a path has another file than its notebook had, and no notebook had that."""
    at_path = known.at_path
    if at_path is None or known.of_file is not None or place.file in {None, at_path.file}:
        return None
    return at_path.file


def identify(place: NotebookPlace, known: Known, looked: Looked, now: datetime, fresh_id: str) -> Identified:
    """The notebook at a place.

    The same path with the same file is the same notebook; so is a path whose file cannot be told. A file that belongs
    to a notebook is that notebook, wherever it is. A path with a file that belongs to none is the notebook that was
    there when its own file is gone: then the file was replaced, as editors and git do. When its file is elsewhere, the
    path is a new notebook.

    :param fresh_id: for a notebook that is new.
    """
    at_path, of_file = known.at_path, known.of_file
    if at_path is not None and place.file in {None, at_path.file}:
        return Identified(at_path, ())
    if of_file is not None:
        if looked.other_name:
            return Identified(of_file, ())
        return _taking_the_path(moved(of_file, place, now), at_path, now)
    if at_path is not None and (at_path.file is None or looked.old_file_gone):
        replaced = replace(at_path, file=place.file, updated_at=now)
        return Identified(replaced, (replaced,))
    new = NotebookRecord(
        id=fresh_id,
        server=place.server,
        path=place.path,
        file=place.file,
        left_at=None,
        created_at=now,
        updated_at=now,
    )
    if at_path is not None and looked.old_file_path is not None:
        found = replace(at_path, path=looked.old_file_path, updated_at=now)
        return Identified(new, (found, new))
    return _taking_the_path(new, at_path, now)


def moved(notebook: NotebookRecord, place: NotebookPlace, now: datetime) -> NotebookRecord:
    return replace(notebook, path=place.path, file=place.file, left_at=None, updated_at=now)


def _taking_the_path(notebook: NotebookRecord, displaced: NotebookRecord | None, now: datetime) -> Identified:
    changed = (notebook,) if displaced is None else (_left(displaced, now), notebook)
    return Identified(notebook, changed)


# The notebook of a kernel


def is_still_there(notebook: NotebookRecord, places: Iterable[NotebookPlace]) -> bool:
    """Whether one of its kernel's Jupyter sessions is at the notebook's path."""
    return any(place.path == notebook.path for place in places)


def place_of_same_file(notebook: NotebookRecord, places: Iterable[NotebookPlace]) -> NotebookPlace | None:
    """That of its kernel's Jupyter sessions which has the notebook's file under another name."""
    return next((place for place in places if place.file is not None and place.file == notebook.file), None)


def has_left(notebook: NotebookRecord, file_at_its_path: str | None) -> bool:
    """Whether the notebook is no longer at its path, now that its kernel's Jupyter sessions are elsewhere.

    Where files cannot be told apart, their word is taken for it.
    """
    if notebook.left_at is not None or file_at_its_path is None:
        return True
    return notebook.file is not None and file_at_its_path != notebook.file


# What Jupyter tells of


def paths_of(change: NotebookChange) -> tuple[str, ...]:
    """The notebooks at these paths, and below them, may be changed by it."""
    return (change.old, change.new) if isinstance(change, Renamed) else (change.path,)


def changed_by(change: NotebookChange, records: Sequence[NotebookRecord], now: datetime) -> list[NotebookRecord]:
    """The records as they are after a change, in the order in which they are to be written.

    :param records: the notebooks that are at its paths or below, and those of a saved file.
    """
    if isinstance(change, Renamed):
        return _renamed(change, records, now)
    if isinstance(change, Deleted):
        gone = (record for record in records if _is_below(record.path, change.path))
        return [replace(_left(record, now), file=None) for record in gone]
    return _saved(change, records, now)


def _renamed(change: Renamed, records: Sequence[NotebookRecord], now: datetime) -> list[NotebookRecord]:
    moving = [record for record in records if _is_below(record.path, change.old)]
    there = (record for record in records if record not in moving)
    displaced = [_left(record, now) for record in there if _is_below(record.path, change.new)]
    nested = _is_below(change.new, change.old) or _is_below(change.old, change.new)
    leaving = [_left(record, now) for record in moving] if nested else []  # one may take the path of another
    return [
        *displaced,
        *leaving,
        *(replace(record, path=change.new + record.path[len(change.old) :], updated_at=now) for record in moving),
    ]


def _saved(change: Saved, records: Sequence[NotebookRecord], now: datetime) -> list[NotebookRecord]:
    at_path = next((record for record in records if record.left_at is None and record.path == change.path), None)
    others = [record for record in records if record is not at_path and record.file == change.after]
    if change.before is not None:
        if at_path is None or at_path.file != change.before or others:
            return []
        return [replace(at_path, file=change.after, updated_at=now)]
    # The file was made just now: who had a file of this identity has lost it, and its number was given away again.
    changed = [replace(record, file=None, left_at=record.left_at or now, updated_at=now) for record in others]
    if at_path is None:
        return changed
    if at_path.file is None:  # its first save
        return [*changed, replace(at_path, file=change.after, updated_at=now)]
    kept = None if at_path.file == change.after else at_path.file
    return [*changed, replace(_left(at_path, now), file=kept)]


def _left(notebook: NotebookRecord, now: datetime) -> NotebookRecord:
    return replace(notebook, left_at=now, updated_at=now)


def _is_below(path: str, directory: str) -> bool:
    """Whether a path is ``directory``, or in it."""
    return path == directory or path.startswith(posixpath.join(directory, ""))
