from __future__ import annotations

import functools
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lakesail_notebook.clock import to_rfc3339
from lakesail_notebook.errors import Internal, Unavailable
from lakesail_notebook.models import SessionToken
from lakesail_notebook.spark.rpcs.session_token import RenewedToken, TokenLife, renewal

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class SetClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds()


class Issuer:
    """A control plane's token operation: tokens t1, t2, ... of an hour."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.issued = 0
        self.asked = 0
        self.down = False
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> SessionToken:
        self.asked += 1
        self.gate.wait(10)
        if self.down:
            raise Unavailable("The control plane does not answer.")
        self.issued += 1
        return SessionToken(token=f"t{self.issued}", expires_at=to_rfc3339(self.clock.time + HOUR))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def issuer(clock: SetClock) -> Issuer:
    return Issuer(clock)


@pytest.fixture
def token(clock: SetClock, issuer: Issuer) -> RenewedToken:
    return RenewedToken(issuer, clock)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("after", "due"),
    [(timedelta(0), "none"), (0.79 * HOUR, "none"), (0.8 * HOUR, "later"), (0.99 * HOUR, "later"), (HOUR, "now")],
)
def test_a_token_is_renewed_at_four_fifths_of_its_life(after: timedelta, due: str) -> None:
    life = TokenLife.of(START, START + HOUR)
    assert renewal(life, None, START + after) == due


def test_none_is_asked_for_until_the_pause_after_a_failure_is_over() -> None:
    life = TokenLife.of(START, START + HOUR)
    assert renewal(life, START + 2 * HOUR, START + HOUR) == "none"
    assert renewal(life, START + HOUR, START + HOUR) == "now"
    assert renewal(None, None, START) == "now"


def test_a_clock_that_is_ahead_of_the_servers_asks_at_most_once_a_second() -> None:
    life = TokenLife.of(START, START - HOUR)
    assert renewal(life, None, START + timedelta(seconds=0.7)) == "none"


def test_a_young_token_is_used_as_it_is(token: RenewedToken, issuer: Issuer, clock: SetClock) -> None:
    token.renew()
    clock.time += 0.7 * HOUR
    assert [token.text(), token.text()] == ["t1", "t1"]
    assert issuer.issued == 1


def test_an_old_token_is_used_while_the_next_one_is_fetched(
    token: RenewedToken, issuer: Issuer, clock: SetClock
) -> None:
    token.renew()
    clock.time += 0.9 * HOUR
    issuer.gate.clear()
    assert [token.text() for _ in range(5)] == ["t1"] * 5
    issuer.gate.set()
    eventually(lambda: token.text() == "t2")
    assert issuer.issued == 2


def test_a_dead_token_is_replaced_before_it_is_used_once_for_all_threads(
    token: RenewedToken, issuer: Issuer, clock: SetClock
) -> None:
    token.renew()
    clock.time += 8 * HOUR  # the laptop was closed
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(token.text())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["t2"] * 8
    assert issuer.issued == 2


def test_without_the_control_plane_the_dead_token_is_sent_and_the_trouble_is_told(
    token: RenewedToken, issuer: Issuer, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    token.renew()
    clock.time += 2 * HOUR
    issuer.down = True
    with caplog.at_level(logging.WARNING):
        assert [token.text(), token.text()] == ["t1", "t1"]
    assert issuer.asked == 2  # the second text came within the pause
    assert "does not answer" in caplog.text
    assert "t1" not in caplog.text

    issuer.down = False
    clock.time += timedelta(seconds=6)
    assert token.text() == "t2"


def test_the_first_fetch_says_what_is_wrong(token: RenewedToken, issuer: Issuer) -> None:
    issuer.down = True
    with pytest.raises(Unavailable):
        token.renew()
    with pytest.raises(Internal, match="no time"):
        RenewedToken(lambda: SessionToken(token="t", expires_at="soon"), SetClock()).renew()


def test_the_token_is_not_shown(token: RenewedToken) -> None:
    token.renew()
    assert token.text() == "t1"
    assert "t1" not in repr(token) + str(token) + repr(vars(token))


def _has_length(found: list[datetime], wanted: int) -> bool:
    return len(found) == wanted


def at_once(work: Callable[[], object], workers: int = 40) -> list[object]:
    """What so many threads make of it that begin together."""
    start, done = threading.Barrier(workers), []

    def run() -> None:
        start.wait(10)
        done.append(work())

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


@pytest.mark.parametrize("step_seconds", [12, 50, 70])
def test_forty_workers_on_one_token_have_each_fetched_once_in_ten_minutes(clock: SetClock, step_seconds: int) -> None:
    """A token of a minute is due at its 48th second; no worker asks for one that another has."""
    asked_at: list[datetime] = []

    def issue() -> SessionToken:
        asked_at.append(clock.time)
        return SessionToken(token=f"t{len(asked_at)}", expires_at=to_rfc3339(clock.time + timedelta(minutes=1)))

    token = RenewedToken(issue, clock)
    token.renew()
    end = clock.time + timedelta(minutes=10)
    while clock.time < end:
        clock.time += timedelta(seconds=step_seconds)
        wanted = len(asked_at) + (clock.time >= asked_at[-1] + timedelta(seconds=48))
        at_once(token.text)
        eventually(functools.partial(_has_length, asked_at, wanted))
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked_at)]
    assert min(gaps) >= timedelta(seconds=48)


def test_a_token_that_forty_workers_were_refused_with_is_replaced_once(token: RenewedToken, issuer: Issuer) -> None:
    token.renew()
    assert at_once(lambda: token.replaced("t1")) == [True] * 40
    assert (issuer.asked, token.text()) == (2, "t2")


def test_a_control_plane_that_is_down_is_asked_once_by_forty_workers_that_were_refused(
    token: RenewedToken, issuer: Issuer, clock: SetClock
) -> None:
    token.renew()
    issuer.down = True
    assert at_once(lambda: token.replaced("t1")) == [False] * 40
    assert issuer.asked == 2
    issuer.down = False
    clock.time += timedelta(seconds=6)
    assert token.replaced("t1")
