"""Notices that queries began or ended: merged for each session, to its owner alone."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from lakesail_notebook.workloads.notices import BETWEEN_POLLS_SECONDS, Notices, QueryNotices
from lakesail_notebook.workloads.rules.notices import MERGED_SECONDS, NoticePacing
from tests.hasty import LoopClock, run_hastily


def test_the_first_news_of_a_session_is_told_at_once_and_what_follows_by_one_more_notice() -> None:
    pacing = NoticePacing()
    pacing.news("A")
    assert pacing.due(100.0) == ("A",)
    for _ in range(5):
        pacing.news("A")
    assert pacing.due(100.05) == ()
    assert pacing.pause(100.05) == pytest.approx(MERGED_SECONDS - 0.05)
    assert pacing.due(100.0 + MERGED_SECONDS) == ("A",)
    assert pacing.pause(100.0 + MERGED_SECONDS) is None
    assert pacing.due(200.0) == ()


def test_one_session_does_not_wait_for_another() -> None:
    pacing = NoticePacing()
    pacing.news("A")
    pacing.due(100.0)
    pacing.news("A")
    pacing.news("B")
    assert pacing.pause(100.1) == 0.0
    assert pacing.due(100.1) == ("B",)
    pacing.news("B")
    assert pacing.due(100.2) == ("A",)
    assert pacing.due(100.3) == ("B",)


def sessions(listener: Notices) -> list[str]:
    return [notice.session_id for notice in listener.take()]


def test_the_owner_alone_is_told() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        with notices.listening("ADA") as ada, notices.listening("ADA") as also_ada, notices.listening("BOB") as bob:
            notices.tell("S", "ADA")
            assert (sessions(ada), sessions(also_ada), sessions(bob)) == (["S"], ["S"], [])

    run_hastily(scenario())


def test_many_queries_are_few_notices() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        told = []
        with notices.listening("ADA") as ada:
            began = asyncio.get_running_loop().time()

            async def take() -> None:
                while True:
                    await ada.come()
                    told.append((asyncio.get_running_loop().time() - began, sessions(ada)))

            taking = asyncio.create_task(take())
            for _ in range(20):
                notices.tell("S", "ADA")
                last = asyncio.get_running_loop().time() - began
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            taking.cancel()
        assert all(of == ["S"] for _, of in told)
        pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(told)]
        assert min(pauses) >= MERGED_SECONDS - 0.01
        assert len(told) < 20
        assert told[-1][0] >= last, "the last change is told"

    run_hastily(scenario())


def test_what_happens_while_nobody_listens_is_not_kept() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        notices.tell("S", "ADA")
        with notices.listening("ADA") as ada:
            assert sessions(ada) == []
            notices.tell("S", "ADA")
            assert sessions(ada) == ["S"]
            notices.tell("S", "ADA")
        await asyncio.sleep(2 * MERGED_SECONDS)
        with notices.listening("ADA") as ada:
            assert sessions(ada) == []

    run_hastily(scenario())


def test_who_takes_slowly_has_one_notice_for_each_session() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        with notices.listening("ADA") as ada:
            for _ in range(3):
                notices.tell("A", "ADA")
                notices.tell("B", "ADA")
                await asyncio.sleep(2 * MERGED_SECONDS)
            assert sorted(sessions(ada)) == ["A", "B"]

    run_hastily(scenario())


def test_who_polls_misses_nothing_between_two_polls() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        with notices.polling("ADA", "K1") as one, notices.polling("ADA", "K1") as another:
            assert one is not another
        notices.tell("S", "ADA")
        with notices.polling("ADA", "K2") as elsewhere, notices.polling("BOB", "K1") as bob:
            assert sessions(elsewhere) == sessions(bob) == []
        with notices.polling("ADA", "K1") as one, notices.polling("ADA", "K1") as another:
            assert sessions(one) == sessions(another) == ["S"]
        with notices.polling("ADA", "K1") as one:
            assert sessions(one) == [], "it is told once"

    run_hastily(scenario())


def test_who_polls_no_more_is_forgotten() -> None:
    async def scenario() -> None:
        notices = QueryNotices(LoopClock())
        with notices.polling("ADA", None):
            pass
        notices.tell("S", "ADA")
        await asyncio.sleep(2 * BETWEEN_POLLS_SECONDS)
        with notices.polling("ADA", None) as ada:
            assert sessions(ada) == []

    run_hastily(scenario())
