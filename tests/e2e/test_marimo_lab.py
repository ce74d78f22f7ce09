"""What JupyterLab offers of marimo, under a base URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .altered import alter
from .conftest import NewPage
from .face import Face
from .rig import Site, site

MILLISECONDS = 60_000
BASE_URL = "/team/ada/"
EDIT = "Open with marimo on Spark"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab"), base_url=BASE_URL) as running:
        (running.root / "flights.py").write_text("import marimo\n\napp = marimo.App()\n")
        yield running


def file_menu(face: Face, file: str, item: str) -> Locator:
    """An item of the file browser's menu of a file."""
    face.page.locator(".jp-DirListing-item", has_text=file).click(button="right")
    return face.page.locator(".lm-Menu").get_by_text(item, exact=True)


def test_where_marimo_cannot_be_started_nothing_offers_it_and_the_command_says_why(
    lab: Site, new_page: NewPage
) -> None:
    page = new_page(lab)

    def without_marimo(path: str, told: Any) -> Any:
        return told | {"marimo": {"available": False, "reason": "Install marimo here."}} if path == "me" else told

    alter(page.page, without_marimo)
    with page.page.expect_response(lambda answer: answer.url.endswith("/lakesail/api/v1/me"), timeout=MILLISECONDS):
        face = Face(page.open())
    cards = page.page.locator(".jp-LauncherCard")
    expect(cards.filter(has_text="Spark on Sail")).to_be_visible()
    expect(cards.filter(has_text="marimo")).to_have_count(0)
    expect(file_menu(face, "flights.py", EDIT)).to_be_hidden()
    page.page.keyboard.press("Escape")
    page.start("lakesail:marimo-edit", {"path": "flights.py"})
    expect(page.page.locator(".jp-Dialog")).to_contain_text("Install marimo here.")
    assert lab.api.live_sessions() == []


def test_a_server_that_starts_marimo_offers_it_in_the_launcher_and_for_python_files(
    lab: Site, new_page: NewPage
) -> None:
    (lab.root / "notes.txt").write_text("nothing")
    face = Face(new_page(lab).open())
    expect(face.page.locator(".jp-LauncherCard", has_text="marimo notebook")).to_be_visible(timeout=MILLISECONDS)
    face.lab.screenshot("lab-marimo-launcher")
    expect(file_menu(face, "flights.py", EDIT)).to_be_visible()
    face.lab.screenshot("lab-marimo-menu")
    face.page.keyboard.press("Escape")
    expect(file_menu(face, "notes.txt", EDIT)).to_be_hidden()
