"""RPCs in flight: their limit, how they are cut, and what they say of a session's use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import ResourceExhausted
from lakesail_notebook.session_proxy.auth import SessionClosed
from lakesail_notebook.session_proxy.running_rpcs import MAX_CALLS_PER_SESSION, RunningRpc, RunningRpcs


@pytest.fixture
def calls() -> RunningRpcs:
    return RunningRpcs(SystemClock())


async def run_call(
    calls: RunningRpcs,
    session_id: str,
    work: Callable[[], Awaitable[object]],
    *,
    passes: bool = True,
    relieves: bool = False,
) -> None:
    with RunningRpc(calls, session_id, relieves=relieves) as call:
        if passes:
            call.passes()
        await work()


async def started(
    calls: RunningRpcs, session_id: str, work: Callable[[], Awaitable[object]], *, relieves: bool = False
) -> asyncio.Task[None]:
    task = asyncio.create_task(run_call(calls, session_id, work, relieves=relieves))
    await asyncio.sleep(0)
    return task


def test_a_cut_call_ends_with_its_reason(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        cut = await started(calls, "A", asyncio.Event().wait)
        spared = await started(calls, "B", asyncio.Event().wait)
        calls.cut("A", SessionClosed("A is over."))
        with pytest.raises(SessionClosed, match="A is over"):
            await cut
        assert not spared.done()
        spared.cancel()

    asyncio.run(scenario())


def test_a_client_that_goes_away_is_a_plain_cancellation(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        task = await started(calls, "A", asyncio.Event().wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_a_client_that_goes_away_from_a_cut_call_is_a_cancellation_too(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        task = await started(calls, "A", asyncio.Event().wait)
        calls.cut("A", SessionClosed("over"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_a_cut_call_can_still_send_its_answer(calls: RunningRpcs) -> None:
    """The cancellation that cut it must not hit what comes after."""

    async def answer() -> str:
        try:
            await run_call(calls, "A", asyncio.Event().wait)
        except SessionClosed as closed:
            await asyncio.sleep(0)
            return closed.message
        return "not cut"

    async def scenario() -> str:
        task = asyncio.create_task(answer())
        await asyncio.sleep(0)
        calls.cut_all(SessionClosed("over"))
        return await task

    assert asyncio.run(scenario()) == "over"


def test_a_session_has_so_many_calls_at_most(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        running = [await started(calls, "A", asyncio.Event().wait) for _ in range(MAX_CALLS_PER_SESSION)]
        with pytest.raises(ResourceExhausted, match="in flight"):
            await run_call(calls, "A", asyncio.Event().wait)
        await run_call(calls, "B", lambda: asyncio.sleep(0))
        calls.cut("A", SessionClosed("over"))
        await asyncio.gather(*running, return_exceptions=True)
        await run_call(calls, "A", lambda: asyncio.sleep(0))

    asyncio.run(scenario())


def test_a_call_that_ends_others_passes_the_limit_and_can_be_cut(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        running = [await started(calls, "A", asyncio.Event().wait) for _ in range(MAX_CALLS_PER_SESSION)]
        relieving = await started(calls, "A", asyncio.Event().wait, relieves=True)
        calls.cut("A", SessionClosed("over"))
        with pytest.raises(SessionClosed):
            await relieving
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(scenario())


def test_a_running_call_is_reported_until_it_has_ended(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        done = asyncio.Event()
        task = await started(calls, "A", done.wait)
        for _ in range(2):
            (activity,) = calls.report()
            assert (activity.session_id, activity.running, activity.seconds_since) == ("A", 1, 0.0)
            assert calls.used.is_set()
        done.set()
        await task
        (activity,) = calls.report()
        assert activity.running == 0
        assert activity.seconds_since < 1
        assert calls.report() == []
        assert not calls.used.is_set()

    asyncio.run(scenario())


def test_a_refused_call_is_no_activity(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        await run_call(calls, "A", lambda: asyncio.sleep(0), passes=False)
        assert not calls.used.is_set()
        assert calls.report() == []

    asyncio.run(scenario())


def test_a_report_that_was_lost_is_made_again(calls: RunningRpcs) -> None:
    async def scenario() -> None:
        await run_call(calls, "A", lambda: asyncio.sleep(0))
        clock = SystemClock()
        lost, made_at = calls.report(), clock.monotonic()
        assert calls.report() == []
        calls.not_reported(lost, made_at - 100)
        assert calls.used.is_set()
        (again,) = calls.report()
        assert again.session_id == "A"
        assert 100 <= again.seconds_since < 101

    asyncio.run(scenario())
