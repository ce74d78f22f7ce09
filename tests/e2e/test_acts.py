"""What a person does with a session in JupyterLab; the API tells the effect of each act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .face import Face, button
from .rig import Site, eventually, site, write_notebook

SECONDS = 90
LONG_QUERY = "spark.range(10**11).selectExpr('id % 7 as k').groupBy('k').count().collect()"

CLICK_TWICE = """async (card) => {
  const clicked = [];
  const now = performance.now();
  performance.now = () => now;
  for (const name of ['Close', 'Close session']) {
    await card.updateComplete;
    const found = [...card.shadowRoot.querySelectorAll('button')].find((one) => one.textContent.trim() === name);
    clicked.push(found?.textContent.trim());
    found?.click();
  }
  delete performance.now;
  return clicked;
}"""
"""As a double click on Close: the clock stands, so that the second click comes in the red button's first 400 ms."""

Connected = tuple[Face, dict[str, Any]]
Connect = Callable[[], Connected]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab")) as running:
        running.api.make_config("small")
        yield running


@pytest.fixture
def notebook(lab: Site, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"{request.node.name[5:40]}.ipynb"
    write_notebook(lab.root / name, "# Flights", "flights = 336_776")
    yield name
    lab.api.clear()


@pytest.fixture
def connect(lab: Site, notebook: str, open_page: OpenPage) -> Connect:
    """Opens the notebook with the sidebar, and connects it by a cell."""

    def run() -> Connected:
        page = open_page(lab, notebook)
        face = Face(page).open_sidebar()
        page.run_source("%sail connect small --idle 1h")
        session = eventually(lambda: lab.api.session_of(notebook), SECONDS, "the notebook has a session")
        face.connected()
        return face, session

    return run


def status_of(lab: Site, session: dict[str, Any]) -> str:
    return str(lab.api.session(session["id"])["status"])


def begin_query(face: Face, lab: Site, session: dict[str, Any]) -> dict[str, Any]:
    """Run a cell with a query that takes minutes; the query."""
    face.lab.begin(face.lab.add_cell(LONG_QUERY))

    def running() -> dict[str, Any] | None:
        return next((one for one in lab.api.queries(session["id"]) if one["outcome"] == "running"), None)

    return eventually(running, SECONDS, "a query runs")


def test_closing_asks_once_and_takes_no_double_click(lab: Site, connect: Connect) -> None:
    face, session = connect()
    clicks = face.card.evaluate(CLICK_TWICE)
    assert clicks == ["Close", "Close session"]
    red = button(face.card, "Close session")
    expect(red).to_be_visible()
    assert status_of(lab, session) == "active"
    face.lab.screenshot("lab-close-asks")
    button(face.card, "Keep it").click()
    expect(red).to_have_count(0)
    assert status_of(lab, session) == "active"
    button(face.card, "Close").click()
    face.confirm(face.card, "Close session")
    eventually(lambda: status_of(lab, session) == "closed", SECONDS, "the session is closed")
    assert lab.api.session(session["id"])["terminationReason"] == "user_closed"
    expect(face.card).to_contain_text("You closed it.")


def test_a_row_closes_its_session(lab: Site, connect: Connect) -> None:
    face, _ = connect()
    other = lab.api.post("workloads/sessions", {"name": "weather join"})
    row = face.usable_row(other["id"])
    face.press(row, "Close")
    face.confirm(face.sessions, "Close session")
    eventually(lambda: status_of(lab, other) == "closed", SECONDS, "the session is closed")
    expect(row).to_have_count(0)


def test_a_closed_session_is_relaunched_at_one_click(lab: Site, notebook: str, connect: Connect) -> None:
    face, session = connect()
    lab.api.request("DELETE", f"workloads/sessions/{session['id']}")
    expect(face.card).to_contain_text("closed it")
    button(face.card, "Relaunch").click()

    def relaunched() -> dict[str, Any] | None:
        newest = lab.api.session_of(notebook)
        return newest if newest and newest["id"] != session["id"] and newest["status"] == "active" else None

    newest = eventually(relaunched, SECONDS, "the notebook has another session")
    assert newest["workloadConfigName"] == "small"
    face.connected()
    assert face.lab.run_source("spark.range(7).count()") == "7"


def test_a_live_session_is_relaunched_after_a_question(lab: Site, notebook: str, connect: Connect) -> None:
    face, session = connect()
    face.choose(face.card, "Relaunch")
    face.confirm(face.card, "Relaunch")
    eventually(lambda: status_of(lab, session) == "closed", SECONDS, "the session is closed")
    newest = eventually(
        lambda: next((one for one in lab.api.live_sessions() if one["id"] != session["id"]), None),
        SECONDS,
        "another is",
    )
    assert newest["workloadConfigName"] == "small"
    face.connected()
    assert face.lab.run_source("spark.range(7).count()") == "7"


def test_interrupt_stops_the_query_while_the_cell_runs(lab: Site, connect: Connect) -> None:
    face, session = connect()
    query = begin_query(face, lab, session)
    interrupt = face.card.get_by_role("button", name="Interrupt", exact=False).first
    expect(interrupt).to_be_visible()
    face.lab.screenshot("lab-query-runs")
    interrupt.click()

    def outcome() -> str | None:
        asked = next(one for one in lab.api.queries(session["id"]) if one["id"] == query["id"])
        return None if asked["outcome"] == "running" else str(asked["outcome"])

    assert eventually(outcome, SECONDS, "the query has ended") == "cancelled"


def test_queries_are_shown_on_the_sessions_own_page(lab: Site, connect: Connect) -> None:
    face, session = connect()
    face.lab.run_source("spark.sql('select 41 + 1 as answer').collect()")
    face.row(session["id"]).dblclick()
    page = face.lab.wait_for_element("session", "#jp-main-dock-panel")
    expect(page.get_by_text("select 41 + 1 as answer")).to_be_visible()
    face.lab.screenshot("lab-session-page")
