"""A page of JupyterLab or Notebook 7, driven by ``window.jupyterapp`` where keys and clicks are not the subject."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Locator, Page, expect

from .rig import PASSWORD, SCREENS, Site, eventually

T = TypeVar("T")
PAGE_SECONDS = 90
EXPECT_SECONDS = 60
expect.set_options(timeout=EXPECT_SECONDS * 1000)
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
_RUNS = """(index) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
  return cell.inputArea.promptNode.textContent.includes('*');
}"""
_AT_REST = """async (milliseconds) => {
  const { sessionContext } = window.jupyterapp.shell.currentWidget;
  const late = new Promise((_, fail) => {
    setTimeout(() => fail(new Error('The kernel is not at rest after ' + milliseconds + ' ms.')), milliseconds);
  });
  const request = { code: '', silent: true, store_history: false, stop_on_error: false };
  const answered = async () => {
    let status = 'none';
    // A kernel whose cell has failed refuses what waits behind that cell, and one that restarts answers nothing.
    while (status !== 'ok') {
      await sessionContext.ready;
      const future = sessionContext.session?.kernel?.requestExecute(request);
      status = future ? await future.done.then((reply) => reply.content.status, () => 'restarted') : 'none';
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  await Promise.race([answered(), late]);
}"""
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
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

    def runs(self, index: int) -> bool:
        """Whether a cell runs or waits. Unlike the kernel's status in JupyterLab, a request of the debugger changes
        nothing about it."""
        return bool(self.page.evaluate(_RUNS, index))

    def at_rest(self) -> None:
        """Wait until the kernel has done all that was sent to it before.

        The kernel itself answers: JupyterLab may call it idle while a cell runs.
        """
        self.page.evaluate(_AT_REST, EXPECT_SECONDS * 1000)

    def until(self, look: Callable[[], T | None], seconds: float, what: str) -> T:
        """As :func:`eventually`, for what handlers of Playwright's events and routes bring about: they run here."""
        return eventually(look, seconds, what, lambda: self.page.wait_for_timeout(50))

    def settle(self) -> None:
        """Wait until the page has drawn what earlier events changed."""
        self.page.evaluate(_TWO_FRAMES)

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


class BusyCell:
    """A cell of the user that runs until :meth:`end`. The kernel comes to it when it has nothing else to do."""

    def __init__(self, page: LabPage, folder: Path, before: str = "") -> None:
        """:param before: lines that the cell runs first."""
        self._begun, self._free = folder / "the-cell-has-begun", folder / "the-cell-may-end"
        # The cell looks, and sleeps between two looks.
        wait = f"while not pathlib.Path({str(self._free)!r}).exists(): time.sleep(0.05)"
        begin = f"import pathlib, time\npathlib.Path({str(self._begun)!r}).touch()"
        self.index = page.add_cell("\n".join(part for part in (begin, before, wait) if part))
        page.begin(self.index)

    def begun(self) -> BusyCell:
        """Wait until it runs. JupyterLab may call the kernel idle all the same."""
        eventually(self._begun.exists, EXPECT_SECONDS, "the kernel runs the cell")
        return self

    def end(self) -> None:
        self._free.touch()


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
