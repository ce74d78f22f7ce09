"""What is for its owner alone, and what a database is from outside."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lakesail_notebook.errors import FailedPrecondition
from lakesail_notebook.jupyter.personal import private_socket
from lakesail_notebook.private_files import exposed
from lakesail_notebook.signing_keys import load_or_create_signing_key
from lakesail_notebook.store.looking import foreign, sqlite_path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610])
def test_a_signing_key_that_others_can_reach_is_refused_with_what_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a key.pem"
    load_or_create_signing_key(path)
    path.chmod(mode)
    with pytest.raises(FailedPrecondition, match="run: chmod 600") as caught:
        load_or_create_signing_key(path)
    assert f"chmod 600 '{path}'" in caught.value.message
    path.chmod(0o600)
    load_or_create_signing_key(path)


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o711])
def test_a_key_directory_that_others_can_reach_is_refused_with_what_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "state" / "key.pem"
    load_or_create_signing_key(path)
    path.parent.chmod(mode)
    with pytest.raises(FailedPrecondition, match=f"run: chmod 700 {path.parent}") as caught:
        load_or_create_signing_key(path)
    assert str(tmp_path) not in caught.value.message_without_paths
    path.parent.chmod(0o700)
    load_or_create_signing_key(path)


def test_what_is_not_there_is_not_exposed(tmp_path: Path) -> None:
    assert exposed(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////home/me/x.db", "/home/me/x.db"),
        ("sqlite:///x.db", "x.db"),
        ("sqlite+aiosqlite:////x.db?timeout=5", "/x.db"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///", None),
        ("postgresql://db/x", None),
        ("x.db", None),
        ("", None),
    ],
)
def test_a_database_url_names_an_sqlite_file_or_nothing_that_can_be_used(url: str, path: str | None) -> None:
    assert sqlite_path(url) == (None if path is None else Path(path))


def test_a_look_at_a_database_leaves_no_trace(tmp_path: Path) -> None:
    database = tmp_path / "notes.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (text TEXT)")
    before = (database.read_bytes(), sorted(os.listdir(tmp_path)))
    assert foreign(database) == "is another program's database"
    assert (database.read_bytes(), sorted(os.listdir(tmp_path))) == before
    assert foreign(tmp_path / "none.db") is None
    (tmp_path / "empty.db").touch()
    assert foreign(tmp_path / "empty.db") is None


@contextmanager
def files_made_meanwhile(directory: Path) -> Iterator[list[int]]:
    """The modes of files that another thread makes all the time."""
    modes: list[int] = []
    stop = threading.Event()

    def make() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            path = directory / str(number)
            path.touch(mode=0o666)
            modes.append(stat.S_IMODE(path.stat().st_mode))
            path.unlink()

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield modes
    finally:
        stop.set()
        thread.join()


def test_a_private_socket_is_its_owners_alone_and_changes_nothing_for_other_threads(tmp_path: Path) -> None:
    usual = 0o666 & ~_umask()
    made = tmp_path / "made"
    made.mkdir()
    with files_made_meanwhile(made) as modes:
        for number in range(200):
            path = tmp_path / f"{number}.sock"
            with closing(private_socket(path)):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(modes) == {usual}
    assert not list(tmp_path.glob(".*"))


def test_the_processs_umask_is_nowhere_set() -> None:
    package = Path(__file__).parents[2] / "lakesail_notebook"
    assert not [path for path in package.rglob("*.py") if "os.umask(" in path.read_text()]


def _umask() -> int:
    """Linux tells it without setting it."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not tell a process's umask")
    [line] = [line for line in status.read_text().splitlines() if line.startswith("Umask:")]
    return int(line.split()[1], 8)
