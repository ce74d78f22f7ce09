"""The whole flow by the keyboard alone, from the sidebar to a relaunched session; and what focus does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenPage
from .face import INERT_MS, Face, button
from .lab_page import LabPage, text_of
from .rig import Application, Site, eventually, site, write_notebook

SECONDS = 90
MOST_TABS = 60
MOST_ITEMS = 20
CLOSES_AFTER = 600
"""Unused for so many seconds, which leaves something to keep."""
_FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const name = focused?.getAttribute('aria-label') ?? focused?.getAttribute('title') ?? focused?.textContent?.trim();
  return [focused?.localName ?? '', name ?? ''];
}"""


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application: Application = request.param
    config = {"LakesailApp": {"limits": {"idle_close_delay": {"default": CLOSES_AFTER}}}}
    with site(tmp_path_factory.mktemp(application), application=application, config=config) as running:
        write_notebook(running.root / "flights.ipynb", "# Flights", "spark.range(7).count()")
        yield running


@pytest.fixture(autouse=True)
def leave_nothing(served: Site) -> Iterator[None]:
    yield
    served.api.clear()


def focused(page: Page) -> tuple[str, str]:
    tag, name = page.evaluate(_FOCUSED)
    return tag, name


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a control of this name has the focus."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        passed.append(focused(page)[1][:40])
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not reached by Tab: {passed}")


def execute(page: Page, command: str) -> None:
    """Choose a command in the palette."""
    page.keyboard.press("Control+Shift+C")
    expect(page.locator(".lm-CommandPalette-input:visible")).to_be_focused()
    page.keyboard.type(command)
    expect(page.locator(".lm-CommandPalette-item.lm-mod-active .lm-CommandPalette-itemLabel")).to_have_text(command)
    page.keyboard.press("Enter")
    expect(page.locator(".lm-CommandPalette-input:visible")).to_have_count(0)


def show_sidebar(face: Face) -> None:
    execute(face.page, "Show Sessions")
    expect(face.sidebar).to_be_visible()
    face.lab.settle()  # the palette gives the focus back


def choose(lab: LabPage, item: str) -> None:
    """Go down in the open menu to an item that begins so, and choose it."""
    page = lab.page
    active = page.locator(".lm-Menu-item.lm-mod-active")
    passed = []
    for _ in range(MOST_ITEMS):
        page.keyboard.press("ArrowDown")
        lab.settle()  # the menu marks the item in its next frame
        passed.append(active.inner_text())
        if passed[-1].startswith(item):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{item} is not in the menu: {passed}")


def test_the_keyboard_alone_connects_queries_keeps_closes_and_relaunches(served: Site, open_page: OpenPage) -> None:
    page = open_page(served, "flights.ipynb")
    face = Face(page)
    keyboard = page.page.keyboard
    show_sidebar(face)
    expect(button(face.card, "Connect")).to_be_visible()
    tab_to(page.page, "Connect")
    keyboard.press("Enter")
    session = eventually(lambda: served.api.session_of("flights.ipynb"), SECONDS, "the notebook has a session")
    face.connected()
    execute(page.page, "Run All Cells")
    eventually(lambda: text_of(page.outputs(2)) == "7", SECONDS, "the query was run")
    face.at_rest()
    show_sidebar(face)
    expect(button(face.card, "Close")).to_be_visible()  # no query runs
    tab_to(page.page, "More actions")
    keyboard.press("Enter")
    choose(page, "Keep")
    eventually(lambda: served.api.session(session["id"])["extendedUntil"], SECONDS, "the session is kept")
    show_sidebar(face)
    tab_to(page.page, "Close")
    keyboard.press("Enter")
    expect(face.card.get_by_role("button", name="Close session")).to_be_focused()
    keyboard.press("Escape")
    expect(face.card.get_by_role("button", name="Close session")).to_have_count(0)
    assert served.api.session(session["id"])["status"] == "active"
    tab_to(page.page, "Close")
    keyboard.press("Enter")
    expect(face.card.get_by_role("button", name="Close session")).to_be_focused()
    page.page.wait_for_timeout(INERT_MS)
    keyboard.press("Enter")
    eventually(lambda: served.api.session(session["id"])["status"] == "closed", SECONDS, "it is closed")
    show_sidebar(face)
    expect(button(face.card, "Relaunch")).to_be_visible()
    tab_to(page.page, "Relaunch")
    keyboard.press("Enter")
    eventually(lambda: served.api.live_sessions(), SECONDS, "another session is there")
    face.connected()


def test_the_picker_takes_the_focus_and_escape_gives_it_back(served: Site, open_page: OpenPage) -> None:
    page = open_page(served, "flights.ipynb")
    face = Face(page)
    face.toolbar_button.focus()
    page.page.keyboard.press("ArrowDown")
    expect(face.picker).to_be_visible()
    eventually(lambda: focused(page.page)[0] in ("input", "button"), SECONDS, "a control of the picker has the focus")
    page.page.keyboard.press("Escape")
    expect(face.popover).to_have_count(0)
    expect(face.toolbar_button).to_be_focused()


def test_the_focus_goes_back_where_it_was(served: Site, open_page: OpenPage) -> None:
    face = Face(open_page(served, "flights.ipynb")).open_sidebar()
    keyboard = face.page.keyboard
    tools = face.sidebar.locator(".jp-SidePanel-toolbar")
    box = face.sidebar.get_by_role("searchbox")
    for name, opened in (("New session", face.picker), ("Filter sessions and configs", box)):
        tools.get_by_role("button", name=name).click()
        expect(opened).to_be_visible()
        eventually(lambda: focused(face.page)[0] == "input", SECONDS, "a field has the focus")
        keyboard.press("Escape")
        expect(opened).to_be_hidden()
        expect(tools.get_by_role("button", name=name)).to_be_focused()
    row = face.config_row("default")
    row.focus()
    keyboard.press("Shift+F10")
    face.menu.get_by_text("Edit", exact=True).click()
    expect(face.form).to_be_visible()
    keyboard.press("Escape")
    expect(face.form).to_have_count(0)
    expect(row).to_be_focused()


def test_keys_move_in_the_list_of_sessions_and_delete_asks(served: Site, open_page: OpenPage) -> None:
    made = [served.api.post("workloads/sessions", {"name": name})["id"] for name in ("alpha", "beta", "gamma")]
    face = Face(open_page(served, "flights.ipynb")).open_sidebar()
    keyboard = face.page.keyboard
    for one in made:
        face.usable_row(one)
    face.select(face.row(made[-1]))
    keyboard.press("End")
    eventually(lambda: "Ended" in focused(face.page)[1], SECONDS, "the last row has the focus")
    keyboard.press("ArrowUp")
    eventually(lambda: "alpha" in focused(face.page)[1], SECONDS, "the row above it has the focus")
    keyboard.press("b")
    eventually(lambda: "beta" in focused(face.page)[1], SECONDS, "typing finds a row")
    keyboard.press("Delete")
    expect(face.sessions.get_by_role("button", name="Close session")).to_be_focused()
    face.page.wait_for_timeout(INERT_MS)
    keyboard.press("Enter")
    eventually(lambda: served.api.session(made[1])["status"] == "closed", SECONDS, "it is closed")
    assert len(face.lab.sources()) == 2, "the keys did not reach the notebook"
