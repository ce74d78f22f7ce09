"""The whole flow once more, in Notebook 7; ``test_ending.py`` has its idle sessions, countdowns and Keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import NewPage, OpenPage
from .face import Face, button
from .rig import Site, eventually, site, write_notebook
from .traffic import Traffic

SECONDS = 90
LONG_QUERY = "spark.range(10**11).selectExpr('id % 7 as k').groupBy('k').count().collect()"


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("notebook"), application="notebook") as running:
        write_notebook(running.root / "flights.ipynb", "# Flights", "1")
        running.api.make_config("small")
        yield running


def test_the_whole_flow_from_an_open_notebook_to_a_relaunched_session(notebook7: Site, open_page: OpenPage) -> None:
    api = notebook7.api
    page = open_page(notebook7, "flights.ipynb")
    face = Face(page)
    face.toolbar_button.click()
    session = eventually(lambda: api.session_of("flights.ipynb"), SECONDS, "the notebook has a session")
    face.open_sidebar()
    face.connected()
    assert page.sources()[1] == "%sail connect default"
    assert page.run_source("spark.range(7).count()") == "7"
    page.screenshot("notebook-connected")

    page.begin(page.add_cell(LONG_QUERY))
    [query] = eventually(lambda: running(api.queries(session["id"])), SECONDS, "a query runs")
    face.card.get_by_role("button", name="Interrupt", exact=False).first.click()
    eventually(lambda: not running(api.queries(session["id"])), SECONDS, "no query runs")
    assert {one["id"]: one["outcome"] for one in api.queries(session["id"])}[query["id"]] == "cancelled"
    face.at_rest()  # a cell that fails takes the cells along that wait behind it

    button(face.card, "Close").click()
    face.confirm(face.card, "Close session")
    expect(face.card).to_contain_text("You closed it.")
    assert api.session(session["id"])["terminationReason"] == "user_closed"
    button(face.card, "Relaunch").click()
    newest = eventually(lambda: next(iter(api.live_sessions()), None), SECONDS, "another session is there")
    assert newest["id"] != session["id"]
    face.connected()


def test_the_picker_of_the_toolbar_connects_to_a_config(notebook7: Site, open_page: OpenPage) -> None:
    write_notebook(notebook7.root / "picked.ipynb", "# Picked", "1")
    page = open_page(notebook7, "picked.ipynb")
    face = Face(page)
    face.toolbar_button.click(button="right")
    face.picker.get_by_role("radio", name="small").check()
    button(face.picker, "Connect").click()
    session = eventually(lambda: notebook7.api.session_of("picked.ipynb"), SECONDS, "the notebook has a session")
    assert session["workloadConfigName"] == "small"
    expect(face.toolbar_button).to_contain_text("small")


def test_the_tree_of_notebook_7_shows_its_files_and_asks_nothing_of_ours(notebook7: Site, new_page: NewPage) -> None:
    (notebook7.root / "delays.py").write_text("import marimo\n")
    page = new_page(notebook7)
    traffic = Traffic(page.page)
    page.open()
    expect(page.page.get_by_text("flights.ipynb").first).to_be_visible()
    eventually(lambda: traffic.settled(page.page), SECONDS, "the page has come to rest")
    page.page.locator(".jp-DirListing-item", has_text="delays.py").click(button="right")
    expect(page.page.locator(".lm-Menu").get_by_text("Open with marimo on Spark", exact=True)).to_be_visible()
    assert traffic.ours == []


def running(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [query for query in queries if query["outcome"] == "running"]
