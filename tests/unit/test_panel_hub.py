"""What each panel of a process is told, and when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakesail_notebook.api_location import SESSION_ID_VARIABLE
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.spark.sessions.connects import CONNECTS
from lakesail_notebook.widgets.hub import Hub
from lakesail_notebook.widgets.kernel import ipython_home
from tests.unit.small_api import session
from tests.unit.small_panels import SmallApis, SmallPanel, SmallShell, eventually, mine


class Rig:
    def __init__(self) -> None:
        self.apis = SmallApis(mine("S1"))
        self.hub = Hub(ipython_home(SmallShell()), self.apis, SystemClock())
        self.first, self.second = SmallPanel("P1"), SmallPanel("P2")
        self.hub.add(self.first)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.hub.remove(rig.first)
    rig.hub.remove(rig.second)
    eventually(lambda: not rig.apis.open_polls, "the threads have ended")


def test_a_panel_that_no_page_shows_is_told_nothing(rig: Rig) -> None:
    rig.hub.add(rig.second)
    rig.hub.heard(rig.first, rig.first.view)
    eventually(lambda: "configs" in rig.first.parts, "the first one has the lists")
    assert rig.second.parts == {}


def test_a_panel_that_opens_beside_another_one_has_all_at_once(rig: Rig) -> None:
    """Its value, too: one that stands in a box is not displayed by itself, so nothing else sets it."""
    rig.hub.heard(rig.first, rig.first.view)
    eventually(lambda: {"sessions", "configs"} <= rig.first.parts.keys(), "the first one has the lists")
    asked = len(rig.apis.asked)
    rig.hub.add(rig.second)
    rig.hub.heard(rig.second, rig.second.view)
    assert {"link", "me", "sessions", "configs", "notebook"} <= rig.second.parts.keys()
    assert rig.second.value["sessionId"] == "S1"
    assert [one for one in rig.apis.asked[asked:] if not one.startswith("events")] == []


def test_a_session_that_code_connects_to_is_shown_though_its_events_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a marimo that somebody has started in a terminal: only this process knows which session it uses."""
    apis, panel = SmallApis(session("S9")), SmallPanel()
    hub = Hub(ipython_home(SmallShell()), apis, SystemClock())
    hub.add(panel)

    def shown() -> object:
        return panel.parts["notebook"]["sessionId"]

    hub.heard(panel, panel.view)
    eventually(lambda: {"sessions", "notebook"} <= panel.parts.keys(), "the panel has the lists")
    assert shown() is None
    monkeypatch.setenv(SESSION_ID_VARIABLE, "S9")
    CONNECTS.tell()
    eventually(lambda: panel.value["sessionId"] == "S9", "the session is shown")
    assert shown() == "S9"
    hub.close()
    eventually(lambda: not apis.open_polls, "the threads have ended")
