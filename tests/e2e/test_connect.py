"""Connecting a notebook in JupyterLab: from the sidebar, the toolbar and a cell, and to what a person picks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from .conftest import NewPage, OpenPage
from .face import Face, button
from .lab_page import BusyCell
from .rig import Site, eventually, site, write_notebook

START_SECONDS = 90
SOURCES = ("# Flights", "flights = 336_776", "spark.range(7).count()")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab")) as running:
        running.api.make_config("small", {"compute": {"driver": {"instanceType": "c8g.large"}}})
        yield running


@pytest.fixture
def notebook(lab: Site, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh notebook; its kernel and all sessions end with the test."""
    name = f"{request.node.name[5:40]}.ipynb"
    write_notebook(lab.root / name, *SOURCES)
    yield name
    lab.api.clear()


def active(lab: Site, notebook: str) -> dict[str, Any]:
    """The session of a notebook, once it is active."""

    def look() -> dict[str, Any] | None:
        session = lab.api.session_of(notebook)
        return session if session is not None and session["status"] == "active" else None

    return eventually(look, START_SECONDS, f"{notebook} has an active session")


def test_connect_in_the_sidebar_puts_a_cell_below_the_title_and_runs_it(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    button(face.card, "Connect").click()
    session = active(lab, notebook)
    face.connected()
    assert page.sources() == ["# Flights", "%sail connect default", *SOURCES[1:]]
    assert page.run_source("spark.range(7).count()") == "7"
    expect(face.row(session["id"])).to_be_visible()
    expect(face.status).to_contain_text("Active")
    page.screenshot("lab-connected")


def test_connect_in_the_toolbar_connects_a_notebook_at_one_click(lab: Site, notebook: str, open_page: OpenPage) -> None:
    page = open_page(lab, notebook)
    face = Face(page)
    expect(face.toolbar_button).to_contain_text("Connect")
    face.toolbar_button.click()
    active(lab, notebook)
    assert page.sources()[1] == "%sail connect default"
    expect(face.toolbar_button).not_to_contain_text("Connect")
    face.toolbar_button.click()
    expect(face.popover.get_by_text("Active", exact=True)).to_be_visible()
    page.screenshot("lab-toolbar-popover")
    page.page.keyboard.press("Escape")
    expect(face.popover).to_have_count(0)


def test_a_click_before_the_servers_first_answer_connects_when_it_has_come(
    lab: Site, notebook: str, new_page: NewPage
) -> None:
    page = new_page(lab)
    held: list[Route] = []
    page.page.route("**/lakesail/api/v1/me", lambda route: held.append(route), times=1)
    face = Face(page.open(notebook))
    expect(face.toolbar_button).to_contain_text("Connect")
    face.toolbar_button.click()
    expect(face.popover).to_have_count(0)
    [first] = page.until(lambda: held, START_SECONDS, "the page asks who its user is")
    first.continue_()
    active(lab, notebook)
    assert page.sources()[1] == "%sail connect default"
    expect(face.popover).to_have_count(0)


def test_a_cell_that_connects_shows_on_all_surfaces(lab: Site, notebook: str, open_page: OpenPage) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    page.run_source("%sail connect small")
    session = active(lab, notebook)
    assert session["workloadConfigName"] == "small"
    face.connected()
    expect(face.row(session["id"])).to_contain_text("small")
    expect(face.toolbar_button).to_contain_text("small")
    expect(face.status).to_contain_text("small")


def test_connect_runs_the_cell_that_connects_already(lab: Site, notebook: str, open_page: OpenPage) -> None:
    write_notebook(lab.root / notebook, "# Flights", "%sail connect small", "spark.range(7).count()")
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    button(face.card, "Connect").click()
    assert active(lab, notebook)["workloadConfigName"] == "small"
    assert page.sources() == ["# Flights", "%sail connect small", "spark.range(7).count()"]


def test_a_picked_config_is_connected_to_and_remembered_by_the_notebook(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    button(face.card, "Choose…").click()
    expect(face.picker).to_be_visible()
    page.screenshot("lab-picker")
    face.picker.get_by_role("radio", name="small").check()
    button(face.picker, "Connect").click()
    assert active(lab, notebook)["workloadConfigName"] == "small"
    assert page.sources()[1] == "%sail connect small"
    assert page.metadata("lakesail") == {"config": "small"}


def test_a_picked_session_is_attached_to(lab: Site, notebook: str, open_page: OpenPage) -> None:
    other = lab.api.post("workloads/sessions", {"name": "weather join"})
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    button(face.card, "Choose…").click()
    face.picker.get_by_role("radio", name="weather join").check()
    button(face.picker, "Connect").click()
    eventually(lambda: f"--attach {other['id']}" in page.sources()[1], START_SECONDS, "the cell attaches")
    eventually(lambda: lab.api.session(other["id"])["status"] == "active", START_SECONDS, "it is used")
    assert page.run_source("spark.range(7).count()") == "7"
    assert [session["id"] for session in lab.api.live_sessions()] == [other["id"]]


def test_the_relaunch_of_an_attached_session_connects_the_notebook_to_the_new_one(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    other = lab.api.post("workloads/sessions", {"name": "weather join"})
    write_notebook(lab.root / notebook, "# Flights", f"%sail connect --attach {other['id']}", "1")
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    page.run(1)
    face.connected()
    face.choose(face.card, "Relaunch")
    face.confirm(face.card, "Relaunch")

    def look() -> str | None:
        return next((one["id"] for one in lab.api.live_sessions() if one["id"] != other["id"]), None)

    again = eventually(look, START_SECONDS, "another session is there")
    eventually(lambda: page.sources()[1] == f"%sail connect --attach {again}", START_SECONDS, "the cell names it")
    face.connected()
    assert page.run_source("spark.range(7).count()") == "7"


def test_each_page_of_a_notebook_shows_the_session_that_its_kernel_attached_to(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    other = lab.api.post("workloads/sessions", {"name": "weather join"})
    face = Face(open_page(lab, notebook)).open_sidebar()
    second = Face(open_page(lab, notebook)).open_sidebar()
    face.lab.run_source("%sail connect")
    for one in (face, second):
        expect(one.card.get_by_text("Active", exact=True)).to_be_visible()
        expect(one.card).not_to_contain_text("weather join")
    face.lab.run_source(f"import lakesail_notebook\nused = {other['id']!r}\nlakesail_notebook.connect(attach=used)")
    for one in (face, second):
        expect(one.card).to_contain_text("weather join")
    face.page.reload()
    face.lab.ready()
    expect(face.open_sidebar().card).to_contain_text("weather join")


def test_connect_leaves_the_person_in_the_cell_they_type_in_and_undo_takes_its_cell_out(
    lab: Site, notebook: str, open_page: OpenPage
) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    page.page.locator(".jp-CodeCell .cm-content").last.click()
    assert (page.mode(), page.active_cell()) == ("edit", 2)
    page.command("lakesail:connect")
    active(lab, notebook)
    assert (page.mode(), page.active_cell()) == ("edit", 3)
    face.connected()
    page.command("notebook:undo-cell-action")
    assert page.sources() == list(SOURCES)


def test_a_busy_kernel_connects_when_it_is_free(lab: Site, notebook: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    busy = BusyCell(page, tmp_path)  # the click may come before the page hears that the kernel is busy
    button(face.card, "Connect").click()
    expect(face.card.get_by_text("Waiting", exact=True)).to_be_visible()
    assert lab.api.session_of(notebook) is None
    busy.end()
    active(lab, notebook)
    face.connected()


def test_what_is_taken_back_does_not_connect_and_may_be_wanted_again(
    lab: Site, notebook: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(lab, notebook)
    face = Face(page).open_sidebar()
    busy = BusyCell(page, tmp_path).begun()
    button(face.card, "Connect").click()
    button(face.card, "Take it back").click()
    expect(button(face.card, "Connect")).to_be_visible()
    busy.end()
    eventually(lambda: page.outputs(1), 60, "the kernel was interrupted when it came to the cell")
    face.at_rest()
    expect(face.card).to_contain_text("has no Spark session")
    expect(face.card.get_by_role("alert")).to_have_count(0)
    assert lab.api.live_sessions() == []
    button(face.card, "Connect").click()
    active(lab, notebook)
    face.connected()


def test_a_notebook_that_remembers_a_config_that_is_gone_says_so(lab: Site, notebook: str, open_page: OpenPage) -> None:
    write_notebook(lab.root / notebook, *SOURCES, metadata={"lakesail": {"config": "flights-cluster"}})
    face = Face(open_page(lab, notebook)).open_sidebar()
    expect(face.card).to_contain_text("flights-cluster")
    expect(face.card).to_contain_text("not on this server")
    expect(button(face.card, "Choose…")).to_be_enabled()
    assert lab.api.live_sessions() == []
