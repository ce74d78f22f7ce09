"""The JavaScript that the package carries: small, complete, of one version, and with the licenses of what is in it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from lakesail_notebook.version import __version__

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "lakesail_notebook" / "static"
PANEL, ELEMENTS = STATIC / "panel.js", STATIC / "elements.js"
LABEXTENSION = ROOT / "lakesail_notebook" / "labextension"
KILOBYTE = 1000
LICENSES = (STATIC / "third-party-licenses.json", LABEXTENSION / "static" / "third-party-licenses.json")


def labextension_scripts() -> list[Path]:
    """What JupyterLab loads of ours, without the table of shared modules that the bundler writes."""
    found = [path for path in (LABEXTENSION / "static").glob("*.js") if not path.name.startswith("remoteEntry.")]
    assert found, "the user interface is not built: make frontend"
    return found


def scripts_of_the_page() -> list[Path]:
    """Those that JupyterLab loads with each page: the bundler's table names them."""
    (table,) = (LABEXTENSION / "static").glob("remoteEntry.*.js")
    entries = re.findall(r'"\./(?:index|style)":\(\)=>(.*?)\.then', table.read_text())
    assert len(entries) == 2, "the bundler writes another table now"
    numbers = {number for entry in entries for number in re.findall(r"\.e\((\d+)\)", entry)}
    found = [path for path in labextension_scripts() if path.name.split(".")[0] in numbers]
    assert len(found) == len(numbers)
    return found


def size(*scripts: Path) -> int:
    return sum(path.stat().st_size for path in scripts)


def test_the_panel_is_small() -> None:
    """Each panel sends it from the kernel to the page, and leaves it in the saved notebook."""
    assert size(PANEL) <= 50 * KILOBYTE
    assert len(gzip.compress(PANEL.read_bytes())) <= 17 * KILOBYTE


def test_the_elements_that_a_kernel_tells_a_page_once_stay_as_they_are() -> None:
    assert size(ELEMENTS) <= 114 * KILOBYTE
    assert len(gzip.compress(ELEMENTS.read_bytes())) <= 39 * KILOBYTE


def test_what_jupyterlab_loads_with_the_page_stays_small() -> None:
    assert size(*scripts_of_the_page()) <= 157 * KILOBYTE


def test_the_whole_labextension_stays_small() -> None:
    assert size(*labextension_scripts()) <= 311 * KILOBYTE


def test_lists_come_later_than_the_page() -> None:
    grid = "aria-multiselectable"
    assert any(grid in path.read_text() for path in labextension_scripts())
    assert not any(grid in path.read_text() for path in scripts_of_the_page())


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No import by URL, no font, no picture from another host."""
    for path in [PANEL, ELEMENTS, *labextension_scripts()]:
        addresses = set(re.findall(r"https?://[\w.-]+[^\s\"'`)]*", path.read_text()))
        assert {one for one in addresses if not one.startswith("http://www.w3.org/")} <= ALLOWED_LINKS, path


ALLOWED_LINKS = {"https://docs.lakesail.com/sail/latest/"}
"""Addresses that a person may follow; the page itself loads nothing from them."""


@pytest.mark.parametrize("licenses", LICENSES, ids=lambda path: path.parents[1].name)
def test_the_licenses_of_bundled_packages_are_there(licenses: Path) -> None:
    packages = {one["name"]: one for one in json.loads(licenses.read_text())["packages"]}
    assert {"lit", "lit-html", "lit-element", "@lit/reactive-element"} <= packages.keys()
    assert all(len(one["extractedText"]) > 200 for one in packages.values())


def test_all_packages_and_tags_have_the_version_of_the_distribution() -> None:
    for name in ("frontend", "labextension"):
        assert json.loads((ROOT / name / "package.json").read_text())["version"] == __version__
    sources = ROOT / "frontend" / "src"
    source = (sources / "version.ts").read_text() + (sources / "elements" / "tags.ts").read_text()
    assert f'VERSION = "{__version__}"' in source
    assert set(re.findall(r"sail-[a-z-]+?-(\d+-\d+-\d+)", source)) == {__version__.replace(".", "-")}
