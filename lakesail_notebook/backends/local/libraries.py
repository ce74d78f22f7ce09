"""The libraries of a compute config, installed once for each interpreter: the engine finds them by PYTHONPATH."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...errors import Unavailable
from ...models import Library
from ...process import ChildProcess, LogRing, describe_exit, spawn
from .downloads import Downloads
from .requirements import Requirements, requirements_of
from .wheels import require_its_hash, require_no_urls, wheel_name

STOP_GRACE_SECONDS = 1.0
_POLL_SECONDS = 0.1
_QUOTED_LINES = 3
_INSTALLED, _TEMPORARY, _DOWNLOADED = "installed", "temporary", "downloaded"
_PIP_OPTIONS = (
    *("--no-input", "--isolated", "--disable-pip-version-check", "--no-warn-script-location"),
    *("--progress-bar", "off", "--only-binary", ":all:"),
)
_ASK_VERSION = "import sys, sysconfig; print(sys.version, sysconfig.get_platform())"


class LocalLibraries:
    """A cache of installed libraries, shared by the servers of one user."""

    def __init__(self, directory: Path, environment: Mapping[str, str], downloads: Downloads) -> None:
        """
        :param directory: one of this user alone.
        :param environment: of the processes that install.
        """
        self._directory = directory
        self._environment = environment
        self._downloads = downloads

    async def install(self, libraries: Sequence[Library], python: str, on_log: Callable[[LogRing], None]) -> Path:
        """The directory that holds them, for the engine's PYTHONPATH.

        Cancelling it ends pip. Whoever asks for the same at the same time waits for the first.

        :param on_log: told of the log of each process before it is waited for.
        :raises LakesailError: when they cannot be installed, with pip's last words.
        """
        runs = await requirements_of(libraries, self._downloads)
        try:
            return await self._install_once(runs, python, on_log)
        except OSError as error:
            message = f"its libraries could not be installed in {self._directory}: {error.strerror or error}"
            raise Unavailable(message, paths=(self._directory,)) from error

    async def _install_once(self, runs: Sequence[Requirements], python: str, on_log: Callable[[LogRing], None]) -> Path:
        version = await self._version_of(python)
        key = await asyncio.to_thread(_key, runs, python, version)
        target = self._directory / key
        if target.is_dir():
            return target
        async with _only_one(self._directory / f"{key}.lock"):
            if not target.is_dir():
                await self._install(runs, python, target, on_log)
        return target

    async def _install(
        self, runs: Sequence[Requirements], python: str, target: Path, on_log: Callable[[LogRing], None]
    ) -> None:
        work = target.with_suffix(".partial")
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)  # of an install that was killed
        for directory in (work, work / _INSTALLED, work / _TEMPORARY, work / _DOWNLOADED):
            directory.mkdir(mode=0o700)
        try:
            for run in runs:
                local = run.with_files({url: await self._download(url, work) for url in run.urls})
                if self._downloads.guarded:
                    await asyncio.to_thread(require_no_urls, local, work)
                await self._run_pip(python, local, work, on_log)
            (work / _INSTALLED).rename(target)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    async def _download(self, url: str, work: Path) -> str:
        """The wheel's file as pip is to be told of it, relative to where it runs."""
        name = wheel_name(url)
        directory = work / _DOWNLOADED / hashlib.sha256(url.encode()).hexdigest()[:16]
        directory.mkdir(mode=0o700, exist_ok=True)
        if not (directory / name).exists():
            await self._downloads.file(url, directory / name, f"its wheel {name}")
            await asyncio.to_thread(require_its_hash, url, directory / name)
        return f"./{(directory / name).relative_to(work)}"

    async def _run_pip(self, python: str, run: Requirements, work: Path, on_log: Callable[[LogRing], None]) -> None:
        requirements, constraints = work / "requirements.txt", work / "constraints.txt"
        requirements.touch(mode=0o600)
        requirements.write_text(run.as_file())
        constraints.write_text(await asyncio.to_thread(_versions_in, work / _INSTALLED))
        environment = {**self._environment, "TMPDIR": str(work / _TEMPORARY)}
        # Names relative to where it runs: pip's errors quote them.
        files = ["--requirement", requirements.name, "--constraint", constraints.name, "--target", _INSTALLED]
        command = [python, "-P", "-m", "lakesail_notebook.engine.installer", "install", *_PIP_OPTIONS, *files]
        pip = await spawn(command, env=environment, cwd=work)
        on_log(pip.log)
        try:
            return_code = await pip.wait()
        finally:
            await pip.stop(STOP_GRACE_SECONDS)
        if return_code != 0:
            raise Unavailable(f"its libraries could not be installed: {_last_words(pip)}")

    async def _version_of(self, python: str) -> str:
        asked = await spawn([python, "-I", "-c", _ASK_VERSION], env=self._environment, cwd=self._directory)
        try:
            return_code = await asked.wait()
        finally:
            await asked.stop(STOP_GRACE_SECONDS)
        if return_code != 0:
            raise Unavailable(f"{python} cannot be run: {_last_words(asked)}", paths=(python,))
        return "\n".join(asked.log.tail())


def _versions_in(installed: Path) -> str:
    """What earlier runs have installed, as constraints of the next: one that needs others must fail, not mix them."""
    found = importlib.metadata.distributions(path=[str(installed)])
    return "".join(f"{distribution.name}=={distribution.version}\n" for distribution in found)


def _key(runs: Sequence[Requirements], python: str, version: str) -> str:
    """Names the content: the same libraries for the same interpreter, wheels by what is in them."""
    wheels = [_hash_of(line) for run in runs for line in run.lines if line.startswith("file:")]
    whole = [[run.as_file() for run in runs], wheels, python, version]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:40]


def _hash_of(file_url: str) -> str:
    with Path(unquote(urlsplit(file_url).path)).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextlib.asynccontextmanager
async def _only_one(lock: Path) -> AsyncIterator[None]:
    """One process at a time, and one task; a process that dies lets go."""
    with lock.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL_SECONDS)
        yield


def _last_words(process: ChildProcess) -> str:
    lines = [line.strip() for line in process.log.tail() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines
    return " ".join(errors[-_QUOTED_LINES:])[:600] or describe_exit(process.return_code or 0)
