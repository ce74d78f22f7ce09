"""What an installation of this package adds to an environment, and what it changes there: prints a Markdown table.

Installs a wheel of the working tree into fresh virtual environments: without extras, then with the extra ``local``,
then with the extra ``marimo`` as well. The versions are the newest that pip finds today.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SCIENCE = ("numpy", "scipy", "matplotlib", "pyarrow")
PACKAGE = "lakesail-notebook"
EXTRAS = ("", "[local]", "[local,marimo]")


@dataclass(frozen=True, slots=True)
class StartingPoint:
    name: str
    requirements: tuple[str, ...]


STARTING_POINTS = (
    StartingPoint("empty", ()),
    StartingPoint("numpy, scipy, matplotlib, pyarrow, pandas 2", (*_SCIENCE, "pandas>=2,<3")),
    StartingPoint("the same with pandas 3", (*_SCIENCE, "pandas>=3,<4")),
    StartingPoint("JupyterLab", ("jupyterlab",)),
    StartingPoint(
        "JupyterLab 4.4 with the jupyter-server of late 2025",
        ("jupyterlab>=4.4,<4.5", "jupyter-server>=2.17,<2.18", "tornado>=6.5,<6.6"),
    ),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What an environment holds."""

    versions: Mapping[str, str]
    size: int
    """Bytes of its files."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an installation did to an environment."""

    added: int
    """Packages, this one included."""
    size_added: int
    """Bytes."""
    changed: tuple[str, ...]
    """``name old → new`` of each package that was there before in another version, or is gone."""
    conflicts: tuple[str, ...]
    """What ``pip check`` says of the environment afterwards."""


def main() -> int:
    conflicts: list[str] = []
    titles = ["environment", *(title for extra in EXTRAS for title in (f"`{PACKAGE}{extra}` adds", "changes"))]
    print(table_row(titles), table_row(["---"] * len(titles)), sep="\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="install-report-") as temporary:
        wheel = build_wheel(Path(temporary))
        for number, point in enumerate(STARTING_POINTS):
            outcomes = try_installations(Path(temporary) / f"environment-{number}", point, wheel)
            print(table_row([point.name, *(cell for outcome in outcomes for cell in cells_of(outcome))]), flush=True)
            conflicts += [f"{point.name}: {line}" for outcome in outcomes for line in outcome.conflicts]
    for conflict in conflicts:
        print(conflict, file=sys.stderr)
    return 1 if conflicts else 0


def try_installations(environment: Path, point: StartingPoint, wheel: Path) -> list[Outcome]:
    """One for each of the extras, each compared with the starting point."""
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    if point.requirements:
        install(environment, point.requirements)
    before, outcomes = contents_of(environment), []
    for extra in EXTRAS:
        install(environment, [f"{wheel}{extra}"])
        checked = pip(environment, "check", must_succeed=False)
        outcomes.append(compare(before, contents_of(environment), checked.splitlines()))
    return outcomes


def compare(before: Contents, after: Contents, checked: Sequence[str]) -> Outcome:
    changed = [
        f"{name} {version} → {after.versions.get(name, 'gone')}"
        for name, version in sorted(before.versions.items())
        if after.versions.get(name) != version
    ]
    return Outcome(
        added=len(after.versions.keys() - before.versions.keys()),
        size_added=after.size - before.size,
        changed=tuple(changed),
        conflicts=tuple(line for line in checked if line != "No broken requirements found."),
    )


def cells_of(outcome: Outcome) -> tuple[str, str]:
    return f"{outcome.added} packages, {outcome.size_added / 1e6:.0f} MB", ", ".join(outcome.changed) or "none"


def table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def contents_of(environment: Path) -> Contents:
    listed = json.loads(pip(environment, "list", "--format", "json"))
    files = (path for path in environment.rglob("*") if path.is_file() and not path.is_symlink())
    versions = {package["name"].lower().replace("_", "-"): package["version"] for package in listed}
    return Contents(versions, sum(file.stat().st_size for file in files))


def build_wheel(directory: Path) -> Path:
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(ROOT)])
    return next(directory.glob("*.whl"))


def install(environment: Path, requirements: Sequence[str]) -> None:
    pip(environment, "install", "--no-compile", *requirements)


def pip(environment: Path, *arguments: str, must_succeed: bool = True) -> str:
    """This Python's pip, at work on another environment."""
    options = ("--disable-pip-version-check", "--python", str(environment / "bin" / "python"))
    return run([sys.executable, "-m", "pip", *options, *arguments], must_succeed=must_succeed)


def run(command: Sequence[str], *, must_succeed: bool = True) -> str:
    """What a command prints to standard output."""
    finished = subprocess.run(command, capture_output=True, text=True)
    if must_succeed and finished.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


if __name__ == "__main__":
    sys.exit(main())
