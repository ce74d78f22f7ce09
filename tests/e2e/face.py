"""Our surfaces in a page of JupyterLab or Notebook 7: where they are, and what people do there."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from lakesail_notebook.version import __version__

from .lab_page import PAGE_SECONDS, LabPage
from .rig import eventually

SIDEBAR = "#lakesail-sidebar"
_VERSION = __version__.replace(".", "-")
INERT_MS = 450
"""A red button takes no click for its first 400 ms."""


def tag(name: str) -> str:
    """The tag of an element of ours, such as ``here``."""
    return f"sail-{name}-{_VERSION}"


class Face:
    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        self.page = lab.page

    def open_sidebar(self) -> Face:
        self.page.evaluate("() => window.jupyterapp.shell.activateById('lakesail-sidebar')")
        expect(self.sidebar).to_be_visible()
        return self

    @property
    def sidebar(self) -> Locator:
        return self.page.locator(SIDEBAR)

    @property
    def card(self) -> Locator:
        """The card of the current notebook, in the sidebar."""
        return self.page.locator(f"{SIDEBAR} {tag('here')}")

    @property
    def sessions(self) -> Locator:
        return self.page.locator(f"{SIDEBAR} {tag('sessions')}")

    @property
    def configs(self) -> Locator:
        return self.page.locator(f"{SIDEBAR} {tag('configs')}")

    @property
    def toolbar_button(self) -> Locator:
        return self.page.locator(f".jp-NotebookPanel:visible {tag('button')} button").first

    @property
    def popover(self) -> Locator:
        return self.page.locator(".lsn-Popover")

    @property
    def picker(self) -> Locator:
        return self.popover.locator(tag("picker"))

    @property
    def status(self) -> Locator:
        return self.page.locator(".lsn-Status button")

    @property
    def form(self) -> Locator:
        return self.page.locator(f"dialog {tag('config-form')}")

    @property
    def menu(self) -> Locator:
        """The open menu, which JupyterLab draws."""
        return self.page.locator(".lm-Menu").last

    def row(self, session_id: str) -> Locator:
        return self.sessions.locator(f"[data-session-id='{session_id}']")

    def config_row(self, name: str) -> Locator:
        return self.configs.locator(f"[data-config-name='{name}']")

    def usable_row(self, session_id: str) -> Locator:
        """The row of a session whose engine has started: Close asks first, which it does not before."""
        row = self.row(session_id)
        expect(row).to_have_attribute("aria-label", re.compile(", (ready|active|idle)"))
        return row

    def press(self, row: Locator, name: str) -> None:
        """Click a button of a row of a list. A row that was clicked shows its buttons wherever the pointer is."""
        self.select(row)
        button(row, name).click()

    def choose_in(self, row: Locator, item: str) -> None:
        """Choose an item of the menu of a row of a list."""
        self.select(row)
        self.choose(row, item)

    def select(self, row: Locator) -> None:
        """Click a row beside its buttons."""
        row.click(position={"x": 30, "y": 10})

    def choose(self, within: Locator, item: str) -> None:
        """Choose an item of the menu behind the dots of a surface."""
        button(within, "More actions").click()
        self.menu.get_by_text(item, exact=True).click()

    def connected(self) -> None:
        """Wait until the notebook is connected: its card says so, and its connect cell has come to its end."""
        expect(self.card.get_by_text("Active", exact=True)).to_be_visible()
        self.at_rest()

    def connected_by_the_toolbar(self) -> None:
        """The same, where the sidebar is not open."""
        expect(self.toolbar_button).to_have_attribute("title", re.compile("is active"))
        self.at_rest()

    def at_rest(self) -> None:
        """Wait until the kernel has done what was sent to it."""
        self.lab.at_rest()

    def opened(self, act: Callable[[], object]) -> Page:
        """The page that an act of a person opens in a tab of its own.

        A browser opens it within 5 s after the act alone. After that, the page asks for another click.
        """
        context = self.page.context
        before = list(context.pages)
        late = button(self.page.locator(".jp-toastContainer"), "Open")

        def look() -> Page | None:
            if late.is_visible():
                late.click()
            return next((page for page in context.pages if page not in before), None)

        act()
        page = eventually(look, PAGE_SECONDS, "a tab opens")
        page.set_default_timeout(PAGE_SECONDS * 1000)
        return page

    def confirm(self, within: Locator, name: str) -> None:
        """Click a red button, once it takes clicks."""
        red = button(within, name)
        expect(red).to_be_visible()
        self.page.wait_for_timeout(INERT_MS)
        red.click()


def button(within: Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True).first
