"""The feed of panels: what it asks the API for, when, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import InvalidArgument, Unauthenticated, Unavailable
from lakesail_notebook.widgets.feed import Feed
from lakesail_notebook.widgets.views import RollCall, Views
from lakesail_notebook.widgets.wanted import changed_by, without_needless
from tests.unit.small_panels import SmallApis, Told, event, eventually, mine

VIEW, OTHER = ("panel", "one"), ("another panel", "two")


class Rig:
    def __init__(self, *session_ids: str) -> None:
        self.apis = SmallApis(*map(mine, session_ids))
        self.told = Told()
        self.feed = Feed(self.apis, SystemClock(), self.told, lambda: None, lambda: True, list)

    def open(self, *topics: dict[str, str]) -> None:
        self.feed.seen(VIEW, topics)
        eventually(lambda: "configs" in self.told.parts, "the lists were told")
        eventually(lambda: self.polls, "the long poll is under way")

    @property
    def polls(self) -> list[str]:
        return [asked for asked in self.apis.asked if asked.startswith("events") and "wait=0" not in asked]

    def asks_more_after(self, number: int) -> list[str]:
        return self.apis.asked[number:]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig("S1")
    yield rig
    rig.feed.closed(VIEW)
    rig.feed.closed(OTHER)
    eventually(lambda: not rig.apis.open_polls, "the threads have ended")


def test_nothing_is_asked_before_a_view_is_open(rig: Rig) -> None:
    assert rig.apis.asked == []
    assert not rig.feed.open


def test_a_view_that_opens_costs_who_asks_the_lists_and_one_long_poll(rig: Rig) -> None:
    rig.open()
    asked = sorted(rig.apis.asked)
    lists = ["configs", "sessions active", "sessions idle", "sessions pending"]
    assert asked == sorted([*lists, "me", "events after=None wait=0", "events after=7 wait=60"])
    assert rig.told.link == "live"
    assert rig.told.session_ids == ["S1"]
    assert rig.told.parts["me"]["notebookPath"] == "deep/flights.ipynb"


def test_views_of_several_panels_share_one_long_poll(rig: Rig) -> None:
    rig.open()
    before = len(rig.apis.asked)
    assert rig.feed.seen(OTHER, [])
    assert not rig.feed.seen(OTHER, [])
    rig.feed.closed(VIEW)
    assert rig.feed.open
    assert rig.asks_more_after(before) == []
    assert len(rig.apis.open_polls) == 1


def test_the_last_view_ends_the_long_poll_at_once_and_nothing_is_asked_then(rig: Rig) -> None:
    rig.open()
    rig.feed.closed(VIEW)
    eventually(lambda: not rig.apis.open_polls, "the poll was cut off")
    before = len(rig.apis.asked)
    rig.feed.read_again("sessions")
    assert not rig.feed.open
    assert rig.asks_more_after(before) == []


def test_a_panel_that_is_closed_takes_all_its_views_with_it(rig: Rig) -> None:
    rig.open()
    rig.feed.seen(("panel", "another view"), [])
    rig.feed.closed_all_of("panel")
    assert not rig.feed.open


def test_an_event_costs_one_request_of_its_session(rig: Rig) -> None:
    rig.open()
    before = len(rig.apis.asked)
    rig.apis.sessions["S1"] = structs.replace(rig.apis.sessions["S1"], status="closed")
    rig.apis.open_polls[0].tell(event(), event())
    eventually(lambda: (rig.feed.value or {}).get("status") == "closed", "the end was told")
    assert [asked for asked in rig.asks_more_after(before) if not asked.startswith("events")] == ["session S1"]


def test_a_session_that_nobody_may_see_any_more_leaves_the_list(rig: Rig) -> None:
    rig.open()
    del rig.apis.sessions["S1"]
    rig.apis.open_polls[0].tell(event())
    eventually(lambda: rig.told.session_ids == [], "it left the list")


def test_queries_are_read_while_somebody_looks_at_them(rig: Rig) -> None:
    rig.open()
    rig.apis.open_polls[0].tell(event(kind="query", sequence=None))
    rig.feed.seen(VIEW, [{"topic": "log", "sessionId": "S1"}])
    eventually(lambda: "log:S1" in rig.told.parts, "the log was read")
    assert rig.told.parts["log:S1"]["answer"] == {"lines": ["a line"]}
    assert "queries S1" not in rig.apis.asked
    rig.feed.seen(VIEW, [{"topic": "queries", "sessionId": "S1"}])
    eventually(lambda: rig.apis.asked.count("queries S1") == 1, "the queries were read")
    rig.apis.open_polls[0].tell(event(kind="query", sequence=None))
    eventually(lambda: rig.apis.asked.count("queries S1") == 2, "the queries were read again")
    assert rig.apis.asked.count("log S1") == 1


def test_how_soon_a_session_would_be_ready_is_read_where_somebody_looks(rig: Rig) -> None:
    rig.open({"topic": "estimates", "kernelId": "K1"})
    eventually(lambda: "estimates:K1" in rig.told.parts, "the estimates were read")
    [estimate] = rig.told.parts["estimates:K1"]["answer"]["items"]
    assert (estimate["warm"], estimate["medianSeconds"]) == (True, 1.5)


def test_a_topic_that_no_kernel_knows_is_passed_over(rig: Rig) -> None:
    rig.open({"topic": "more", "of": "ended"}, {"topic": "queries"})
    assert set(rig.told.parts) == {"link", "me", "sessions", "configs"}


def test_a_topic_that_cannot_be_read_says_why_and_keeps_what_it_had(rig: Rig) -> None:
    rig.open({"topic": "queries", "sessionId": "S1"})
    eventually(lambda: "queries:S1" in rig.told.parts, "the queries were read")
    rig.apis.error = Unavailable("The database rests.")
    rig.feed.read_again("queries:S1")
    eventually(lambda: rig.told.parts["queries:S1"]["problem"], "the failure was told")
    rig.apis.error = None
    assert rig.told.parts["queries:S1"]["answer"] == {"items": []}
    assert rig.told.parts["queries:S1"]["problem"]["message"] == "The database rests."


def test_a_server_that_does_not_answer_is_said_and_asked_again(rig: Rig) -> None:
    rig.apis.error = Unavailable("It does not answer.")
    rig.feed.seen(VIEW, [])
    eventually(lambda: rig.told.link == "stale", "the silence was told")
    told = rig.told.parts["link"]
    assert told["problem"]["message"] == "It does not answer."
    assert told["retryAt"] > told["asOf"]
    rig.apis.error = None
    eventually(lambda: rig.told.link == "live" and rig.told.session_ids, "it came back")


def test_what_happened_during_a_silence_is_read(rig: Rig) -> None:
    rig.open()
    rig.apis.sessions["S2"] = mine("S2")
    rig.apis.open_polls[0].cut_off()
    eventually(lambda: set(rig.told.session_ids) == {"S1", "S2"}, "the lists were read anew")
    assert "events after=7 wait=60" in rig.polls


def test_the_pause_after_a_silence_begins_small_again_when_events_have_come(rig: Rig) -> None:
    rig.apis.error = Unavailable("It does not answer.")
    rig.feed.seen(VIEW, [])
    eventually(lambda: rig.told.link == "stale", "the silence was told")
    rig.apis.error = None
    eventually(lambda: rig.apis.open_polls, "it is followed again")
    [poll] = rig.apis.open_polls
    poll.tell(event())
    eventually(lambda: len(rig.polls) == 2, "the event was taken")
    rig.apis.error = Unavailable("It does not answer again.")
    poll.cut_off()
    eventually(lambda: rig.told.link == "stale", "the second silence was told")
    told = rig.told.parts["link"]
    assert told["retryAt"] - told["asOf"] == 1000
    rig.apis.error = None


def test_a_server_that_refuses_the_poll_is_asked_with_a_pause(rig: Rig) -> None:
    rig.apis.poll_error = InvalidArgument("kinds has a word that is none.")
    rig.feed.seen(VIEW, [])
    eventually(lambda: rig.told.link == "stale", "the refusal was told")
    assert len(rig.polls) == 1
    assert rig.told.parts["link"]["problem"]["message"] == "kinds has a word that is none."


def test_another_database_is_followed_from_its_own_events_on(rig: Rig) -> None:
    rig.open()
    rig.apis.error = InvalidArgument("after is beyond the newest event.")
    rig.apis.open_polls[0].cut_off()
    eventually(lambda: rig.apis.asked[-1] == "me", "it asked again")
    rig.apis.error = None
    eventually(lambda: rig.apis.asked.count("events after=None wait=0") == 2, "it began anew")


def test_a_login_that_has_expired_is_not_tried_again_by_itself(rig: Rig) -> None:
    rig.apis.error = Unauthenticated("The token is dead.")
    rig.feed.seen(VIEW, [])
    eventually(lambda: rig.told.link == "loggedOut", "the logout was told")
    assert rig.told.parts["link"]["retryAt"] is None
    assert rig.apis.asked == ["me"]
    rig.apis.error = None
    rig.feed.retry()
    eventually(lambda: rig.told.link == "live", "somebody asked for another try")


def test_a_control_plane_without_events_is_not_waited_for(rig: Rig) -> None:
    rig.apis.features = ()
    rig.feed.seen(VIEW, [])
    eventually(lambda: rig.told.session_ids, "the list was read")
    assert rig.polls == []


def test_a_control_plane_that_tells_nothing_of_configs_and_queries_is_looked_at_now_and_then(rig: Rig) -> None:
    rig.apis.features = ("events", "queries")
    rig.open({"topic": "queries", "sessionId": "S1"})
    assert rig.polls == ["events after=7 wait=10"]
    eventually(lambda: "queries:S1" in rig.told.parts, "the queries were told")
    before = len(rig.apis.asked)
    rig.apis.open_polls[0].tell()
    eventually(lambda: {"configs", "queries S1"} <= set(rig.asks_more_after(before)), "they were read again")


def test_the_value_is_of_this_notebooks_session_alone() -> None:
    rig = Rig("S1")
    rig.apis.sessions["S2"] = structs.replace(mine("S2"), metadata={})
    rig.open()
    assert rig.feed.value is not None
    assert rig.feed.value["sessionId"] == "S1"
    rig.feed.closed(VIEW)
    eventually(lambda: not rig.apis.open_polls, "the threads have ended")


def test_many_changed_sessions_are_read_as_a_list() -> None:
    few = [f"session:S{number}" for number in range(10)]
    assert without_needless(few) == few
    assert without_needless([*few, "session:S10", "configs"]) == ["configs", "sessions"]
    assert without_needless(["sessions", "session:S1"]) == ["sessions"]


def test_each_kind_of_event_names_what_it_changes() -> None:
    assert changed_by([event(None, kind="config", workload_config_id="C1")]) == ["configs"]
    assert changed_by([event(kind="query")]) == ["queries:S1"]
    assert changed_by([event()]) == ["session:S1", "ended"]
    assert changed_by([event(None, workload_id="W1")]) == ["sessions"]


def test_a_view_that_does_not_answer_the_roll_call_is_dropped() -> None:
    views = Views()
    views.seen(VIEW, ["queries:S1"])
    views.seen(OTHER, [])
    views.call()
    views.seen(OTHER, [])
    views.drop_silent()
    assert list(views.topics) == [OTHER]
    assert views.watched() == frozenset()


def test_views_are_called_rarely_and_have_a_minute_to_answer() -> None:
    roll_call = RollCall(0.0)
    assert [roll_call.step(now) for now in (10.0, 599.0, 600.0, 630.0, 660.0, 700.0, 1260.0)] == [
        None,
        None,
        "call",
        None,
        "count",
        None,
        "call",
    ]
