"""The popovers of the toolbar button and of the status bar: what opens, closes and follows in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .face import Face, button
from .rig import Site, site, write_notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    config = {"LakesailApp": {"limits": {"idle_close_delay": {"default": 600}}}}
    with site(tmp_path_factory.mktemp("lab"), config=config) as running:
        yield running


@pytest.fixture
def face(lab: Site, open_page: OpenPage) -> Iterator[Face]:
    write_notebook(lab.root / "flights.ipynb", "# Flights", "1")
    yield Face(open_page(lab, "flights.ipynb"))
    lab.api.clear()


def test_a_picker_that_was_closed_at_its_button_does_nothing_later(lab: Site, face: Face) -> None:
    face.toolbar_button.click(button="right")
    expect(face.picker).to_be_visible()
    face.toolbar_button.click(button="right")
    expect(face.popover).to_have_count(0)
    face.toolbar_button.click()
    face.connected_by_the_toolbar()
    [session] = lab.api.live_sessions()
    face.toolbar_button.click()
    expect(face.popover).to_contain_text("Active")
    lab.api.post(f"workloads/sessions/{session['id']}/extend", {"durationSeconds": 28_800})
    expect(face.popover).to_contain_text("Kept until")


def test_a_card_leads_to_the_picker_at_the_same_place(lab: Site, face: Face) -> None:
    face.toolbar_button.click()
    face.connected_by_the_toolbar()
    [session] = lab.api.live_sessions()
    lab.api.request("DELETE", f"workloads/sessions/{session['id']}")
    expect(face.status).to_contain_text("Closed")
    for opener in (face.toolbar_button, face.status):
        opener.click()
        button(face.popover, "Choose…").click()
        expect(face.picker).to_be_visible()
        expect(button(face.picker, "Connect")).to_be_in_viewport(ratio=1)
        face.page.keyboard.press("Escape")
        expect(face.popover).to_have_count(0)


def test_the_popover_of_a_notebook_closes_with_it(face: Face) -> None:
    face.toolbar_button.click(button="right")
    expect(face.picker).to_be_visible()
    face.page.evaluate("() => window.jupyterapp.shell.currentWidget.dispose()")
    expect(face.popover).to_have_count(0)
