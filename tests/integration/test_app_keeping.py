"""The apps of marimo sessions, started, watched and ended by the reconciler: by hand, without marimo."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from lakesail_notebook import models
from lakesail_notebook.errors import FieldError
from lakesail_notebook.workloads.apps_port import AppAddress, AppSpec
from lakesail_notebook.workloads.reconciling.work import AT_ONCE
from lakesail_notebook.workloads.records import SessionRecord

from .by_hand import SOMEBODY, ClockByHand, Plane, in_plane, settled

SECONDS_OF_A_PASS = 5
DEADLINE_SECONDS = 60


class AppsByHand:
    """Implements ``Apps``."""

    unavailable = None

    def __init__(self) -> None:
        self.may_start, self.may_clean_up = asyncio.Event(), asyncio.Event()
        self.may_start.set()
        self.may_clean_up.set()
        self.starts: Counter[str] = Counter()
        self.serving: set[str] = set()
        self.cleaned_up: set[str] = set()
        self.computes = False
        self.words: str | None = None

    def path_of(self, file: str) -> str:
        return f"/root/{file}"

    async def validate(self, spec: AppSpec) -> Sequence[FieldError]:
        return ()

    async def start(self, session: SessionRecord, spec: AppSpec, environment: Mapping[str, str] | None = None) -> None:
        self.starts[session.id] += 1
        try:
            await self.may_start.wait()
        except asyncio.CancelledError:
            await self.may_clean_up.wait()
            self.cleaned_up.add(session.id)
            raise
        self.serving.add(session.id)

    def address_of(self, session_id: str) -> AppAddress | None:
        return AppAddress(1, "token") if session_id in self.serving else None

    async def ended(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    async def last_words(self, session_id: str) -> str | None:
        return self.words

    async def busy(self, session_id: str) -> bool:
        return self.computes

    def log_tail(self, session_id: str, count: int) -> Sequence[str]:
        return ()

    def revoke(self, session_id: str) -> None:
        return

    async def stop(self, session_id: str) -> None:
        self.serving.discard(session_id)

    async def close(self) -> None:
        self.serving.clear()


async def requested(plane: Plane) -> models.Session:
    """A marimo session whose engine waits for the next pass, and its app for the one after it."""
    config = models.SessionConfig(idle_timeout_seconds=60, idle_close_delay_seconds=0)
    metadata = {models.MARIMO_FILE_KEY: "nb.py"}
    wanted = models.SessionCreate(endpoint_type="marimo", metadata=metadata, config=config)
    return await plane.launches.create(SOMEBODY, wanted)


async def now_of(plane: Plane, session: models.Session) -> models.Session:
    return await plane.sessions.describe(SOMEBODY, session.id)


async def start_begins(plane: Plane, apps: AppsByHand, count: int) -> None:
    """One pass of the reconciler, until it starts so many apps, which it is not let to do."""
    apps.may_start.clear()
    await plane.reconciler.reconcile()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while apps.starts.total() < count:
            await asyncio.sleep(0.01)


async def after_its_marimo(plane: Plane, apps: AppsByHand, session: models.Session) -> models.Session:
    """A session whose marimo has served, and then ended."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while session.id not in apps.serving:
            await plane.reconcile()
    apps.serving.clear()
    await plane.reconcile()
    return await now_of(plane, session)


def test_a_marimo_that_is_shut_down_on_its_page_ends_the_session_as_closed_by_the_user(tmp_path: Path) -> None:
    apps = AppsByHand()

    async def work(plane: Plane) -> None:
        session = await requested(plane)
        await plane.reconcile()
        assert "as soon as marimo has started" in ((await now_of(plane, session)).status_message or "")
        over = await after_its_marimo(plane, apps, session)
        assert (over.status, over.termination_reason) == ("closed", "user_closed")
        assert over.status_message == f"Session {session.id} was closed because its marimo was shut down."

    in_plane(tmp_path, work, apps=apps)


def test_a_marimo_that_ends_by_itself_fails_the_session_with_its_last_words(tmp_path: Path) -> None:
    apps = AppsByHand()
    apps.words = "marimo ended with exit code 3; its last words: no space left"

    async def work(plane: Plane) -> None:
        session = await requested(plane)
        over = await after_its_marimo(plane, apps, session)
        assert (over.status, over.termination_reason) == ("failed", "engine_crashed")
        assert over.status_message == f"Session {session.id} failed: {apps.words}."

    in_plane(tmp_path, work, apps=apps)


def test_a_session_that_ends_while_others_are_started_before_it_gets_no_marimo(tmp_path: Path) -> None:
    apps, at_once = AppsByHand(), AT_ONCE["start app"]

    async def work(plane: Plane) -> None:
        sessions = [await requested(plane) for _ in range(at_once + 1)]
        await plane.reconcile()
        await start_begins(plane, apps, at_once)
        [waiting] = [session for session in sessions if session.id not in apps.starts]
        await plane.sessions.close(SOMEBODY, waiting.id)
        apps.may_start.set()
        await settled()
        assert apps.serving == {session.id for session in sessions} - {waiting.id}
        assert waiting.id not in apps.starts

    in_plane(tmp_path, work, apps=apps)


def test_the_start_of_a_closed_session_is_broken_off_once_so_that_its_clean_up_ends(tmp_path: Path) -> None:
    apps = AppsByHand()
    apps.may_clean_up.clear()

    async def work(plane: Plane) -> None:
        session = await requested(plane)
        await plane.reconcile()
        await start_begins(plane, apps, 1)
        await plane.sessions.close(SOMEBODY, session.id)
        for _ in range(3):
            await plane.reconciler.reconcile()
            await asyncio.sleep(0)  # what was cancelled runs
        apps.may_clean_up.set()
        await settled()
        assert apps.cleaned_up == {session.id}
        assert (await now_of(plane, session)).termination_reason == "user_closed"

    in_plane(tmp_path, work, apps=apps)


def test_a_kernel_that_computes_keeps_its_session_until_it_rests(tmp_path: Path) -> None:
    apps, clock = AppsByHand(), ClockByHand()

    async def time_passes(plane: Plane, seconds: int) -> None:
        for _ in range(seconds // SECONDS_OF_A_PASS):
            clock.advance(SECONDS_OF_A_PASS)
            await plane.reconcile()

    async def work(plane: Plane) -> None:
        session = await requested(plane)
        await plane.reconcile()
        await plane.reconcile()
        await plane.reports.used_now(session.id)
        apps.computes = True
        await time_passes(plane, 300)
        assert (await now_of(plane, session)).status == "active"
        apps.computes = False
        await time_passes(plane, 80)
        over = await now_of(plane, session)
        assert (over.status, over.termination_reason) == ("closed", "idle_timeout")
        assert not apps.serving

    in_plane(tmp_path, work, apps=apps, clock=clock)
