"""The end of a session that nobody uses: idle, soon, and kept; in JupyterLab and in Notebook 7."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from .altered import alter, sessions_in
from .conftest import NewPage
from .face import Face, button
from .lab_page import LabPage
from .rig import Application, Site, eventually, site, write_notebook

SECONDS = 90
IDLE_AFTER = 3
LIMITS = {"idle_timeout": {"floor": 1}, "idle_close_delay": {"default": 600}}
"""Sessions close ten minutes after they are idle: later than the test looks, and earlier than a kept one closes."""
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
    served.api.clear()


def connected(served: Site, page: LabPage, notebook: str) -> dict[str, Any]:
    page.run(1)
    return eventually(lambda: served.api.session_of(notebook), SECONDS, "the notebook has a session")


def is_kept(served: Site, session: dict[str, Any]) -> bool:
    """Whether the API tells it so, and puts its end off until then."""
    told = served.api.session(session["id"])
    return is_long_kept(told) and datetime.fromisoformat(told["timeoutAt"]) >= datetime.fromisoformat(
        told["extendedUntil"]
    )


def is_long_kept(session: Mapping[str, Any]) -> bool:
    until = session.get("extendedUntil")
    return until is not None and datetime.fromisoformat(until) > datetime.now(UTC) + KEPT


class Told:
    """What the page is told of the ends of sessions: the truth, until :meth:`soon`. Then it has nine minutes, which
    are soon after an hour, so that the page shows the same however long the machine takes."""

    def __init__(self, page: LabPage) -> None:
        self._end: datetime | None = None
        alter(page.page, self._change)

    def soon(self, served: Site, session: Mapping[str, Any]) -> None:
        self._end = datetime.now(UTC) + timedelta(minutes=9)
        # The page asks again for a session that somebody has kept.
        served.api.post(f"workloads/sessions/{session['id']}/extend", {"durationSeconds": 600})

    def _change(self, _: str, told: Any) -> Any:
        for session in sessions_in(told):
            if self._end is not None and not is_long_kept(session):
                begun = (self._end - timedelta(hours=1)).isoformat()
                session |= {"createdAt": begun, "lastActivityAt": begun, "extendedUntil": None}
                session |= {"timeoutAt": self._end.isoformat(), "timeoutReason": "idle_timeout"}
        return told


def test_an_unused_session_goes_idle_then_counts_down_and_is_kept_at_one_click(
    served: Site, notebook: str, new_page: NewPage
) -> None:
    page = new_page(served)
    told = Told(page)
    face = Face(page.open(notebook)).open_sidebar()
    session = connected(served, page, notebook)
    expect(face.card.get_by_text("Idle", exact=True)).to_be_visible()
    assert served.api.session(session["id"])["status"] == "idle"
    expect(face.card).to_contain_text("if unused")
    assert face.card.locator("button.primary").count() == 0  # Keep is that only soon before the end
    told.soon(served, session)
    keep = face.card.locator("button.primary", has_text="Keep 30 min")
    expect(keep).to_be_visible()
    expect(face.card).to_contain_text(re.compile(r"Closes in \d:\d\d if unused"))
    page.screenshot(f"{served.application}-closing-soon")
    keep.click()
    page.until(lambda: is_kept(served, session), SECONDS, "the session is kept")
    expect(face.card).to_contain_text("Kept until")
    page.page.unroute_all(behavior="ignoreErrors")


def test_who_looks_at_something_else_is_told_of_the_end_and_keeps_the_session_from_there(
    served: Site, notebook: str, new_page: NewPage
) -> None:
    if served.application == "notebook":
        pytest.skip("a page of Notebook 7 shows one document")
    page = new_page(served)
    told = Told(page)
    page.open(notebook)
    session = connected(served, page, notebook)
    page.command("launcher:create")
    told.soon(served, session)
    notification = page.page.locator(".jp-toastContainer")
    expect(notification.get_by_text("flights: closes in")).to_be_visible()
    page.screenshot("jupyterlab-notification")
    button(notification, "Keep 30 min").click()
    page.until(lambda: is_kept(served, session), SECONDS, "the session is kept")
    expect(notification.get_by_text("flights: closes in")).to_have_count(0)
    page.page.unroute_all(behavior="ignoreErrors")
