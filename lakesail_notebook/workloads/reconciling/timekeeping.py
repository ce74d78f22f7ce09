"""What the passing of time does to sessions, and to what is remembered for a while only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ...clock import in_words
from ..ports import Kernels, Store
from ..records import SessionRecord
from ..rules import lifecycle
from ..rules.lifecycle import SessionMove
from .usage import Usage

JUMP = timedelta(seconds=30)
"""Passes so far apart mean that this machine slept, or that its clock was set: nobody could use a session meanwhile."""
KEEP_ANSWERS = timedelta(hours=24)
"""For so long a create may be retried under its idempotency key."""


class Timekeeper:
    def __init__(self, store: Store, kernels: Kernels, usage: Usage, now: datetime) -> None:
        self._store = store
        self._kernels = kernels
        self._usage = usage
        self._passed_at = now
        self._forgot_answers_at = now

    async def pass_time(self, sessions: Sequence[SessionRecord], now: datetime) -> list[str]:
        """Move what is to be moved by now; the sessions that are to end."""
        if now - self._passed_at > JUMP:
            for session in sessions:
                self._usage.note(session.id, now)
        await self._forget_answers(now)
        return [session.id for session in sessions if not await self._goes_on(session, now)]

    def pass_ended(self, began: datetime, seconds: float) -> None:
        """A long pass is no jump of the clock; a jump during a pass is one.

        :param seconds: how long the pass took by a clock that never jumps.
        """
        self._passed_at = began + timedelta(seconds=seconds)

    def end_of(self, stored: SessionRecord, now: datetime) -> SessionMove | None:
        """The end that is due, if one is."""
        move = lifecycle.due_move(self._usage.up_to_date(stored), now)
        return move if move is not None and move.to == "closed" else None

    async def _goes_on(self, stored: SessionRecord, now: datetime) -> bool:
        if self.end_of(stored, now) is not None:
            return False
        session = self._usage.up_to_date(stored)
        idles = lifecycle.due_move(session, now) is not None
        last_use = self._usage.to_be_written(stored, now)
        if idles or last_use is not None:
            await self._write(stored.id, last_use, now)
        await self._note_detachment(stored, now)
        await self._warn(session, now)
        return True

    async def _write(self, session_id: str, last_use: datetime | None, now: datetime) -> None:
        async with self._store.writing() as unit:
            if last_use is not None:
                await unit.set_last_activity(session_id, last_use)
            session = await unit.session(session_id)
            move = None if session is None else lifecycle.due_move(self._usage.up_to_date(session), now)
            if move is not None and move.to == "idle":
                await unit.move_session(session_id, move)

    async def _note_detachment(self, session: SessionRecord, now: datetime) -> None:
        attached = session.kernel_id is None or self._kernels.alive(session.kernel_id)
        if attached == (session.detached_since is None):
            return
        async with self._store.writing() as unit:
            await unit.set_detached_since(session.id, None if attached else now)

    async def _warn(self, session: SessionRecord, now: datetime) -> None:
        end = lifecycle.timeout_at(session)
        if end is None or not lifecycle.warning_due(session, now):
            return
        left = in_words((end - now).total_seconds())
        async with self._store.writing() as unit:
            await unit.mark_warned(session.id, f"Session {session.id} will close in {left}.", now)

    async def _forget_answers(self, now: datetime) -> None:
        if now < self._forgot_answers_at + KEEP_ANSWERS / 24:
            return
        self._forgot_answers_at = now
        async with self._store.writing() as unit:
            await unit.delete_idempotent_answers(now - KEEP_ANSWERS)
