"""What the passing of time does to sessions, and to what is remembered for a while only."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from ...clock import Clock, in_words
from ..ports import Kernels, Owners
from ..records import SessionRecord
from ..rules import lifecycle
from ..rules.lifecycle import SessionMove
from ..store_port import Store, Writing
from .usage import Usage
from .work import Work

JUMP = timedelta(seconds=30)
"""Passes so far apart mean that this machine slept, or that its clock was set: nobody could use a session meanwhile."""
KEEP_ANSWERS = timedelta(hours=24)
"""For so long a create may be retried under its idempotency key."""
DUE_AT_ONCE = 500
"""Sessions of one pass; what is left is due in the next one."""
_LATER = timedelta(seconds=1)
_GONE_KERNELS_KEPT = timedelta(seconds=60)
"""A session may be added for a kernel that is just ending."""


class Timekeeper:
    """Attends to the sessions whose due time has come, and to those of kernels that ended.

    :param end: closes a session as is decided when it is written.
    """

    def __init__(
        self,
        *,
        store: Store,
        owners: Owners,
        kernels: Kernels,
        usage: Usage,
        work: Work,
        clock: Clock,
        end: Callable[[str, Callable[[SessionRecord], SessionMove | None]], Coroutine[Any, Any, None]],
    ) -> None:
        self._store = store
        self._owners = owners
        self._kernels = kernels
        self._usage = usage
        self._work = work
        self._clock = clock
        self._end = end
        self._passed_at = clock.now()
        self._forgot_answers_at = clock.now()
        self._living: frozenset[str] | None = None
        self._gone: deque[tuple[datetime, frozenset[str]]] = deque()

    async def pass_time(self, now: datetime) -> None:
        """One pass: at most :data:`DUE_AT_ONCE` sessions, each apart from the others."""
        if now - self._passed_at > JUMP:
            self._usage.nobody_could_until(now)
        await self._work.attempt("forget", "answers", functools.partial(self._forget_answers, now))
        await self._work.attempt("look at", "kernels", functools.partial(self._note_kernels, now))
        async with self._store.reading() as view:
            due = await view.due_sessions(self._owners.mine, now, limit=DUE_AT_ONCE)
        for session in due:
            await self._work.attempt("attend", session.id, functools.partial(self._attend, session, now))

    def pass_ended(self, began: datetime, seconds: float) -> None:
        """A long pass is no jump of the clock; a jump during a pass is one.

        :param seconds: how long the pass took by a clock that never jumps.
        """
        self._passed_at = began + timedelta(seconds=seconds)

    async def _attend(self, stored: SessionRecord, now: datetime) -> None:
        if self._end_of(stored, now) is not None:
            # Decided once more where it is written: somebody may have used it, or asked for more time, meanwhile.
            self._work.begin(
                "end", stored.id, lambda: self._end(stored.id, lambda one: self._end_of(one, self._clock.now()))
            )
            return
        async with self._store.writing() as unit:
            session = await unit.session(stored.id)
            if session is not None:
                await self._move_on(unit, session, now)

    def _end_of(self, stored: SessionRecord, now: datetime) -> SessionMove | None:
        """The end that is due, if one is."""
        move = lifecycle.due_move(self._usage.up_to_date(stored), now)
        return move if move is not None and move.to == "closed" else None

    async def _move_on(self, unit: Writing, stored: SessionRecord, now: datetime) -> None:
        """Whatever time asks of a session that goes on, and when to look at it again."""
        session = self._usage.up_to_date(stored)
        if session.last_activity_at > stored.last_activity_at:
            await unit.set_last_activity(session.id, session.last_activity_at)
        move = lifecycle.due_move(session, now)
        if move is not None and move.to == "idle":
            session = self._usage.up_to_date(await unit.move_session(session.id, move) or session)
        if lifecycle.warning_due(session, now):
            end = lifecycle.timeout_at(session) or now
            message = f"Session {session.id} will close in {in_words((end - now).total_seconds())}."
            await unit.mark_warned(session.id, message, now)
            session = self._usage.up_to_date(await unit.session(session.id) or session)
        due = lifecycle.due_at(session)
        if due is not None:
            await unit.set_due(session.id, max(due, now + _LATER))

    async def _note_kernels(self, now: datetime) -> None:
        """Sessions of kernels that ended are detached, and attached again when their kernel is back."""
        living = self._kernels.living()
        if self._living is None:
            changed: frozenset[str] | None = None
        else:
            gone = self._living - living
            if gone:
                self._gone.append((now, gone))
            while self._gone and now - self._gone[0][0] > _GONE_KERNELS_KEPT:
                self._gone.popleft()
            changed = (living - self._living).union(*(kernels for _, kernels in self._gone))
        if changed is None or changed:
            async with self._store.reading() as view:
                sessions = await view.sessions_of_kernels(self._owners.mine, changed)
            for session in filter(self._needs_a_note, sessions):
                await self._note_detachment(session.id, now)
        self._living = living

    async def _note_detachment(self, session_id: str, now: datetime) -> None:
        async with self._store.writing() as unit:
            session = await unit.session(session_id)  # another kernel may have taken it since it was read
            if session is not None and self._needs_a_note(session):
                await unit.set_detached_since(session_id, None if self._is_attached(session) else now)

    def _needs_a_note(self, session: SessionRecord) -> bool:
        return self._is_attached(session) != (session.detached_since is None)

    def _is_attached(self, session: SessionRecord) -> bool:
        return session.kernel_id is None or self._kernels.alive(session.kernel_id)

    async def _forget_answers(self, now: datetime) -> None:
        if now < self._forgot_answers_at + KEEP_ANSWERS / 24:
            return
        self._forgot_answers_at = now
        async with self._store.writing() as unit:
            await unit.delete_idempotent_answers(now - KEEP_ANSWERS)
