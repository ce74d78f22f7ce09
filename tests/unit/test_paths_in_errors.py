"""No error tells a path of the server to somebody who does not administer it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from lakesail_notebook.api.problems import problem_of
from lakesail_notebook.backends.local.directories import private_directory
from lakesail_notebook.backends.local.problems import problems_of
from lakesail_notebook.errors import FieldError, InvalidArgument, LakesailError, Unavailable
from lakesail_notebook.models import Library, SailConfig
from lakesail_notebook.process import spawn
from lakesail_notebook.signing_keys import load_or_create_signing_key
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.records import LaunchSpec


def told(error: LakesailError, *, with_paths: bool) -> str:
    problem = problem_of(error, 503, "/x", "1", with_paths=with_paths)
    return " ".join([problem.message, str(problem.detail), *(field.message for field in problem.errors)])


async def _open(path: Path) -> None:
    await open_store(f"sqlite:///{path}")


async def _spawn(place: Path) -> None:
    await spawn([str(place / "no-python")], env={}, cwd=place)


def _check_wheel(place: Path) -> None:
    spec = LaunchSpec(sail=SailConfig(libraries=(Library(whl="/elsewhere/x.whl"),)))
    problems = tuple(problems_of(spec, {}, [str(place)]))
    raise InvalidArgument(problems[0].message, errors=problems)


RAISE: dict[str, Callable[[Path], object]] = {
    "database": lambda place: asyncio.run(_open(place / "file")),
    "database directory": lambda place: asyncio.run(_open(place / "file" / "x.db")),
    "signing key": lambda place: load_or_create_signing_key(place / "file"),
    "key directory": lambda place: load_or_create_signing_key(place / "open" / "key.pem"),
    "scratch": lambda place: private_directory(place / "open", "c.LocalBackend.scratch_directory"),
    "interpreter": lambda place: asyncio.run(_spawn(place)),
    "library roots": _check_wheel,
}


@pytest.mark.parametrize("kind", RAISE)
def test_a_path_is_told_to_who_administers_the_server_alone(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("x" * 200)
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(LakesailError) as caught:
        RAISE[kind](tmp_path)
    assert str(tmp_path) in told(caught.value, with_paths=True)
    assert str(tmp_path) not in told(caught.value, with_paths=False)


def test_of_a_path_the_last_part_is_told() -> None:
    error = Unavailable("The database /srv/a/x.db in /srv/a is gone.", paths=("/srv/a", "/srv/a/x.db"))
    assert error.message_without_paths == "The database x.db in a is gone."
    field = FieldError("/x", "lies outside of /srv/a", paths=("/srv/a",))
    assert told(InvalidArgument("It lies outside of /srv/a.", errors=(field,)), with_paths=False).count("/srv") == 0
