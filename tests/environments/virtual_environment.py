"""Virtual environments for tests, and wheels to install into them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
INSTALL_SECONDS = 300
_RUN_SECONDS = 180
_NOT_INHERITED = ("JUPYTER", "JPY_", "LAKESAIL_", "PYTHON", "VIRTUAL_ENV")

_DISTRIBUTIONS = """
import importlib.metadata, json
found = list(importlib.metadata.distributions())
print(json.dumps({one.name: one.version for one in reversed(found)}))  # the first of a name is the one imported
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment without pip; the pip of the tests' own environment installs into it."""

    directory: Path

    @property
    def programs(self) -> Path:
        return self.directory / "bin"

    @property
    def python(self) -> Path:
        return self.programs / "python"

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.directory / "lib" / version / "site-packages"

    def install(self, *arguments: str | Path) -> None:
        """``pip install`` with these arguments, in the versions that are locked."""
        self.install_newest("--constraint", LOCK, *arguments)

    def install_newest(self, *arguments: str | Path) -> None:
        """``pip install`` with these arguments, in the newest versions."""
        pip("--python", self.python, "install", "--quiet", "--no-compile", *arguments)

    def borrow_packages_of_the_tests(self, *, without: str | None = None) -> None:
        """Let it import what the tests' own environment has, after what it has itself.

        The ``.pth`` files there do not count here: this project's working tree, which is installed by one, does not
        become visible.

        :param without: how the names of files and directories begin that it must not see.
        """
        borrowed = list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))
        if without is not None:
            borrowed = [str(self._links_to(borrowed, without))]
        (self.packages / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed))

    def _links_to(self, directories: list[str], without: str) -> Path:
        """A directory with links to all in these but for what begins so."""
        links = self.directory / "borrowed"
        links.mkdir()
        for file in (file for directory in directories for file in Path(directory).iterdir()):
            if not file.name.startswith(without) and not (links / file.name).exists():
                (links / file.name).symlink_to(file)
        return links

    def distributions(self) -> dict[str, str]:
        """The version of each package that can be imported in it."""
        found: dict[str, str] = json.loads(self.run("-c", _DISTRIBUTIONS).stdout)
        return found

    def run(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Python with these arguments to its end, which must be a good one."""
        finished = self.start(self.python, "-P", *arguments, **variables)
        assert finished.returncode == 0, f"{arguments} ended with {finished.returncode}: {finished.stderr}"
        return finished

    def start(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, whatever that is, in an empty directory and with an empty Jupyter configuration."""
        with tempfile.TemporaryDirectory(prefix="environment-") as home:
            environment = self.variables(Path(home)) | variables
            return subprocess.run(
                [str(word) for word in command],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_RUN_SECONDS,
            )

    def variables(self, home: Path) -> dict[str, str]:
        """The environment variables of its processes: nothing of the user's Jupyter, its programs before all others."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        return kept | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "PATH": os.pathsep.join([str(self.programs), os.environ.get("PATH", os.defpath)]),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }


def new_environment(directory: Path) -> Environment:
    _run([sys.executable, "-m", "venv", "--without-pip", str(directory)])
    return Environment(directory)


def environment_at(commit: str, directory: Path) -> Environment:
    """The package as it was at a commit, with the other packages of the tests' own environment."""
    environment = new_environment(directory / "env")
    environment.install("--no-deps", wheel_of(source_at(commit, directory / "source"), directory / "wheel"))
    environment.borrow_packages_of_the_tests()  # after the installation: pip would find the working tree's there
    return environment


def wheel_of(source: Path, directory: Path) -> Path:
    """The package's wheel, built from a directory with its source."""
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", directory, source)
    (wheel,) = directory.glob("*.whl")
    return wheel


def source_at(commit: str, directory: Path) -> Path:
    """The project as it was at a commit."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True)
    if archive.returncode != 0:  # as in a shallow clone, or in an archive of the sources
        pytest.skip(
            f"commit {commit} cannot be read from the history of {ROOT} ({archive.stderr.decode().strip()}); "
            "a shallow clone gets it by: git fetch --unshallow"
        )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(directory, filter="data")
    return directory


def pip(*arguments: str | Path) -> None:
    """The pip of the tests' own environment."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *(str(word) for word in arguments)]
    _run(command)


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    assert finished.returncode == 0, f"{' '.join(command)} failed:\n{finished.stdout}\n{finished.stderr}"
