"""Other control planes on the same database: whether they live, and what they did to sessions that run here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta

from ..filters import EventFilter
from ..ports import Owners
from ..records import Owner, SessionRecord, WorkloadRecord
from ..store_port import Reading, Store

SILENCE = timedelta(seconds=60)
"""A control plane that has not said for so long that it lives is dead to those who cannot look at its process."""
_EVENTS_AT_ONCE = 1000
_OVER = frozenset({"closed", "failed"})


class Neighbours:
    def __init__(self, store: Store, owners: Owners) -> None:
        self._store = store
        self._owners = owners
        self._said_at = datetime.min.replace(tzinfo=UTC)
        self._seen_event = 0

    async def begin(self, now: datetime) -> None:
        """Be known to the others; what they did until now is past."""
        async with self._store.reading() as view:
            self._seen_event = await view.last_event_sequence()
        await self.say_that_we_live(now)

    async def say_that_we_live(self, now: datetime) -> None:
        if now < self._said_at + SILENCE / 4:
            return
        async with self._store.writing() as unit:
            await unit.touch_owner(self._owners.mine, now)
        self._said_at = now

    async def dead_among(self, view: Reading, workloads: Iterable[WorkloadRecord], now: datetime) -> Collection[Owner]:
        """The owners of these workloads that are dead. Nobody touches what a living one owns."""
        owners = {workload.owner for workload in workloads if workload.owner is not None}
        return {owner for owner in owners if await self._is_dead(view, owner, now)}

    async def _is_dead(self, view: Reading, owner: Owner, now: datetime) -> bool:
        alive = self._owners.alive(owner)
        if alive is not None:
            return not alive
        seen_at = await view.owner_seen_at(owner)
        return seen_at is None or now > seen_at + SILENCE

    async def endings(self, concern: Callable[[str], bool]) -> tuple[list[tuple[SessionRecord, WorkloadRecord]], int]:
        """The sessions that ended since the last time, whoever ended them, and the number to :meth:`remember`.

        :param concern: whether a session, by its id, is one that this control plane has to tell of.
        """
        async with self._store.reading() as view:
            events = await view.events_after(self._seen_event, _EVENTS_AT_ONCE, EventFilter())
            last = events[-1].sequence if events else self._seen_event
            ids = {event.session_id for event in events if event.session_id and event.new_status in _OVER}
            ended = await view.sessions_by_id([one for one in ids if concern(one)])
            workloads = {row.id: row for row in await view.workloads({one.workload_id for one in ended})}
        return [(one, workloads[one.workload_id]) for one in ended if one.workload_id in workloads], last

    def remember(self, sequence: int) -> None:
        """What happened up to this event has been dealt with."""
        self._seen_event = sequence
