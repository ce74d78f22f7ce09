"""Which notebook a path is: the table of decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lakesail_notebook.workloads.records import NotebookRecord
from lakesail_notebook.workloads.rules.notebooks import (
    Deleted,
    Known,
    Looked,
    NotebookPlace,
    Renamed,
    Saved,
    changed_by,
    file_to_search,
    has_left,
    identify,
    place_of_same_file,
)

THEN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)


def notebook(notebook_id: str, path: str, file: str | None, left_at: datetime | None = None) -> NotebookRecord:
    return NotebookRecord(
        id=notebook_id, server="/root", path=path, file=file, left_at=left_at, created_at=THEN, updated_at=THEN
    )


def place(path: str, file: str | None) -> NotebookPlace:
    return NotebookPlace("/root", path, file)


A, B = notebook("A", "a.ipynb", "1"), notebook("B", "b.ipynb", "2")
UNSAVED = notebook("A", "a.ipynb", None)
REPLACED = Looked(old_file_gone=True)
UNTOLD = Looked()

Written = dict[str, tuple[str, str | None, bool]]
"""By id: path, file, and whether it is there."""


def written(*records: NotebookRecord) -> Written:
    return {record.id: (record.path, record.file, record.left_at is None) for record in records}


@pytest.mark.parametrize(
    ("at_path", "of_file", "file", "looked", "which", "changes"),
    [
        pytest.param(None, None, "1", UNTOLD, "NEW", {"NEW": ("a.ipynb", "1", True)}, id="a path that is not known"),
        pytest.param(None, None, None, UNTOLD, "NEW", {"NEW": ("a.ipynb", None, True)}, id="a path without a file"),
        pytest.param(A, None, "1", UNTOLD, "A", {}, id="the same path and file"),
        pytest.param(A, None, None, UNTOLD, "A", {}, id="the same path, whose file cannot be seen"),
        pytest.param(A, B, None, UNTOLD, "A", {}, id="the same path, without a file to compare"),
        pytest.param(UNSAVED, None, "1", UNTOLD, "A", {"A": ("a.ipynb", "1", True)}, id="saved for the first time"),
        pytest.param(A, None, "3", REPLACED, "A", {"A": ("a.ipynb", "3", True)}, id="replaced by an editor or git"),
        pytest.param(
            A,
            None,
            "3",
            Looked(old_file_path="archive/a.ipynb"),
            "NEW",
            {"A": ("archive/a.ipynb", "1", True), "NEW": ("a.ipynb", "3", True)},
            id="moved to where it was found, and another made",
        ),
        pytest.param(
            A,
            None,
            "3",
            UNTOLD,
            "NEW",
            {"A": ("a.ipynb", "1", False), "NEW": ("a.ipynb", "3", True)},
            id="another file, and nobody knows where the old one is",
        ),
        pytest.param(None, B, "2", UNTOLD, "B", {"B": ("a.ipynb", "2", True)}, id="moved here"),
        pytest.param(
            A, B, "2", UNTOLD, "B", {"A": ("a.ipynb", "1", False), "B": ("a.ipynb", "2", True)}, id="moved over another"
        ),
        pytest.param(
            UNSAVED,
            B,
            "2",
            UNTOLD,
            "B",
            {"A": ("a.ipynb", None, False), "B": ("a.ipynb", "2", True)},
            id="moved over one that was never saved",
        ),
        pytest.param(None, B, "2", Looked(other_name=True), "B", {}, id="a second name of the same file"),
        pytest.param(
            None, replace(B, left_at=THEN), "2", UNTOLD, "B", {"B": ("a.ipynb", "2", True)}, id="lost, and found here"
        ),
    ],
)
def test_the_notebook_at_a_path(
    at_path: NotebookRecord | None,
    of_file: NotebookRecord | None,
    file: str | None,
    looked: Looked,
    which: str,
    changes: Written,
) -> None:
    identified = identify(place("a.ipynb", file), Known(at_path, of_file), looked, NOW, "NEW")
    assert identified.notebook.id == which
    assert written(*identified.changed) == changes
    assert all(record.updated_at == NOW for record in identified.changed)


def test_a_path_is_left_before_another_notebook_takes_it() -> None:
    identified = identify(place("a.ipynb", "2"), Known(A, B), UNTOLD, NOW, "NEW")
    assert [record.id for record in identified.changed] == ["A", "B"]


@pytest.mark.parametrize(
    ("known", "file", "searched"),
    [
        (Known(A, None), "3", "1"),
        (Known(A, None), "1", None),
        (Known(A, None), None, None),
        (Known(A, B), "2", None),
        (Known(UNSAVED, None), "3", None),
        (Known(None, None), "3", None),
    ],
)
def test_a_file_is_searched_only_where_that_decides(known: Known, file: str | None, searched: str | None) -> None:
    assert file_to_search(place("a.ipynb", file), known) == searched


DEEP = notebook("D", "a.ipynb/deep/c.ipynb", "3")


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        pytest.param(
            Renamed("a.ipynb", "x.ipynb"),
            {"A": ("x.ipynb", "1", True), "D": ("x.ipynb/deep/c.ipynb", "3", True)},
            id="renamed with all below",
        ),
        pytest.param(
            Renamed("x.ipynb", "b.ipynb"), {"B": ("b.ipynb", "2", False)}, id="an unknown one takes a known path"
        ),
        pytest.param(
            Renamed("a.ipynb", "b.ipynb"),
            {"B": ("b.ipynb", "2", False), "A": ("b.ipynb", "1", True), "D": ("b.ipynb/deep/c.ipynb", "3", True)},
            id="a known one takes a known path",
        ),
        pytest.param(Renamed("a.ip", "x"), {}, id="a name that only begins alike"),
        pytest.param(Deleted("b.ipynb"), {"B": ("b.ipynb", None, False)}, id="deleted"),
        pytest.param(
            Deleted("a.ipynb"),
            {"A": ("a.ipynb", None, False), "D": ("a.ipynb/deep/c.ipynb", None, False)},
            id="deleted with all below",
        ),
        pytest.param(Saved("a.ipynb", "1", "9"), {"A": ("a.ipynb", "9", True)}, id="saved into a file of its own"),
        pytest.param(Saved("a.ipynb", "8", "9"), {}, id="another file was there before the save"),
        pytest.param(Saved("a.ipynb", "1", "2"), {}, id="saved into the file of another notebook"),
        pytest.param(Saved("a.ipynb", None, "9"), {"A": ("a.ipynb", "1", False)}, id="made anew where one had been"),
        pytest.param(
            Saved("x.ipynb", None, "2"), {"B": ("b.ipynb", None, False)}, id="made with the number of a deleted file"
        ),
        pytest.param(
            Saved("a.ipynb", None, "1"), {"A": ("a.ipynb", None, False)}, id="made anew with its own old number"
        ),
    ],
)
def test_what_jupyter_tells_of_a_file(change: Renamed | Deleted | Saved, changes: Written) -> None:
    assert written(*changed_by(change, [A, B, DEEP], NOW)) == changes


def test_where_one_notebook_takes_the_path_of_another_that_moves_too_all_leave_first() -> None:
    records = [notebook("1", "a/x", None), notebook("2", "a/b/x", None)]
    changed = changed_by(Renamed("a", "a/b"), records, NOW)
    assert [(record.path, record.left_at is None) for record in changed] == [
        ("a/x", False),
        ("a/b/x", False),
        ("a/b/x", True),
        ("a/b/b/x", True),
    ]


def test_the_first_save_of_a_notebook_gives_it_its_file() -> None:
    assert written(*changed_by(Saved("a.ipynb", None, "9"), [UNSAVED], NOW)) == {"A": ("a.ipynb", "9", True)}


@pytest.mark.parametrize(
    ("record", "file_there", "left"),
    [
        (A, "1", False),
        (A, None, True),
        (A, "3", True),
        (UNSAVED, "3", False),
        (UNSAVED, None, True),
        (replace(A, left_at=THEN), "1", True),
    ],
)
def test_a_kernel_takes_its_notebook_along_only_if_that_has_left(
    record: NotebookRecord, file_there: str | None, left: bool
) -> None:
    assert has_left(record, file_there) is left


def test_of_a_kernels_places_the_one_with_the_notebooks_file_is_the_notebooks() -> None:
    places = [place("x.ipynb", "9"), place("y.ipynb", "1"), place("z.ipynb", None)]
    assert place_of_same_file(A, places) == places[1]
    assert place_of_same_file(UNSAVED, places) is None


def test_a_notebook_that_has_left_its_path_is_shown_as_such() -> None:
    assert (A.shown_path, replace(A, left_at=THEN).shown_path) == (
        "/root/a.ipynb",
        "/root/a.ipynb (moved or deleted)",
    )
