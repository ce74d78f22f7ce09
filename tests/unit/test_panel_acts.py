"""What people ask for in a panel: who does it, in which thread, and what is told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import FieldError, InvalidArgument, ResourceExhausted
from lakesail_notebook.widgets.acts import Acts, Line, Tickets, connect_options, subject_of
from lakesail_notebook.widgets.feed import Feed
from lakesail_notebook.widgets.parts import Parts
from tests.unit.small_panels import HandRunKernel, NotedNotebook, SmallApis, Told, eventually, mine

CLOSE = {"act": "close", "sessionId": "S1"}
CONNECT = {"act": "connect", "choice": {"config": "small"}}


class Rig:
    def __init__(self, kernel: HandRunKernel | None = None) -> None:
        self.apis = SmallApis(mine())
        self.told = Told()
        self.kernel = kernel or HandRunKernel()
        self.notebook = NotedNotebook()
        feed = Feed(self.apis, SystemClock(), self.told, lambda: None, lambda: True, list)
        self.acts = Acts(self.apis, self.notebook, self.kernel, feed, SystemClock())

    def phases(self, subject: str) -> list[str]:
        """Those that were told of a thing, in order."""
        acts = [change["acts"] for change in self.told.changes if "acts" in change]
        return [told[subject]["phase"] for told in acts if told is not None and subject in told]

    def outcome(self, subject: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            state = self.told.parts.get("acts", {}).get(subject)
            return state if state is not None and state["phase"] != "running" else None

        found = eventually(ended, f"{subject} has an outcome")
        assert found is not None
        return found


class InterruptedKernel(HandRunKernel):
    """It is interrupted while it takes up work, which it may have noted already."""

    def on_main_thread(self, work: Callable[[], None]) -> None:
        super().on_main_thread(work)
        raise KeyboardInterrupt


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_closing_is_done_by_the_api_and_stops_the_spark_sessions_here(rig: Rig) -> None:
    rig.acts.do(CLOSE)
    assert rig.outcome("session:S1")["phase"] == "done"
    assert rig.phases("session:S1") == ["running", "done"]
    assert rig.apis.asked == ["close S1"]
    assert rig.notebook.did == [("closed", "S1")]


def test_what_was_done_is_forgotten_after_a_while(rig: Rig) -> None:
    rig.acts.do(CLOSE)
    rig.outcome("session:S1")
    eventually(lambda: rig.told.parts["acts"] == {}, "it was forgotten")


def test_a_relaunch_is_told_with_the_time_it_began_until_the_next_one_or_a_connect(rig: Rig) -> None:
    for act in ({"act": "relaunch", "sessionId": "S1"}, {"act": "relaunch", "sessionId": "S2"}, CONNECT):
        rig.acts.do(act)
        begun = rig.told.parts["acts"][subject_of(act)]
        rig.kernel.run()
        done = rig.outcome(subject_of(act))
        assert (done["phase"], done["since"]) == ("done", begun["since"])
        assert set(rig.told.parts["acts"]) == {subject_of(act)}
    eventually(lambda: rig.told.parts["acts"] == {}, "the connect was forgotten")


def test_a_relaunch_that_was_taken_back_is_not_told_as_done(rig: Rig) -> None:
    rig.acts.do({"act": "relaunch", "sessionId": "S1"})
    rig.acts.do({"act": "cancel"})
    rig.kernel.run()
    eventually(lambda: rig.told.parts["acts"] == {}, "it was forgotten")
    assert rig.phases("session:S1") == ["running"]


def test_keeping_and_interrupting_are_done_by_the_api(rig: Rig) -> None:
    rig.acts.do({"act": "keep", "sessionId": "S1", "seconds": 1800})
    rig.outcome("session:S1")
    rig.acts.do({"act": "interrupt", "sessionId": "S1", "queryId": "Q1"})
    eventually(lambda: rig.apis.asked == ["extend S1 1800", "interrupt S1 Q1"], "both were asked for")


def test_a_refusal_is_told_with_its_sentence_and_stays_until_it_is_dismissed(rig: Rig) -> None:
    rig.apis.refusal = ResourceExhausted("You may start 30 a minute.", retry_after_seconds=14)
    rig.acts.do(CLOSE)
    problem = rig.outcome("session:S1")["problem"]
    assert (problem["code"], problem["status"]) == ("RESOURCE_EXHAUSTED", 429)
    assert problem["message"] == "You may start 30 a minute."
    assert problem["retryAt"] is not None
    rig.acts.do({"act": "dismiss", "subject": "session:S1"})
    assert rig.told.parts["acts"] == {}


def test_fields_that_are_refused_are_named(rig: Rig) -> None:
    rig.apis.refusal = InvalidArgument("It is wrong.", errors=(FieldError("/seconds", "is too long"),))
    rig.acts.do({"act": "keep", "sessionId": "S1", "seconds": 1})
    assert rig.outcome("session:S1")["problem"]["errors"] == [{"pointer": "/seconds", "message": "is too long"}]


def test_closing_many_tells_which_failed(rig: Rig) -> None:
    rig.apis.refusal = ResourceExhausted("Not now.")
    rig.acts.do({"act": "closeMany", "sessionIds": ["S1", "S2"]})
    assert set(rig.outcome("sessions")["failures"]) == {"S1", "S2"}


def test_connecting_waits_for_the_main_thread_and_runs_there(rig: Rig) -> None:
    threading.Thread(target=rig.acts.do, args=(CONNECT,)).start()
    eventually(lambda: rig.kernel.works, "it was handed to the main thread")
    assert rig.told.parts["connecting"] == {"connecting": "waiting"}
    assert rig.notebook.did == []
    rig.kernel.run()
    assert rig.notebook.did == [("connect", {"config": "small"})]
    assert rig.notebook.threads == {threading.main_thread()}
    assert rig.outcome("connect")["phase"] == "done"
    assert rig.told.parts["connecting"] == {"connecting": "no"}
    assert rig.told.parts["notes"] == {"notes": ["View flights was made again."]}


def test_connecting_can_be_given_up_while_it_waits_for_the_kernel(rig: Rig) -> None:
    rig.acts.do(CONNECT)
    rig.acts.do({"act": "cancel"})
    rig.kernel.run()
    assert rig.notebook.did == []
    assert rig.told.parts["connecting"] == {"connecting": "no"}


def test_an_interrupt_ends_the_connect_and_not_the_kernel(rig: Rig) -> None:
    rig.notebook.error = KeyboardInterrupt()
    rig.acts.do(CONNECT)
    rig.kernel.run()
    assert "Interrupted" in rig.outcome("connect")["problem"]["message"]


def test_an_interrupt_reaches_the_connect_alone(rig: Rig) -> None:
    """Else one that comes a moment later would end the kernel, or leave the act under way for ever."""
    seen: list[tuple[str, bool]] = []

    class WatchingFeed:
        def tell(self, changed: Parts) -> None:
            seen.append(("told", rig.kernel.can_be_interrupted))

        def read_again(self, *names: str) -> None:
            seen.append(("read", rig.kernel.can_be_interrupted))

        def retry(self) -> None: ...

    class WatchingNotebook(NotedNotebook):
        def connect_for(self, line: Line, options: Mapping[str, Any]) -> None:
            seen.append(("connected", rig.kernel.can_be_interrupted))

    Acts(rig.apis, WatchingNotebook(), rig.kernel, WatchingFeed(), SystemClock()).do(CONNECT)
    rig.kernel.run()
    assert [what for what, interruptible in seen if interruptible] == ["connected"]
    assert [what for what, _ in seen].count("connected") == 1


def test_what_was_told_last_is_how_all_acts_are(rig: Rig) -> None:
    told: list[Parts] = []
    telling, overtaken = threading.Event(), threading.Event()

    class SlowFeed:
        """While one thread tells its last state, another one may tell newer ones."""

        def tell(self, changed: Parts) -> None:
            acts = changed["acts"] or {}
            if threading.current_thread() is slow and acts["page"]["phase"] == "failed":
                telling.set()
                overtaken.wait(0.5)
            told.append(changed)

        def read_again(self, *names: str) -> None: ...

        def retry(self) -> None: ...

    acts = Acts(rig.apis, rig.notebook, rig.kernel, SlowFeed(), SystemClock())
    slow = threading.Thread(target=acts.do, args=({"act": "insert"},))
    slow.start()
    assert telling.wait(20)
    acts.do({"act": "deleteConfig", "configId": "C1"})
    overtaken.set()
    slow.join()
    last = told[-1]["acts"]
    assert last is not None
    assert {subject: state["phase"] for subject, state in last.items()} == {"page": "failed", "config:C1": "failed"}


def test_a_fault_is_told_and_not_swallowed(rig: Rig) -> None:
    rig.notebook.error = RuntimeError("no")
    rig.acts.do(CONNECT)
    rig.kernel.run()
    assert rig.outcome("connect")["problem"]["message"] == "RuntimeError: no"


def test_the_same_is_not_begun_twice(rig: Rig) -> None:
    rig.acts.do(CONNECT)
    rig.acts.do(CONNECT)
    assert len(rig.kernel.works) == 1


def test_a_relaunch_closes_what_lives_and_binds_what_is_new(rig: Rig) -> None:
    rig.acts.do({"act": "relaunch", "sessionId": "S1"})
    rig.kernel.run()
    assert rig.apis.asked == ["close S1"]
    assert rig.notebook.did == [("closed", "S1"), ("relaunch", "S1")]


@pytest.mark.parametrize("act", [{"act": "saveConfig", "configId": None, "body": {}}, {"act": "insert"}, {}])
def test_what_a_kernel_does_not_do_is_refused(rig: Rig, act: dict[str, Any]) -> None:
    rig.acts.do(act)
    assert "sidebar of JupyterLab" in rig.outcome(subject_of(act))["problem"]["message"]
    assert rig.apis.asked == []


def test_a_choice_becomes_the_options_of_the_magic() -> None:
    choice = {"config": "small", "name": "etl", "idleSeconds": 60, "maxSeconds": None, "remember": True}
    assert connect_options(choice) == {"config": "small", "name": "etl", "idle": 60}
    assert connect_options({"sessionId": "S1", "config": "small"}) == {"attach": "S1"}
    assert connect_options(None) == {}


def test_an_act_that_comes_late_or_without_a_ticket_is_not_done() -> None:
    class Clock(SystemClock):
        seconds = 0.0

        def monotonic(self) -> float:
            return self.seconds

    clock = Clock()
    tickets = Tickets(clock)
    tickets.give("A")
    assert tickets.take("A")
    assert not tickets.take("A")
    assert not tickets.take("B")
    tickets.give("C")
    clock.seconds = 4.0
    assert not tickets.take("C")


def test_an_interrupt_that_strikes_before_a_connect_runs_ends_it() -> None:
    rig = Rig(InterruptedKernel())
    rig.acts.do(CONNECT)
    state = rig.outcome("connect")
    assert state["phase"] == "failed"
    assert state["problem"]["message"].startswith("Interrupted")
    rig.kernel.run()
    assert rig.notebook.did == []
