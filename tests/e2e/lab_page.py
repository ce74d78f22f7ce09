"""A page of JupyterLab or Notebook 7, driven by ``window.jupyterapp`` where keys and clicks are not the subject."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .rig import PASSWORD, SCREENS, Site

PAGE_SECONDS = 90
EXPECT_SECONDS = 60
_NOTEBOOK = """async (withKernel) => {
  const app = window.jupyterapp;
  await app.started; await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready; await panel.revealed;
  if (withKernel) { await panel.sessionContext.ready; await panel.sessionContext.session?.kernel?.info; }
}"""
_RUN_CELL = """async (index) => {
  const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
  notebook.deselectAll(); notebook.activeCellIndex = index;
  await app.commands.execute('notebook:run-cell');
}"""
_ADD_CELL = """(source) => {
  const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
  model.insertCell(model.cells.length, {cell_type: 'code', source, metadata: {trusted: true}});
  return model.cells.length - 1;
}"""
_SOURCES = "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(cell => cell.getSource())"
_OUTPUTS = """(index) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index).outputs?.toJSON() ?? []"""
_KERNEL_ID = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.id ?? null"
_STATUS = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status ?? 'none'"
_METADATA = "(key) => window.jupyterapp.shell.currentWidget.content.model.getMetadata(key) ?? null"


class LabPage:
    """One page on a site."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        page.set_default_timeout(EXPECT_SECONDS * 1000)
        page.set_default_navigation_timeout(PAGE_SECONDS * 1000)

    def open(self, notebook: str | None = None, *, kernel: bool = True, origin: str | None = None) -> LabPage:
        """Open a notebook and wait for it; ``None``: the launcher, or the tree of Notebook 7.

        :param kernel: whether the notebook starts one, which is waited for.
        :param origin: of a relay before the server.
        """
        self.page.goto(self.site.address_of(notebook, origin))
        self.ready(notebook is not None, kernel=kernel)
        return self

    def ready(self, notebook: bool = True, *, kernel: bool = True) -> None:
        """Wait until the application is up, and its notebook with it."""
        wanted = "window.jupyterapp?.shell.currentWidget?.sessionContext" if notebook else "window.jupyterapp"
        self.page.wait_for_function(f"() => !!({wanted})", timeout=PAGE_SECONDS * 1000)
        if notebook:
            self.page.evaluate(_NOTEBOOK, kernel)
        else:
            self.page.evaluate("async () => { await window.jupyterapp.started; await window.jupyterapp.restored; }")

    def log_in(self) -> None:
        """By the form, as a person does where there is no token."""
        self.page.goto(f"{self.site.url}login")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/lab**")

    def command(self, name: str, args: object = None) -> Any:
        """Execute a command of the application and wait for its end."""
        return self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args ?? {}); }", [name, args]
        )

    def start(self, name: str, args: object = None) -> None:
        """Execute a command of the application, and do not wait for its end."""
        self.page.evaluate(
            "([name, args]) => { void window.jupyterapp.commands.execute(name, args ?? {}); }", [name, args]
        )

    def run(self, index: int) -> list[dict[str, Any]]:
        """Run a cell to its end; its outputs."""
        self.page.evaluate(_RUN_CELL, index)
        return self.outputs(index)

    def begin(self, index: int) -> None:
        """Begin to run a cell, and do not wait for its end."""
        self.page.evaluate(f"(index) => {{ void ({_RUN_CELL})(index); }}", index)

    def add_cell(self, source: str) -> int:
        """Append a code cell; its index."""
        return int(self.page.evaluate(_ADD_CELL, source))

    def run_source(self, source: str) -> str:
        """Append a cell and run it; the text that it put out."""
        return text_of(self.run(self.add_cell(source)))

    def sources(self) -> list[str]:
        return list(self.page.evaluate(_SOURCES))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        return list(self.page.evaluate(_OUTPUTS, index))

    def kernel_id(self) -> str | None:
        found: str | None = self.page.evaluate(_KERNEL_ID)
        return found

    def kernel_status(self) -> str:
        return str(self.page.evaluate(_STATUS))

    def metadata(self, key: str) -> Any:
        return self.page.evaluate(_METADATA, key)

    def set_theme(self, name: str) -> None:
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=name)

    def element(self, name: str, within: str = "") -> Locator:
        """Our element of this name, such as ``here`` or ``sessions``, of whatever version."""
        tag = self.page.evaluate(_TAG, f"sail-{name}-")
        return self.page.locator(f"{within} {tag}".strip())

    def wait_for_element(self, name: str, within: str = "") -> Locator:
        """The same, once the page has it, and visible."""
        self.page.wait_for_function(f"(name) => ({_TAG})(name) !== 'none-of-ours'", arg=f"sail-{name}-")
        found = self.element(name, within)
        expect(found.first).to_be_visible(timeout=EXPECT_SECONDS * 1000)
        return found

    def mode(self) -> str:
        """``edit`` or ``command``: of the notebook in front."""
        return str(self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.mode"))

    def active_cell(self) -> int:
        return int(self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"))

    def screenshot(self, name: str) -> None:
        """A picture of the page, for people to look at."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", animations="disabled")


def text_of(outputs: list[dict[str, Any]]) -> str:
    """What outputs say in plain text, errors included, without colours."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        text = output.get("text", data.get("text/plain", "\n".join(output.get("traceback", []))))
        parts.append(text if isinstance(text, str) else "".join(text))
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(parts))


_TAG = """(beginning) => {
  const found = new Set();
  const look = (root) => root.querySelectorAll('*').forEach((node) => {
    if (new RegExp('^' + beginning + '[0-9-]+$').test(node.localName)) found.add(node.localName);
    if (node.shadowRoot) look(node.shadowRoot);
  });
  look(document);
  return [...found][0] ?? 'none-of-ours';
}"""
