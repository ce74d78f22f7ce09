"""What quotas allow, and what they say when they do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import ResourceExhausted
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.rules.quotas import (
    TEAM_QUOTAS,
    WINDOW,
    Quotas,
    SlidingWindow,
    quotas_from,
    seconds_until_room,
)
from lakesail_notebook.workloads.services.quota_keeper import QuotaKeeper
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import NOW, a_principal, a_session

ADA = a_principal(id="ADA", team_ids=("RED",))
CAL = a_principal(id="CAL", team_ids=("RED",))
SUE = a_principal(id="SUE", team_ids=("BLUE",))
TED = a_principal(id="TED", team_ids=("RED",), admin_of=frozenset({"RED"}))


def with_sessions(path: Path, count: int, work: Callable[[Writing, list[str]], Coroutine[Any, Any, None]]) -> None:
    """Run ``work`` in a store where Ada has so many live sessions, and a closed one."""

    async def run() -> None:
        store = await open_store(f"sqlite:///{path / 'lakesail.db'}")
        ids = [f"ADA{number}" for number in range(count)]
        async with store.writing() as unit:
            for number, session_id in enumerate(ids):
                status = ("pending", "active", "idle")[number % 3]
                await unit.add_session(a_session(id=session_id, member_id="ADA", team_id="RED", status=status))
            await unit.add_session(a_session(id="OVER", member_id="ADA", team_id="RED", status="closed"))
            await work(unit, ids)
        await store.close()

    asyncio.run(run())


async def refusal(quotas: Quotas, unit: Writing, principal: Principal, team_id: str, **more: Any) -> ResourceExhausted:
    with pytest.raises(ResourceExhausted) as refused:
        await QuotaKeeper(quotas).check_create(unit, principal, team_id, NOW, **more)
    return refused.value


def test_a_member_at_its_quota_is_told_which_sessions_fill_it(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        quotas = Quotas(live_sessions_per_member=3)
        error = await refusal(quotas, unit, ADA, "RED")
        assert error.reason == "live_sessions_per_member"
        assert error.message.startswith("You have 3 live sessions (")
        assert "one member" in error.message
        assert all(session_id in error.message for session_id in ids)
        assert "OVER" not in error.message
        assert error.retry_after_seconds == 60
        await QuotaKeeper(Quotas(live_sessions_per_member=4)).check_create(unit, ADA, "RED", NOW)

    with_sessions(tmp_path, 3, work)


def test_one_members_sessions_do_not_starve_another(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        await QuotaKeeper(Quotas(live_sessions_per_member=3)).check_create(unit, CAL, "RED", NOW)

    with_sessions(tmp_path, 3, work)


def test_the_owners_quota_counts_when_an_administrator_creates(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        quotas = Quotas(live_sessions_per_member=3)
        assert (await refusal(quotas, unit, TED, "RED", caller_id="ADA")).message.startswith("ADA has 3 live sessions")
        await QuotaKeeper(quotas).check_create(unit, TED, "RED", NOW)

    with_sessions(tmp_path, 3, work)


def test_an_administrator_is_told_no_session_of_another_team(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        await unit.add_session(a_session(id="ADABLUE", member_id="ADA", team_id="BLUE"))
        message = (await refusal(Quotas(live_sessions_per_member=4), unit, TED, "RED", caller_id="ADA")).message
        assert all(session_id in message for session_id in ids)
        assert "ADABLUE" not in message

    with_sessions(tmp_path, 3, work)


@pytest.mark.parametrize(
    ("quotas", "reason"),
    [
        (Quotas(live_sessions_per_team=3), "live_sessions_per_team"),
        (Quotas(live_sessions_per_server=3), "live_sessions_per_server"),
    ],
)
def test_a_shared_quota_names_no_session_that_the_caller_may_not_see(
    tmp_path: Path, quotas: Quotas, reason: str
) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        hidden = await refusal(quotas, unit, CAL, "RED")
        assert hidden.reason == reason
        assert not any(session_id in hidden.message for session_id in ids)
        assert "administrator" in hidden.message
        shown = await refusal(quotas, unit, TED, "RED")
        assert all(session_id in shown.message for session_id in ids)

    with_sessions(tmp_path, 3, work)


def test_another_teams_sessions_do_not_count_against_a_team(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        await QuotaKeeper(Quotas(live_sessions_per_team=3)).check_create(unit, SUE, "BLUE", NOW)

    with_sessions(tmp_path, 3, work)


def test_a_long_list_of_sessions_is_cut(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        message = (await refusal(Quotas(live_sessions_per_member=12), unit, ADA, "RED")).message
        assert sum(session_id in message.split("(")[1].split(", ") for session_id in ids) == 10
        assert ", …)" in message

    with_sessions(tmp_path, 12, work)


def test_a_refusal_for_live_sessions_uses_up_no_rate(tmp_path: Path) -> None:
    async def work(unit: Writing, ids: list[str]) -> None:
        keeper = QuotaKeeper(Quotas(live_sessions_per_member=3, creates_per_minute=1))
        for _ in range(3):
            with pytest.raises(ResourceExhausted, match="live sessions"):
                await keeper.check_create(unit, ADA, "RED", NOW)
        await keeper.check_create(unit, CAL, "RED", NOW)
        with pytest.raises(ResourceExhausted, match="1 sessions a minute") as refused:
            await keeper.check_create(unit, CAL, "RED", NOW + timedelta(seconds=20))
        assert (refused.value.reason, refused.value.retry_after_seconds) == ("creates_per_minute", 40)

    with_sessions(tmp_path, 3, work)


def test_tokens_have_a_rate_of_their_own_for_each_caller() -> None:
    keeper = QuotaKeeper(Quotas(tokens_per_minute=2))
    keeper.check_token(ADA, NOW)
    keeper.check_token(ADA, NOW + timedelta(seconds=30))
    keeper.check_token(CAL, NOW + timedelta(seconds=30))
    with pytest.raises(ResourceExhausted, match="2 session tokens a minute; try again in 20 s") as refused:
        keeper.check_token(ADA, NOW + timedelta(seconds=40))
    assert refused.value.reason == "tokens_per_minute"
    keeper.check_token(ADA, NOW + timedelta(seconds=60))


def test_a_single_user_has_no_rates() -> None:
    keeper = QuotaKeeper(Quotas())
    for _ in range(1000):
        keeper.check_token(ADA, NOW)


@given(
    limit=st.integers(0, 5),
    gaps=st.lists(st.floats(0, 50, allow_nan=False), max_size=40),
)
def test_no_window_of_a_minute_ever_holds_more_than_the_limit(limit: int, gaps: list[float]) -> None:
    window, now, granted = SlidingWindow(limit), NOW, list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        wait = window.count("ADA", now)
        if wait is None:
            granted.append(now)
        else:
            assert 0 < wait <= WINDOW.total_seconds()
        assert len([moment for moment in granted if now - WINDOW < moment <= now]) <= limit


@given(moments=st.lists(st.integers(0, 59), min_size=1, max_size=5), later=st.integers(0, 59))
def test_after_the_wait_that_is_told_there_is_room(moments: list[int], later: int) -> None:
    given_at = [NOW + timedelta(seconds=seconds) for seconds in sorted(moments)]
    now = given_at[-1] + timedelta(seconds=later)
    wait = seconds_until_room(given_at, len(given_at), now)
    assert wait is None or seconds_until_room(given_at, len(given_at), now + timedelta(seconds=wait)) is None


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    window = SlidingWindow(1)
    assert window.count("ADA", NOW) is None
    assert window.count("ADA", NOW - timedelta(hours=1)) is None


def test_callers_who_have_been_quiet_are_forgotten() -> None:
    window = SlidingWindow(1)
    for number in range(1001):
        window.count(f"CALLER{number}", NOW)
    window.count("ADA", NOW + timedelta(minutes=2))
    assert window.remembered() == {"ADA"}


def test_the_trait_changes_what_it_names() -> None:
    assert quotas_from({}, TEAM_QUOTAS) == TEAM_QUOTAS
    changed = quotas_from({"live_sessions_per_member": 3, "tokens_per_minute": None}, TEAM_QUOTAS)
    assert (changed.live_sessions_per_member, changed.creates_per_minute, changed.tokens_per_minute) == (3, 30, None)


@pytest.mark.parametrize("trait", [{"sessions": 1}, {"tokens_per_minute": -1}, {"creates_per_minute": "3"}])
def test_what_is_no_quota_is_refused(trait: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="quotas"):
        quotas_from(trait, Quotas())


@pytest.mark.parametrize("value", [True, 1.5])
def test_a_quota_is_a_whole_number(value: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        quotas_from({"tokens_per_minute": value}, Quotas())
