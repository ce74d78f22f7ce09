"""Which file a path leads to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakesail_notebook.jupyter.file_identity import file_identity, search_file
from lakesail_notebook.workloads.ports import FileSearch


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    file = tmp_path / "a.ipynb"
    file.write_text("{}")
    return file


def search(root: Path, near: str, identity: str, *, seconds: float = 30, entries: int = 1000) -> FileSearch:
    return search_file(str(root), near, identity, seconds=seconds, entries=entries)


def identity_of(file: Path) -> str:
    told = file_identity(str(file))
    assert told is not None
    return told


def test_a_file_keeps_its_identity_when_it_is_moved_and_written(notebook: Path) -> None:
    before = identity_of(notebook)
    notebook.write_text("other content")
    moved = notebook.rename(notebook.with_name("b.ipynb"))
    assert identity_of(moved) == before


def test_a_copy_and_an_atomic_replacement_are_other_files(notebook: Path) -> None:
    before = identity_of(notebook)
    copy = notebook.with_name("copy.ipynb")
    copy.write_bytes(notebook.read_bytes())
    assert identity_of(copy) != before
    copy.replace(notebook)
    assert identity_of(notebook) != before


def test_links_lead_to_the_file(notebook: Path) -> None:
    link, hard = notebook.with_name("link.ipynb"), notebook.with_name("hard.ipynb")
    link.symlink_to(notebook)
    hard.hardlink_to(notebook)
    assert {identity_of(link), identity_of(hard)} == {identity_of(notebook)}


def test_a_new_file_under_the_inode_of_a_deleted_one_is_another_file(notebook: Path) -> None:
    told = identity_of(notebook)
    if "@" not in told:
        pytest.skip("this file system does not tell when a file was made")
    inode = notebook.stat().st_ino
    notebook.unlink()
    for number in range(100):
        other = notebook.with_name(f"{number}.ipynb")
        other.write_text("{}")
        assert identity_of(other) != told
        if other.stat().st_ino == inode:
            return
    pytest.skip("this file system gave the number to no other file")


@pytest.mark.parametrize("path", ["", "missing.ipynb", "a\0b", "x" * 5000])
def test_where_no_file_can_be_seen_there_is_no_identity(tmp_path: Path, path: str) -> None:
    assert file_identity(os.path.join(tmp_path, path) if path else "") is None


def test_a_file_is_found_beside_its_old_path_and_anywhere_below_the_root(notebook: Path, tmp_path: Path) -> None:
    told = identity_of(notebook)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    moved = notebook.rename(tmp_path / "b.ipynb")
    assert search(tmp_path, "a.ipynb", told) == FileSearch("b.ipynb", gone=False)
    moved.rename(tmp_path / "deep" / "er" / "b.ipynb")
    assert search(tmp_path, "a.ipynb", told) == FileSearch("deep/er/b.ipynb", gone=False)


def test_a_file_that_is_nowhere_is_gone(notebook: Path, tmp_path: Path) -> None:
    told = identity_of(notebook)
    notebook.unlink()
    assert search(tmp_path, "a.ipynb", told) == FileSearch(None, gone=True)
    assert search(tmp_path, "missing/a.ipynb", told) == FileSearch(None, gone=True)


def test_a_search_that_is_given_up_does_not_say_that_the_file_is_gone(notebook: Path, tmp_path: Path) -> None:
    told = identity_of(notebook)
    notebook.unlink()
    for number in range(20):
        (tmp_path / f"{number}.txt").touch()
    assert search(tmp_path, "a.ipynb", told, entries=10) == FileSearch(None, gone=False)
    assert search(tmp_path, "a.ipynb", told, seconds=-1) == FileSearch(None, gone=False)
