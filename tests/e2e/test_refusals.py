"""What stands in the way of a session, said in JupyterLab with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .face import Face, button
from .lab_page import text_of
from .rig import Site, eventually, site, write_notebook

SECONDS = 90
NOTEBOOK = "flights.ipynb"
NO_INDEX = "https://127.0.0.1:9/simple"
"""A package index at which nobody listens."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    config = {"LakesailApp": {"quotas": {"live_sessions_per_member": 2}}}
    with site(tmp_path_factory.mktemp("lab"), config=config) as running:
        write_notebook(running.root / NOTEBOOK, "# Flights", "1")
        yield running


@pytest.fixture(autouse=True)
def leave_nothing(lab: Site) -> Iterator[None]:
    yield
    lab.api.clear()


def test_a_start_that_fails_says_why_and_offers_what_to_do(lab: Site, open_page: OpenPage) -> None:
    library = {"pypi": {"package": "no-such-package==1.0", "repo": NO_INDEX}}
    lab.api.make_config("broken", {"libraries": [library]})
    page = open_page(lab, NOTEBOOK)
    face = Face(page).open_sidebar()
    page.run_source("%sail connect broken")
    session = eventually(lambda: lab.api.session_of(NOTEBOOK), SECONDS, "the notebook has a session")
    assert session["terminationReason"] == "start_failed"
    expect(face.card.get_by_text("Could not start", exact=True)).to_be_visible()
    expect(face.card).to_contain_text(session["statusMessage"][:40])
    expect(button(face.card, "Edit config")).to_be_visible()
    page.screenshot("lab-could-not-start")
    lab.api.delete_all_configs()


def test_a_refusal_by_quota_shows_what_fills_it_and_a_session_to_use(lab: Site, open_page: OpenPage) -> None:
    first, second = (lab.api.post("workloads/sessions", {"name": name}) for name in ("first", "second"))
    page = open_page(lab, NOTEBOOK)
    face = Face(page).open_sidebar()
    button(face.card, "Connect").click()
    expect(face.card).to_contain_text("You have 2 of 2 sessions")
    expect(face.card).to_contain_text("first")
    page.screenshot("lab-quota")
    assert {session["id"] for session in lab.api.live_sessions()} == {first["id"], second["id"]}
    face.card.get_by_role("button", name="Use here", exact=False).first.click()
    face.connected()
    assert page.run_source("spark.range(7).count()") == "7"
    assert len(lab.api.live_sessions()) == 2


def test_a_refusal_by_rate_that_the_kernel_was_told_is_said_and_another_session_can_be_picked(
    tmp_path: Path, open_page: OpenPage
) -> None:
    with site(tmp_path, config={"LakesailApp": {"quotas": {"creates_per_minute": 1}}}) as hasty:
        write_notebook(hasty.root / NOTEBOOK, "# Flights", "1")
        made = hasty.api.post("workloads/sessions", {"name": "weather join"})
        page = open_page(hasty, NOTEBOOK)
        face = Face(page).open_sidebar()
        button(face.card, "Connect").click()
        refusal = face.card.get_by_role("alert")
        expect(refusal).to_contain_text("You may ask for 1 sessions a minute; try again in")
        page.screenshot("lab-rate")
        eventually(lambda: "try again in" in text_of(page.outputs(1)), SECONDS, "the cell says so, too")
        assert [session["id"] for session in hasty.api.sessions()] == [made["id"]]
        button(face.card, "Choose…").click()
        face.picker.get_by_role("radio", name="weather join").check()
        button(face.picker, "Connect").click()
        face.connected()
        expect(refusal).to_have_count(0)
        assert page.run_source("spark.range(7).count()") == "7"
