"""The apps of this control plane: each live marimo session on an engine that is ready has one, and no other has."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Literal

from ...clock import Clock, in_words
from ...errors import LakesailError
from ...models import LIVE_STATUSES
from ..apps_port import Apps, AppSpec
from ..environments import Environments
from ..ports import Owners
from ..records import SessionRecord, TerminationReason
from ..rules import lifecycle
from ..rules.apps import MARIMO, app_wanted, near_idle, seconds_between_looks
from ..rules.lifecycle import SessionMove
from ..settings import Settings
from ..store_port import Store
from .usage import Usage
from .work import Work

log = logging.getLogger(__name__)


def spec_of(apps: Apps, metadata: Mapping[str, str]) -> AppSpec:
    """:raises InvalidArgument: when the metadata asks for no app that there can be."""
    wanted = app_wanted(metadata)
    return AppSpec(
        file=apps.path_of(wanted.file),
        mode=wanted.mode,
        python=wanted.python,
        working_directory=wanted.working_directory,
    )


class AppKeeping:
    """One pass looks at all; what takes time is a task of its own.

    :param end: ends a session as is decided when it is written.
    """

    def __init__(
        self,
        *,
        apps: Apps,
        store: Store,
        owners: Owners,
        environments: Environments,
        usage: Usage,
        work: Work,
        clock: Clock,
        settings: Settings,
        end: Callable[[str, Callable[[SessionRecord], SessionMove | None]], Coroutine[Any, Any, None]],
    ) -> None:
        self._apps = apps
        self._store = store
        self._owners = owners
        self._environments = environments
        self._usage = usage
        self._work = work
        self._clock = clock
        self._settings = settings
        self._end = end
        self._starting: set[str] = set()
        self._started: set[str] = set()
        """Those that served once: none of them is started again."""
        self._looked_at: dict[str, float] = {}

    async def watch(self, wake: Callable[[], None]) -> None:
        """The next pass sees which one has ended."""
        async for _ in self._apps.ended():
            wake()

    async def keep(self, now: datetime) -> None:
        """One pass."""
        async with self._store.reading() as view:
            live = {one.id: one for one in await view.live_sessions_of_type(MARIMO, self._owners.mine)}
            fresh = {one.workload_id for one in live.values() if one.id not in self._started}
            ready = {row.id for row in await view.workloads(fresh) if row.infra_status == "ready"} if fresh else set()
        for session_id in self._starting - live.keys():
            self._starting.discard(session_id)  # a second cancellation would break off what cleans up after it
            self._work.cancel(_key(session_id))
        for session_id in self._started - live.keys():
            self._work.begin("stop app", _key(session_id), functools.partial(self._stop, session_id))
        for session in live.values():
            if session.id not in self._started:
                self._usage.note(session.id, now)  # nobody can use its page yet
                if session.workload_id in ready:
                    self._work.begin("start app", _key(session.id), functools.partial(self._start, session))
            elif self._apps.address_of(session.id) is None:
                self._work.begin("end app", _key(session.id), functools.partial(self._follow, session.id))
            elif self._look_is_due(session, now):
                self._work.begin("look at app", _key(session.id), functools.partial(self._look, session))

    async def _start(self, session: SessionRecord) -> None:
        if not await self._lives(session.id):
            return  # it has ended while others were started before it
        self._starting.add(session.id)
        try:
            failure = await self._failure_of_start(session)
        finally:
            self._starting.discard(session.id)
        if failure is None:
            self._started.add(session.id)
            self._usage.note(session.id, self._clock.now())
        else:
            await self._end_as(session.id, *failure)

    async def _failure_of_start(self, session: SessionRecord) -> tuple[TerminationReason, str] | None:
        """Start its app; ``None``: it serves."""
        limit = self._settings.limits.start_timeout_seconds
        try:
            async with asyncio.timeout(limit):
                environment = self._environments.of(session.workload_id)
                await self._apps.start(session, spec_of(self._apps, session.metadata), environment)
        except LakesailError as error:
            log.warning("reconciler: marimo of session %s could not start: %s", session.id, error.message)
            return "start_failed", f"could not start: {error.message.rstrip('.')}"
        except TimeoutError:
            cure = "start_timeout_seconds of c.LakesailApp.limits allows more"
            return "start_timeout", f"could not start: marimo did not answer within {in_words(limit)} ({cure})"
        except Exception:
            log.exception("reconciler: marimo of session %s could not start", session.id)
            return "start_failed", "could not start: a fault that the server's log has more of"
        return None

    async def _lives(self, session_id: str) -> bool:
        async with self._store.reading() as view:
            session = await view.session(session_id)
        return session is not None and session.status in LIVE_STATUSES

    async def _follow(self, session_id: str) -> None:
        """Its app has ended, and so does the session."""
        words = await self._apps.last_words(session_id)
        if words is None:
            await self._end_as(session_id, "user_closed", "was closed because its marimo was shut down", to="closed")
        else:
            await self._end_as(session_id, "engine_crashed", f"failed: {words}")

    async def _stop(self, session_id: str) -> None:
        await self._apps.stop(session_id)
        self._started.discard(session_id)
        self._looked_at.pop(session_id, None)

    async def _look(self, session: SessionRecord) -> None:
        """A kernel that computes is activity, though nobody has its page open."""
        if not await self._apps.busy(session.id):
            return
        now = self._clock.now()
        self._usage.note(session.id, now)
        if session.status == "idle":
            async with self._store.writing() as unit:
                await unit.move_session(session.id, SessionMove(to="active", at=now))

    def _look_is_due(self, session: SessionRecord, now: datetime) -> bool:
        at = self._clock.monotonic()
        last = self._looked_at.get(session.id)
        if last is not None and at < last + seconds_between_looks(session):
            return False
        if not near_idle(self._usage.up_to_date(session), now):
            return False
        self._looked_at[session.id] = at
        return True

    async def _end_as(
        self, session_id: str, reason: TerminationReason, what: str, to: Literal["closed", "failed"] = "failed"
    ) -> None:
        now = self._clock.now()
        await self._end(session_id, lambda one: lifecycle.ending(one.id, to, now, reason, what))


def _key(session_id: str) -> str:
    """Of the work on an app, which goes on beside that on its session."""
    return f"app {session_id}"
