"""Sessions and configs, dragged from the sidebar into notebooks and editors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import OpenPage
from .face import Face
from .rig import Application, Site, eventually, site, write_notebook

SECONDS = 60
STEPS = 12
DRAGGED = ".jp-dragImage, .lm-mod-drag-image"
"""The picture that follows the mouse."""


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application: Application = request.param
    with site(tmp_path_factory.mktemp(application), application=application) as running:
        running.api.make_config("small")
        yield running


@pytest.fixture
def face(served: Site, open_page: OpenPage) -> Iterator[Face]:
    write_notebook(served.root / "flights.ipynb", "# Flights", "first = 1", "second = 2")
    (served.root / "job.py").write_text("import lakesail_notebook\n")
    yield Face(open_page(served, "flights.ipynb")).open_sidebar()
    served.api.clear()


def take(page: Page, source: Locator) -> None:
    """Press the mouse on a row, which stands still then, and begin to drag."""
    source.hover(position={"x": 40, "y": 10})
    box = source.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 10, steps=STEPS)
    expect(page.locator(DRAGGED).first).to_be_visible()


def drag(page: Page, source: Locator, target: Locator) -> None:
    """With the mouse, in steps, as Lumino wants it."""
    take(page, source)
    end = target.bounding_box()
    assert end is not None
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=STEPS)
    page.mouse.up()
    expect(page.locator(DRAGGED)).to_have_count(0)


def test_a_config_dropped_on_a_cell_becomes_the_active_connect_cell_above_it(face: Face) -> None:
    row = face.config_row("small")
    expect(row).to_be_visible()
    drag(face.page, row, face.page.locator(".jp-CodeCell").nth(1))
    eventually(lambda: len(face.lab.sources()) == 4, SECONDS, "a cell is inserted")
    assert face.lab.sources() == ["# Flights", "first = 1", "%sail connect small", "second = 2"]
    eventually(lambda: face.lab.active_cell() == 2, SECONDS, "the cell is the active one")
    face.lab.command("notebook:undo-cell-action")
    assert face.lab.sources() == ["# Flights", "first = 1", "second = 2"]


def test_a_session_dropped_twice_makes_two_cells_that_attach_to_it(served: Site, face: Face) -> None:
    session = served.api.post("workloads/sessions", {"name": "weather join"})
    row = face.row(session["id"])
    expect(row).to_be_visible()
    line = f"%sail connect --attach {session['id']}"
    for count in (1, 2):
        drag(face.page, row, face.page.locator(".jp-CodeCell").last)
        eventually(lambda: face.lab.sources().count(line) == count, SECONDS, f"{count} cells attach")  # noqa: B023
    face.lab.run(face.lab.sources().index(line))
    eventually(lambda: served.api.session(session["id"])["status"] == "active", SECONDS, "it is used")


def test_escape_gives_a_drag_up(face: Face) -> None:
    row = face.config_row("small")
    expect(row).to_be_visible()
    take(face.page, row)
    face.page.mouse.move(700, 300, steps=STEPS)
    face.page.keyboard.press("Escape")
    expect(face.page.locator(DRAGGED)).to_have_count(0)
    face.page.mouse.up()
    assert face.lab.sources() == ["# Flights", "first = 1", "second = 2"]


def test_a_config_dropped_on_a_file_editor_becomes_a_python_line(served: Site, face: Face) -> None:
    if served.application == "notebook":
        pytest.skip("Notebook 7 opens an editor in a page of its own, which has no sidebar of ours")
    face.lab.command("docmanager:open", {"path": "job.py"})
    editor = face.page.locator(".jp-FileEditor .cm-content")
    expect(editor).to_be_visible()
    face.open_sidebar()
    drag(face.page, face.config_row("small"), editor)
    expect(editor).to_contain_text('spark = lakesail_notebook.connect("small")')
