"""How the elements come to a page: from the kernel where no labextension has them, and late where one has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from lakesail_notebook.version import __version__

from .conftest import OpenPage
from .face import Face, tag
from .lab_page import LabPage
from .rig import EXTENSION_NAME, Site, site, write_notebook

MILLISECONDS = 60_000
PANEL = f".jp-OutputArea-output {tag('panel')}"
WHILE_BUSY = """
import os, time, lakesail_notebook
from IPython.display import display
display(lakesail_notebook.panel())
while not os.path.exists("may-go-on"):
    time.sleep(0.05)
"""
MEMORY = f"globalThis[Symbol.for('lakesail.elements.{__version__}')]"
FILTER = "Filter sessions and configs"
IS_DEFINED = "(tag) => customElements.get(tag) !== undefined"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose pages have no labextension of ours, as those of other front ends."""
    with site(tmp_path_factory.mktemp("alone"), labextension=False) as running:
        yield running


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("whole")) as running:
        yield running


def opened(served: Site, open_page: OpenPage, name: str, *cells: str) -> LabPage:
    write_notebook(served.root / name, *cells, trusted=True)
    return open_page(served, name)


def is_defined(page: LabPage, name: str) -> bool:
    return bool(page.page.evaluate(IS_DEFINED, tag(name)))


def test_without_the_labextension_the_kernel_brings_the_elements_once(alone: Site, open_page: OpenPage) -> None:
    page = opened(alone, open_page, "alone.ipynb", "%sail", "%sail")
    assert not is_defined(page, "panel")
    page.run(0)
    panels = page.page.locator(PANEL)
    expect(panels.first.get_by_role("button", name="Connect", exact=True)).to_be_visible(timeout=MILLISECONDS)
    first = page.page.evaluate_handle(f"() => ({{ ...{MEMORY} }})")
    page.run(1)
    expect(panels.nth(1).get_by_role("button", name="Connect", exact=True)).to_be_visible(timeout=MILLISECONDS)
    assert page.page.evaluate(f"(first) => first.running !== null && {MEMORY}.running === first.running", first)
    page.screenshot("panel-alone")


def test_a_panel_of_a_busy_kernel_says_so_until_the_elements_come(alone: Site, open_page: OpenPage) -> None:
    page = opened(alone, open_page, "busy.ipynb", WHILE_BUSY)
    page.begin(0)
    waits = page.page.get_by_text("The kernel does not answer yet")
    expect(waits).to_be_visible(timeout=MILLISECONDS)
    page.screenshot("panel-waits")
    (alone.root / "may-go-on").touch()
    button = page.page.locator(PANEL).get_by_role("button", name="Connect", exact=True)
    expect(button).to_be_visible(timeout=MILLISECONDS)
    expect(waits).to_have_count(0)


def test_a_list_is_loaded_when_the_sidebar_shows_it(whole: Site, open_page: OpenPage) -> None:
    page = opened(whole, open_page, "late.ipynb", "1")
    face = Face(page)
    expect(face.toolbar_button).to_be_visible()
    assert [name for name in ("sessions", "session", "config-form") if is_defined(page, name)] == []
    face.open_sidebar()
    expect(face.sessions.get_by_text("closes by itself").first).to_be_visible()
    assert not is_defined(page, "session")


def test_a_list_whose_script_did_not_come_says_so_and_comes_later(whole: Site, open_page: OpenPage) -> None:
    page = opened(whole, open_page, "cut.ipynb", "1")
    face = Face(page)
    scripts = f"**/{EXTENSION_NAME}/static/*.js*"
    page.page.route(scripts, lambda route: route.abort())
    face.open_sidebar()
    expect(face.sessions).to_contain_text("If the server was updated, reload the page.")
    face.sidebar.get_by_role("button", name=FILTER).click()
    face.sidebar.get_by_role("searchbox", name=FILTER).fill("zebra")
    page.page.unroute(scripts)
    # What was set before the script came reaches the element: its source, and the filter.
    expect(face.sessions).to_contain_text('No session matches "zebra"')
    expect(face.sessions).not_to_contain_text("cannot be loaded")
