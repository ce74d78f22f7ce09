"""What each panel of a process is told, and when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.widgets.hub import Hub
from lakesail_notebook.widgets.kernel import ipython_home
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
