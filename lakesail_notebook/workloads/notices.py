"""Notices that queries of a session began or ended, or that other kernels use it.

They are told to its owner who listens at that moment, and kept nowhere. Somebody who polls does not listen between two
polls. What is told meanwhile waits for the next poll, for a short time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from ..clock import Clock
from .rules.notices import NoticePacing

BETWEEN_POLLS_SECONDS = 5.0
"""Who does not poll again within so long has ended."""


@dataclass(frozen=True, slots=True)
class Notice:
    session_id: str
    at: datetime


class Notices:
    """What one listener has not taken yet; of each session, the last notice."""

    def __init__(self) -> None:
        self._waiting: dict[str, Notice] = {}
        self._came = asyncio.Event()

    def put(self, notice: Notice) -> None:
        self._waiting[notice.session_id] = notice
        self._came.set()

    async def come(self) -> None:
        """Return when there is something to take."""
        await self._came.wait()

    def take(self) -> tuple[Notice, ...]:
        taken = tuple(self._waiting.values())
        self._waiting.clear()
        self._came.clear()
        return taken


@dataclass(frozen=True, slots=True, eq=False)
class _Listening:
    """Somebody who listens, until ``end`` is closed."""

    notices: Notices
    end: ExitStack


class QueryNotices:
    """Tells listeners, merged for each session (:mod:`.rules.notices`). It lives in one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pacing = NoticePacing()
        self._owners: dict[str, str] = {}
        """Of the sessions that have news."""
        self._listeners: dict[str, set[Notices]] = {}
        """By owner."""
        self._between_polls: dict[tuple[str, str | None], dict[_Listening, asyncio.TimerHandle]] = {}
        """By who polls: those that wait for a next poll, each with the timer that ends it."""
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, session_id: str, owner_id: str) -> None:
        """Queries of a session began or ended, or other kernels use it; which can be read."""
        if owner_id not in self._listeners:
            return
        self._owners[session_id] = owner_id
        self._pacing.news(session_id)
        self._deliver()

    @contextmanager
    def listening(self, owner_id: str) -> Iterator[Notices]:
        """What is told of this owner's sessions from now on."""
        mine = Notices()
        self._listeners.setdefault(owner_id, set()).add(mine)
        try:
            yield mine
        finally:
            others = self._listeners[owner_id]
            others.discard(mine)
            if not others:
                del self._listeners[owner_id]

    @contextmanager
    def polling(self, owner_id: str, kernel_id: str | None) -> Iterator[Notices]:
        """As :meth:`listening`; the next poll of this kernel, or of this login, begins with what was told meanwhile."""
        who = (owner_id, kernel_id)
        listening = self._taken_up(who)
        try:
            yield listening.notices
        finally:
            timer = asyncio.get_running_loop().call_later(BETWEEN_POLLS_SECONDS, self._end, who, listening)
            self._between_polls.setdefault(who, {})[listening] = timer

    def _taken_up(self, who: tuple[str, str | None]) -> _Listening:
        """What an earlier poll left, or a new one."""
        left = self._between_polls.get(who, {})
        if not left:
            end = ExitStack()
            return _Listening(end.enter_context(self.listening(who[0])), end)
        listening = next(iter(left))
        self._leave(who, listening).cancel()
        return listening

    def _end(self, who: tuple[str, str | None], listening: _Listening) -> None:
        self._leave(who, listening)
        listening.end.close()

    def _leave(self, who: tuple[str, str | None], listening: _Listening) -> asyncio.TimerHandle:
        left = self._between_polls[who]
        timer = left.pop(listening)
        if not left:
            del self._between_polls[who]
        return timer

    def _deliver(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for session_id in self._pacing.due(self._clock.monotonic()):
            notice = Notice(session_id, self._clock.now())
            for listener in self._listeners.get(self._owners.pop(session_id), ()):
                listener.put(notice)
        pause = self._pacing.pause(self._clock.monotonic())
        if pause is not None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._deliver)
