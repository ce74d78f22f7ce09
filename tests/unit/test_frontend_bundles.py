"""The JavaScript that the package carries: small, complete, of one version, and with the licenses of what is in it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from lakesail_notebook.version import __version__

ROOT = Path(__file__).parents[2]
PANEL = ROOT / "lakesail_notebook" / "static" / "panel.js"
LABEXTENSION = ROOT / "lakesail_notebook" / "labextension"
KILOBYTE = 1000
LICENSES = (PANEL.parent / "third-party-licenses.json", LABEXTENSION / "static" / "third-party-licenses.json")


def labextension_scripts() -> list[Path]:
    """What JupyterLab loads of ours, without the table of shared modules that the bundler writes."""
    found = [path for path in (LABEXTENSION / "static").glob("*.js") if not path.name.startswith("remoteEntry.")]
    assert found, "the user interface is not built: make frontend"
    return found


def test_the_panel_is_small() -> None:
    """Each panel sends it from the kernel to the page."""
    script = PANEL.read_bytes()
    assert len(script) <= 50 * KILOBYTE
    assert len(gzip.compress(script)) <= 17 * KILOBYTE


def test_the_labextension_is_small() -> None:
    assert sum(path.stat().st_size for path in labextension_scripts()) <= 60 * KILOBYTE


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No import by URL, no font, no picture from another host."""
    for path in [PANEL, *labextension_scripts()]:
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text()))
        assert {one for one in addresses if not one.startswith("http://www.w3.org/")} <= ALLOWED_LINKS, path


ALLOWED_LINKS: set[str] = set()
"""Addresses that a person may follow; the page itself loads nothing from them."""


@pytest.mark.parametrize("licenses", LICENSES, ids=lambda path: path.parents[1].name)
def test_the_licenses_of_bundled_packages_are_there(licenses: Path) -> None:
    packages = {one["name"]: one for one in json.loads(licenses.read_text())["packages"]}
    assert {"lit", "lit-html", "lit-element", "@lit/reactive-element"} <= packages.keys()
    assert all(len(one["extractedText"]) > 200 for one in packages.values())


def test_all_packages_and_tags_have_the_version_of_the_distribution() -> None:
    for name in ("frontend", "labextension"):
        assert json.loads((ROOT / name / "package.json").read_text())["version"] == __version__
    source = (ROOT / "frontend" / "src" / "version.ts").read_text()
    assert f'VERSION = "{__version__}"' in source
    assert set(re.findall(r"sail-[a-z-]+?-(\d+-\d+-\d+)", source)) == {__version__.replace(".", "-")}
