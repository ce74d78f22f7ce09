"""The pictures of the README: the quickstart in JupyterLab and in Notebook 7.

``README_IMAGES=1 pytest tests/e2e/test_readme.py`` writes them anew; else they go where all screenshots go.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import expect

from .conftest import NewPage
from .face import Face, button
from .lab_page import LabPage
from .rig import ROOT, SCREENS, Application, Site, site

IMAGES = ROOT / "docs" / "images"
FOLDER = IMAGES if os.environ.get("README_IMAGES") else SCREENS
MOST_BYTES = 150_000
WIDTH, HEIGHT = 1160, 640
NOTEBOOK = "quickstart.ipynb"
LAST_CELL = "by-sky"
"""Of the quickstart: by then a few queries have run."""
_SCROLL = """async (index) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  await notebook.scrollToItem(index, 'end');
}"""


def test_jupyterlab_shows_the_sidebar_and_a_panel_with_the_queries_of_the_quickstart(
    tmp_path: Path, new_page: NewPage
) -> None:
    with quickstart(tmp_path, "jupyterlab") as running:
        face = opened(new_page(running)).open_sidebar()
        expect(face.card).to_contain_text("quickstart.ipynb has no Spark session.")
        button(face.card, "Connect").click()
        face.connected()
        show_panel(face)
        expect(face.sessions).to_contain_text("quickstart.ipynb")
        write(face.lab, "jupyterlab")


def test_notebook_7_shows_a_panel_in_the_dark_theme(tmp_path: Path, new_page: NewPage) -> None:
    with quickstart(tmp_path, "notebook") as running:
        face = opened(new_page(running))
        face.lab.set_theme("JupyterLab Dark")
        face.toolbar_button.click()
        face.connected_by_the_toolbar()
        show_panel(face)
        write(face.lab, "notebook")


@contextlib.contextmanager
def quickstart(directory: Path, application: Application) -> Iterator[Site]:
    """A server whose directory holds the beginning of the quickstart, and what it imports."""
    with site(directory, application=application) as running:
        shutil.copy(ROOT / "examples" / "flights.py", running.root)
        content = json.loads((ROOT / "examples" / NOTEBOOK).read_text())
        last = next(index for index, cell in enumerate(content["cells"]) if cell["id"] == LAST_CELL)
        content["cells"] = content["cells"][: last + 1]
        (running.root / NOTEBOOK).write_text(json.dumps(content))
        yield running


def opened(lab: LabPage) -> Face:
    lab.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return Face(lab.open(NOTEBOOK))


def show_panel(face: Face) -> None:
    """Run what follows the connect cell, and a panel below it."""
    lab = face.lab
    for index, source in enumerate(lab.sources()):
        if source != "%sail connect":
            lab.run(index)
    panel = lab.add_cell("%sail")
    lab.begin(panel)
    queries = lab.wait_for_element("queries", ".jp-NotebookPanel")
    expect(queries).to_contain_text("select sky, count(*)")
    face.at_rest()
    lab.page.evaluate(_SCROLL, panel)
    lab.page.mouse.move(WIDTH / 2, HEIGHT - 1)
    expect(queries).to_be_in_viewport(ratio=0.9)


def write(lab: LabPage, name: str) -> None:
    file = FOLDER / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    lab.page.screenshot(path=file, animations="disabled", scale="css")
    assert file.stat().st_size <= MOST_BYTES


def test_the_readme_shows_pictures_that_are_there_and_small() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]*\.png)\)", (ROOT / "README.md").read_text())
    assert {path for _, path in shown} == {
        "docs/images/jupyterlab.png",
        "docs/images/marimo.png",
        "docs/images/notebook.png",
    }
    for alternative, path in shown:
        assert len(alternative.split()) > 5, f"the text of {path} says too little"
        assert 0 < (ROOT / path).stat().st_size <= MOST_BYTES
