"""Panels in the outputs of real notebooks: live, reloaded, saved without a kernel, and while a cell runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import OpenPage
from .face import Face
from .lab_page import BusyCell, LabPage
from .rig import Application, Site, eventually, site, write_notebook

OUTPUT = ".jp-OutputArea-output"
SECONDS = 60
SAVE = "docmanager:save"
PLAIN_CELL = "print('plain')"
HBOX = """
import ipywidgets, lakesail_notebook
panel = lakesail_notebook.panel()
ipywidgets.HBox([panel, ipywidgets.IntSlider()])
"""
QUERY = """
import threading
def run():
    try:
        spark.range(10**11).selectExpr("id % 7 as k").groupBy("k").count().collect()
    except Exception:
        pass
threading.Thread(target=run, daemon=True).start()
"""


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application: Application = request.param
    with site(tmp_path_factory.mktemp(application), application=application) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(served: Site) -> Iterator[None]:
    yield
    served.api.clear()


def opened(served: Site, open_page: OpenPage, name: str, *cells: str, **options: Any) -> LabPage:
    write_notebook(served.root / name, *cells, trusted=True)
    return open_page(served, name, **options)


def panel_of(page: LabPage) -> Locator:
    return page.wait_for_element("panel", OUTPUT).locator("visible=true").first


def live_panel(page: LabPage) -> Locator:
    """The panel of the widget: the picture that stands there before has no buttons."""
    panel = panel_of(page)
    expect(panel.get_by_role("button").first).to_be_visible(timeout=SECONDS * 1000)
    return panel


def test_connect_in_a_panel_binds_spark_and_the_panel_shows_what_runs(served: Site, open_page: OpenPage) -> None:
    page = opened(served, open_page, "connects.ipynb", "%sail", "spark.range(3).count()")
    page.run(0)
    panel = live_panel(page)
    panel.get_by_role("button", name="Connect", exact=True).click()
    session = eventually(lambda: served.api.live_sessions(), 90, "a session was made")[0]
    expect(panel.get_by_text("Active").first).to_be_visible(timeout=SECONDS * 1000)
    assert page.run(1)[0]["data"]["text/plain"] == "3"
    expect(panel.get_by_text("spark.range(3).count()").first).to_be_visible(timeout=SECONDS * 1000)
    page.screenshot(f"panel-live-{served.application}")
    panel.get_by_role("button", name="Close", exact=True).first.click()
    Face(page).confirm(panel, "Close session")
    eventually(lambda: served.api.session(session["id"])["status"] == "closed", SECONDS, "the session is closed")


def test_a_panel_comes_back_with_the_page(served: Site, open_page: OpenPage) -> None:
    page = opened(served, open_page, "reloads.ipynb", "%sail connect --name reloaded", "%sail")
    page.run(0)
    page.run(1)
    expect(live_panel(page).get_by_text("reloaded").first).to_be_visible(timeout=SECONDS * 1000)
    page.command(SAVE)
    page.page.reload()
    page.ready()
    expect(live_panel(page).get_by_text("reloaded").first).to_be_visible(timeout=SECONDS * 1000)


def test_a_saved_panel_without_its_kernel_is_a_picture(served: Site, open_page: OpenPage) -> None:
    page = opened(served, open_page, "saved.ipynb", "%sail connect --name pictured", "%sail")
    page.run(0)
    page.run(1)
    live_panel(page)
    page.command(SAVE)
    page.page.close()
    served.api.shut_down_all_kernels()
    again = open_page(served, "saved.ipynb")
    panel = panel_of(again)
    expect(panel.get_by_text("pictured").first).to_be_visible(timeout=SECONDS * 1000)
    expect(again.page.locator(OUTPUT).get_by_text("model not found")).to_have_count(0)
    assert panel.get_by_role("button").count() == 0
    again.screenshot(f"panel-saved-{served.application}")


def test_a_panel_stands_in_a_box_beside_other_widgets(served: Site, open_page: OpenPage) -> None:
    page = opened(served, open_page, "boxed.ipynb", HBOX)
    page.run(0)
    panel = live_panel(page)
    expect(panel.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    expect(page.page.locator(f"{OUTPUT} .widget-slider")).to_be_visible()
    page.screenshot(f"panel-box-{served.application}")


def test_interrupt_in_a_panel_works_while_a_cell_sleeps_and_a_query_runs(
    served: Site, open_page: OpenPage, tmp_path: Path
) -> None:
    page = opened(served, open_page, "busy.ipynb", "%sail connect", "%sail")
    page.run(0)
    page.run(1)
    panel = live_panel(page)
    session = served.api.live_sessions()[0]
    busy = BusyCell(page, tmp_path, QUERY)
    panel.get_by_role("button", name="Interrupt").first.click(timeout=SECONDS * 1000)

    def interrupted() -> bool:
        return any(query["outcome"] == "cancelled" for query in served.api.queries(session["id"]))

    eventually(interrupted, SECONDS, "the query was interrupted")
    assert page.runs(busy.index)
    busy.end()


def test_keys_in_a_panel_do_not_edit_the_notebook(served: Site, open_page: OpenPage) -> None:
    page = opened(served, open_page, "keys.ipynb", "%sail", PLAIN_CELL)
    page.run(0)
    live_panel(page).get_by_role("button", name="Connect", exact=True).focus()
    assert page.mode() == "command"
    before = page.sources()
    for key in ("b", "x", "d", "d", "a"):
        page.page.keyboard.press(key)
    assert page.sources() == before
