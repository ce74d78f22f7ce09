"""A page and its server: what others do shows at once, and losses are said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.relay import Relay

from .altered import API
from .conftest import NewPage, OpenPage
from .face import Face, button
from .guard import Guard
from .rig import PASSWORD, Site, eventually, site, write_notebook
from .traffic import Traffic

SECONDS = 90
SHOWN_WITHIN = 0.5


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab")) as running:
        write_notebook(running.root / "a.ipynb", "# A", "1")
        write_notebook(running.root / "b.ipynb", "# B", "1")
        yield running


@pytest.fixture(autouse=True)
def leave_nothing(lab: Site) -> Iterator[None]:
    yield
    lab.api.close_all_sessions()


def test_what_another_client_does_shows_within_half_a_second(lab: Site, open_page: OpenPage) -> None:
    face = Face(open_page(lab, "a.ipynb")).open_sidebar()
    expect(face.sessions).to_be_visible()

    def shows_soon() -> bool:
        session = lab.api.post("workloads/sessions", {"name": "made by another"})
        began = time.monotonic()
        face.row(session["id"]).wait_for(state="visible")
        took = time.monotonic() - began
        lab.api.request("DELETE", f"workloads/sessions/{session['id']}")
        return took < SHOWN_WITHIN

    eventually(shows_soon, SECONDS, "a session shows within half a second, where the machine does not make it late")


def test_two_tabs_are_in_step(lab: Site, open_page: OpenPage) -> None:
    one, two = (Face(open_page(lab, name)).open_sidebar() for name in ("a.ipynb", "b.ipynb"))
    one.page.bring_to_front()
    button(one.card, "Connect").click()
    session = eventually(lambda: lab.api.session_of("a.ipynb"), SECONDS, "a.ipynb has a session")
    two.page.bring_to_front()
    two.press(two.usable_row(session["id"]), "Close")
    two.confirm(two.sessions, "Close session")
    expect(one.card).to_contain_text("You closed it.")


def test_a_hidden_sidebar_asks_nothing(lab: Site, new_page: NewPage) -> None:
    page = new_page(lab)
    traffic = Traffic(page.page)
    page.open(None)
    eventually(lambda: traffic.settled(page.page), SECONDS, "the page has come to rest")
    assert traffic.ours == []
    Face(page).open_sidebar()
    page.until(lambda: traffic.ours, SECONDS, "a sidebar that is shown asks")


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Keeps the address of a server that ends, for the next one."""
    with Relay("127.0.0.1", 0) as running:
        yield running


def test_a_server_that_is_away_is_said_and_found_again(
    tmp_path: Path, relay: Relay, open_page: OpenPage, guard: Guard
) -> None:
    # The page asks again and again until it is closed: it ends before the relay, which is made before it.
    origin = f"http://{relay.address}"
    guard.allow(origin)
    with site(tmp_path) as first:
        relay.lead_to(first.port)
        write_notebook(first.root / "a.ipynb", "# A", "1")
        face = Face(open_page(first, "a.ipynb", origin=origin)).open_sidebar()
        button(face.card, "Connect").click()
        face.connected()
    relay.refuse()
    expect(face.card).to_contain_text("The server does not answer.")
    expect(face.card).to_contain_text("was Active")
    expect(button(face.card, "Close")).to_have_count(0)
    face.lab.screenshot("lab-server-away")
    lab_says = face.page.locator(".jp-Dialog", has_text="Server Connection Error")
    face.page.add_locator_handler(lab_says, lambda dialog: button(dialog, "Close").click())
    with site(tmp_path) as second:
        relay.lead_to(second.port)
        relay.accept()
        button(face.card, "Try now").click()
        expect(face.card).not_to_contain_text("The server does not answer.")
        [ended] = second.api.sessions()
        assert ended["terminationReason"] == "server_stopped"
        button(face.card, "Connect").click()
        face.connected()
        [live] = second.api.live_sessions()
        assert live["id"] != ended["id"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that is logged in to by a form."""
    with site(tmp_path_factory.mktemp("guarded"), password=True) as running:
        write_notebook(running.root / "a.ipynb", "# A", "1")
        yield running
        running.api.clear()


@pytest.mark.parametrize("finder", ["the page", "the person"])
def test_a_login_that_has_expired_is_said_and_logging_in_leads_back(
    guarded: Site, new_page: NewPage, finder: str
) -> None:
    page = new_page(guarded)
    page.log_in()
    face = Face(page.open("a.ipynb", kernel=False)).open_sidebar()
    session = guarded.api.post("workloads/sessions", {"name": "weather join"})
    face.press(face.usable_row(session["id"]), "Close")
    question = button(face.sessions, "Close session")
    expect(question).to_be_visible()
    if finder == "the person":  # what the page asks by itself gets no answer
        page.page.route(API, lambda route: None if route.request.method == "GET" else route.continue_())
    page.page.context.clear_cookies()
    if finder == "the page":
        guarded.api.post("workloads/sessions", {"name": "it asks about this one"})
        expect(face.card).to_contain_text("You are logged out.")
        expect(question).to_be_visible()
    face.confirm(face.sessions, "Close session")
    expect(face.card).to_contain_text("You are logged out.")
    expect(face.sessions.get_by_role("alert")).to_be_visible()
    face.lab.screenshot(f"lab-logged-out-{finder[4:]}")
    assert guarded.api.session(session["id"])["status"] == "pending"
    page.page.unroute_all(behavior="ignoreErrors")
    button(face.card, "Log in").click()
    page.page.get_by_label("Password").fill(PASSWORD)
    page.page.get_by_role("button", name="Log in").click()
    page.ready(kernel=False)
    face.open_sidebar()
    expect(face.usable_row(session["id"])).to_be_visible()
    guarded.api.close_all_sessions()
