"""Libraries of compute configs, installed by a real pip from wheels made on the spot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from lakesail_notebook.backends.local.directories import private_directory
from lakesail_notebook.backends.local.downloads import Downloads
from lakesail_notebook.backends.local.environment import user_environment
from lakesail_notebook.backends.local.libraries import LocalLibraries
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.models import Library, PypiLibrary
from lakesail_notebook.process import LogRing, own_python, spawn
from tests.wheels import build_wheel, index_of

from .planes import eventually


class Cache:
    """A library cache, and what was run to fill it."""

    def __init__(self, directory: Path) -> None:
        self.directory = private_directory(directory, "the test")
        self.logs: list[LogRing] = []
        self.downloads = Downloads()

    async def install(self, *libraries: Library, **environment: str) -> Path:
        cache = LocalLibraries(self.directory, user_environment(os.environ) | environment, self.downloads)
        return await cache.install(libraries, own_python(), self.logs.append)

    def leftovers(self) -> list[str]:
        return [found.name for found in self.directory.iterdir() if found.suffix != ".lock" and found.suffix]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "libraries")


@contextlib.contextmanager
def silent_index() -> Iterator[str]:
    """An index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def pips() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "lakesail_notebook.engine.installer" in child.cmdline():
                found.append(child)
    return found


def imported(directory: Path, expression: str) -> str:
    program = [sys.executable, "-c", f"import greeting; print({expression})"]
    run = subprocess.run(program, env={"PYTHONPATH": str(directory)}, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_wheel_is_installed_once_and_again_when_its_content_changes(tmp_path: Path, cache: Cache) -> None:
    async def install_thrice() -> Sequence[Path]:
        wheel = build_wheel(tmp_path, "greeting", "WORDS = 'hello'")
        first = await cache.install(Library(whl=str(wheel)))
        again = await cache.install(Library(whl=str(wheel)))
        build_wheel(tmp_path, "greeting", "WORDS = 'good evening'")
        return first, again, await cache.install(Library(whl=str(wheel)))

    first, again, changed = asyncio.run(install_thrice())
    assert (first == again, len(cache.logs)) == (True, 2)
    assert imported(first, "greeting.WORDS") == "hello"
    assert imported(changed, "greeting.WORDS") == "good evening"
    assert cache.leftovers() == []


def test_those_who_want_the_same_at_the_same_time_wait_for_one(tmp_path: Path, cache: Cache) -> None:
    async def install_together() -> Sequence[Path]:
        wheel = Library(whl=str(build_wheel(tmp_path, "greeting", "WORDS = 'hello'")))
        return await asyncio.gather(*(cache.install(wheel) for _ in range(4)))

    assert len(set(asyncio.run(install_together()))) == 1
    assert len(cache.logs) == 1


def test_what_pip_refuses_is_told_in_its_own_words_and_leaves_nothing(tmp_path: Path, cache: Cache) -> None:
    wheel = build_wheel(tmp_path, "greeting", "", tag="cp27-cp27m-win32")
    with pytest.raises(Unavailable, match=r"could not be installed: ERROR: greeting.* not a supported wheel"):
        asyncio.run(cache.install(Library(whl=str(wheel))))
    assert any("not a supported wheel" in line for line in cache.logs[0].tail())
    assert cache.leftovers() == []
    assert [found for found in cache.directory.iterdir() if found.is_dir()] == []


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path, cache: Cache) -> None:
    wheel = build_wheel(tmp_path, "greeting", "")
    asyncio.run(cache.install(Library(whl=str(wheel))))
    [installed] = [found for found in cache.directory.iterdir() if found.is_dir()]
    shutil.rmtree(installed)
    installed.with_suffix(".partial").write_text("in the way")
    with pytest.raises(Unavailable, match=r"could not be installed in .*: File exists"):
        asyncio.run(cache.install(Library(whl=str(wheel))))


def test_a_wheel_that_was_deleted_is_told(tmp_path: Path, cache: Cache) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        asyncio.run(cache.install(Library(whl=str(tmp_path / "gone-1.0-py3-none-any.whl"))))


def test_cancelling_an_install_ends_pip(cache: Cache) -> None:
    async def run() -> None:
        with silent_index() as index:
            wanted = Library(pypi=PypiLibrary(package="greeting", repo=index))
            task = asyncio.create_task(cache.install(wanted))

            async def pip_runs() -> bool:
                return bool(pips())

            await eventually(pip_runs, 60, "pip runs")
            running = pips()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not any(pip.is_running() for pip in running)
            assert cache.leftovers() == []

    asyncio.run(run())


def test_pip_ends_with_the_server_that_started_it(tmp_path: Path) -> None:
    async def run() -> int:
        with silent_index() as index:
            command = [own_python(), "-P", "-m", "lakesail_notebook.engine.installer", "install", "greeting"]
            command += ["--index-url", index, "--target", str(tmp_path / "target")]
            pip = await spawn(command, env=user_environment(os.environ), cwd=tmp_path)

            async def is_busy() -> bool:
                return any("Looking in indexes" in line for line in pip.log.tail())

            try:
                await eventually(is_busy, 60, "pip asks the index")
                pip.close_lifeline()
                return await asyncio.wait_for(pip.wait(), 60)
            finally:
                await pip.stop(0)

    assert asyncio.run(run()) != 0


def test_no_argument_of_pip_tells_where_a_library_comes_from(cache: Cache) -> None:
    async def run() -> None:
        with silent_index() as index:
            secret = f"{index}/token-in-a-path"
            task = asyncio.create_task(cache.install(Library(pypi=PypiLibrary(package="greeting", repo=secret))))

            async def pip_runs() -> bool:
                return bool(pips())

            await eventually(pip_runs, 60, "pip runs")
            assert all("token-in-a-path" not in word for pip in pips() for word in pip.cmdline())
            [file] = cache.directory.glob("*/requirements.txt")
            assert file.stat().st_mode & 0o077 == 0
            assert file.read_text() == f"--index-url {secret}\ngreeting\n"
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(run())


def test_a_library_comes_with_what_it_needs_from_the_index_that_it_names_and_no_other(
    tmp_path: Path, cache: Cache
) -> None:
    greeting = build_wheel(tmp_path, "greeting", "import words; WORDS = words.HELLO", requires=["words>=1"])
    index = index_of(tmp_path / "index", greeting, build_wheel(tmp_path, "words", "HELLO = 'hello'"))
    newer = index_of(tmp_path / "newer", build_wheel(tmp_path, "words", "HELLO = 'bad'", version="9.0"))
    machine = tmp_path / "pip.conf"
    machine.write_text(f"[global]\nextra-index-url = {newer}\n")
    library = Library(pypi=PypiLibrary(package="greeting~=1.0", repo=index))
    installed = asyncio.run(cache.install(library, PIP_CONFIG_FILE=str(machine)))
    assert imported(installed, "greeting.WORDS") == "hello"


def test_libraries_of_two_places_that_need_different_versions_are_refused_rather_than_mixed(
    tmp_path: Path, cache: Cache
) -> None:
    words = build_wheel(tmp_path, "words", "", version="1.0")
    greeting = build_wheel(tmp_path, "greeting", "", requires=["words>=2"])
    index = index_of(tmp_path / "index", greeting, build_wheel(tmp_path, "words", "", version="2.0"))
    wanted = (Library(whl=str(words)), Library(pypi=PypiLibrary(package="greeting", repo=index)))
    with pytest.raises(Unavailable, match=r"requirements.txt.* conflicting dependencies"):
        asyncio.run(cache.install(*wanted))
    assert cache.leftovers() == []
