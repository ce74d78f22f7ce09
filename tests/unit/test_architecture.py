"""ARCHITECTURE.md shows the rooms of the package as they are."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "lakesail_notebook"
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
NO_CODE = {"__pycache__", "etc", "labextension", "static"}
SAIL_WORKAROUNDS = sorted((PACKAGE / "spark" / "sail_workarounds").glob("[!_]*.py"))


def section(title: str) -> str:
    return TEXT.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def picture() -> list[set[str]]:
    """The rooms of each row of the picture."""
    lines = section("The rooms").split("```")[1].strip().splitlines()
    return [set(re.sub(r"\(.*\)", "", line).split()) for line in lines]


def table() -> dict[str, tuple[str, set[str]]]:
    """What each room does, and the libraries that it may import."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\|$", section("The rooms"), re.MULTILINE)
    return {room: (does, set(re.findall(r"\w+", libraries))) for room, does, libraries in rows}


def rooms() -> set[str]:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - NO_CODE
    return folders | {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def imported_by(room: str) -> Iterator[str]:
    """The libraries that a room imports anywhere in its code."""
    folder = PACKAGE / room
    files = folder.rglob("*.py") if folder.is_dir() else [PACKAGE / f"{room}.py"]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield (node.module or "").partition(".")[0]


def test_the_picture_and_the_table_show_every_room_and_no_other() -> None:
    assert set().union(*picture()) == rooms()
    assert set(table()) == rooms()


def test_the_picture_has_the_rows_that_the_import_contract_holds() -> None:
    layers = [set(re.findall(r"\w+", layer)) for layer in contracts()["rooms"]["layers"]]
    assert picture() == layers
    assert contracts()["rooms"]["exhaustive"]


def test_the_two_columns_of_the_picture_never_meet() -> None:
    """A room of the one column is forbidden to the other, by a contract."""
    server, kernel = contracts()["control-plane-alone"], contracts()["kernel-side-alone"]
    ours = {name.rpartition(".")[2] for name in server["source_modules"]}
    theirs = {name.rpartition(".")[2] for name in kernel["source_modules"]}
    assert ours == {"jupyter", "control_plane", "api", "http_proxy", "store", "backends", "workloads"}
    assert theirs == {"notebook", "widgets", "marimo_support", "rendering", "spark", "client"}
    assert {f"lakesail_notebook.{room}" for room in theirs} <= set(server["forbidden_modules"])
    assert {f"lakesail_notebook.{room}" for room in ours} <= set(kernel["forbidden_modules"])


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_imports_the_libraries_that_the_table_names(room: str) -> None:
    does, libraries = table()[room]
    assert does
    found = set(imported_by(room)) - set(sys.stdlib_module_names) - {"lakesail_notebook"}
    assert found == libraries


@pytest.mark.parametrize("module", SAIL_WORKAROUNDS, ids=lambda path: path.stem)
def test_a_workaround_for_sail_says_when_it_goes(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text())) or ""
    assert "Sail 0.7.2" in docstring
    assert re.search(r"^Goes when ", docstring, re.MULTILINE)


def test_every_place_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]*)+(?:\.py)?)`", section("Where do I change ...?")))
    assert len(named) > 10
    missing = [place for place in sorted(named) if not (PACKAGE / place).exists()]
    assert missing == []
