"""Events: what happens to sessions and workloads, told to whoever may see them, in order and without gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from ... import models
from ...errors import FieldError, InvalidArgument
from ..filters import EventFilter
from ..rules.access import Principal, visible_events
from ..store_port import Store
from .views import event_view

_STREAM_PAGE = 100

_Asked = tuple[EventFilter, int, int]
"""Whose events, after which, and how many at most."""


class Events:
    """Reads the store's events; holds none. Listeners that wait for the same rows read them once, together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readings: dict[_Asked, asyncio.Task[models.EventPage]] = {}

    async def start(self, after: int | None) -> int:
        """The sequence number to go on from: that one, or the newest event's, so that the next one comes first.

        :raises InvalidArgument: when there is no such event yet; the database may be another one than before.
        """
        async with self._store.reading() as view:
            newest = await view.last_event_sequence()
        if after is not None and after > newest:
            message = f"is beyond the newest event, {newest}; leave it out to begin with the next one"
            raise InvalidArgument(f"after {message}.", errors=(FieldError("/after", message),))
        return newest if after is None else after

    async def poll(self, principal: Principal, query: models.EventQuery) -> models.EventPage:
        """What the caller may see after an event: at once if there is something, else as soon as there is, else none.

        :raises LakesailError: when nothing can be read, or ``after`` is no event.
        """
        which = visible_events(principal)
        page = await self._read(which, await self.start(query.after), query.limit)
        if page.events or not query.wait:
            return page
        with self._store.listening() as news, suppress(TimeoutError):
            async with asyncio.timeout(query.wait):
                while not page.events:
                    await news.later_than(page.sequence)
                    page = await self._read_together(which, page.sequence, query.limit)
        return page

    async def follow(self, principal: Principal, after: int) -> AsyncGenerator[models.EventPage]:
        """What the caller may see after an event, page by page and without end. Whoever takes them slowly comes later
        to the next page; nothing piles up here.

        :raises LakesailError: when nothing can be read any more.
        """
        which = visible_events(principal)
        with self._store.listening() as news:
            page = await self._read(which, after, _STREAM_PAGE)
            while True:
                if page.events:
                    yield page
                if len(page.events) < _STREAM_PAGE:
                    await news.later_than(page.sequence)
                page = await self._read_together(which, page.sequence, _STREAM_PAGE)

    async def _read_together(self, *asked: *_Asked) -> models.EventPage:
        """A reading that began before the news came is good enough: its page says how far it got."""
        reading = self._readings.get(asked)
        if reading is None:
            reading = self._readings[asked] = asyncio.create_task(self._read(*asked))
            reading.add_done_callback(lambda done: self._forget(asked, done))
        return await asyncio.shield(reading)

    def _forget(self, asked: _Asked, done: asyncio.Task[models.EventPage]) -> None:
        del self._readings[asked]
        if not done.cancelled():
            done.exception()  # seen by those who waited, if any still did

    async def _read(self, which: EventFilter, after: int, limit: int) -> models.EventPage:
        async with self._store.reading() as view:
            newest = await view.last_event_sequence()
            events = await view.events_after(after, limit, which)
        whole = len(events) < limit
        return models.EventPage(
            events=tuple(event_view(event) for event in events),
            sequence=max(after, newest) if whole else events[-1].sequence,
        )
