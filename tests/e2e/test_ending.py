"""The end of a session that nobody uses: idle, soon, and kept; in JupyterLab and in Notebook 7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .face import Face, button
from .lab_page import LabPage
from .rig import Application, Site, eventually, site, write_notebook

SECONDS = 90
IDLE_AFTER = 3
CLOSES_AFTER = 35
"""Idle and unused for so many seconds. `Soon` is the last fifth of both: long enough for a busy machine to click."""
LIMITS = {"idle_timeout": {"floor": 1}, "idle_close_delay": {"floor": 1, "default": CLOSES_AFTER}}
CONNECT = f"%sail connect small --idle {IDLE_AFTER}s"
KEPT = timedelta(minutes=20)
"""Less than the 30 minutes of the button."""


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application: Application = request.param
    config = {"LakesailApp": {"limits": LIMITS}}
    with site(tmp_path_factory.mktemp(application), application=application, config=config) as running:
        running.api.make_config("small")
        yield running


@pytest.fixture
def notebook(served: Site, request: pytest.FixtureRequest) -> Iterator[str]:
    name = "flights.ipynb"
    write_notebook(served.root / name, "# Flights", CONNECT)
    yield name
    served.api.close_all_sessions()
    served.api.shut_down_all_kernels()


def connected(served: Site, page: LabPage, notebook: str) -> dict[str, Any]:
    page.run(1)
    return eventually(lambda: served.api.session_of(notebook), SECONDS, "the notebook has a session")


def is_kept(served: Site, session: dict[str, Any]) -> bool:
    """Whether the API tells it so, and puts its end off until then."""
    told = served.api.session(session["id"])
    if told["extendedUntil"] is None:
        return False
    kept = datetime.fromisoformat(told["extendedUntil"])
    assert kept > datetime.now(UTC) + KEPT
    assert datetime.fromisoformat(told["timeoutAt"]) >= kept
    return True


def test_an_unused_session_goes_idle_then_counts_down_and_is_kept_at_one_click(
    served: Site, notebook: str, open_page: OpenPage
) -> None:
    page = open_page(served, notebook)
    face = Face(page).open_sidebar()
    session = connected(served, page, notebook)
    expect(face.card.get_by_text("Idle", exact=True)).to_be_visible()
    assert served.api.session(session["id"])["status"] == "idle"
    expect(face.card).to_contain_text("if unused")
    assert face.card.locator("button.primary").count() == 0  # Keep is that only soon before the end
    keep = face.card.locator("button.primary", has_text="Keep 30 min")
    keep.wait_for()
    expect(face.card).to_contain_text(re.compile(r"Closes in 0:0\d if unused"))
    page.screenshot(f"{served.application}-closing-soon")
    keep.click()
    eventually(lambda: is_kept(served, session), SECONDS, "the session is kept")
    expect(face.card).to_contain_text("Kept until")


def test_who_looks_at_something_else_is_told_of_the_end_and_keeps_the_session_from_there(
    served: Site, notebook: str, open_page: OpenPage
) -> None:
    if served.application == "notebook":
        pytest.skip("a page of Notebook 7 shows one document")
    page = open_page(served, notebook)
    session = connected(served, page, notebook)
    page.command("launcher:create")
    told = page.page.locator(".jp-toastContainer")
    told.get_by_text("flights: closes in").wait_for()
    page.screenshot("jupyterlab-notification")
    button(told, "Keep 30 min").click()
    eventually(lambda: is_kept(served, session), SECONDS, "the session is kept")
    expect(told.get_by_text("flights: closes in")).to_have_count(0)
