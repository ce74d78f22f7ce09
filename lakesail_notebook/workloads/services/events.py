"""Events: what happens to sessions, workloads and configs, told to whoever may see them, in order and without gaps.

Between them come notices to a session's owner that the list of its queries has changed, or which kernels use it. They
are told to those who listen at that moment, and to those who poll; whoever comes later reads both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Any, get_args

from ... import models
from ...errors import FieldError, InvalidArgument
from ..filters import EventFilter
from ..notices import Notices, QueryNotices
from ..rules.access import Principal, visible_events
from ..store_port import Store
from .views import event_view, notice_view

_STREAM_PAGE = 100

_Asked = tuple[EventFilter, int, int]
"""Whose events, after which, and how many at most."""


class Events:
    """Reads the store's events; holds none. Listeners that wait for the same rows read them once, together."""

    def __init__(self, store: Store, notices: QueryNotices) -> None:
        self._store = store
        self._notices = notices
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
        kinds = _kinds(query.kinds)
        which = replace(visible_events(principal), kinds=kinds)
        with self._notices_of(principal) if query.wait and "query" in kinds else nullcontext(Notices()) as notices:
            page = await self._read(which, await self.start(query.after), query.limit)
            if page.events or not query.wait:
                return page
            with self._store.listening() as news, suppress(TimeoutError):
                async with asyncio.timeout(query.wait):
                    while not page.events:
                        await _first_of(news.later_than(page.sequence), notices.come())
                        page = await self._read_together(which, page.sequence, query.limit)
                        page = _with_notices(page, notices, principal)
        return page

    def _notices_of(self, principal: Principal) -> AbstractContextManager[Notices]:
        return self._notices.polling(principal.id, principal.kernel_id or principal.session_id)

    async def follow(self, principal: Principal, after: int) -> AsyncGenerator[models.EventPage]:
        """What the caller may see after an event, page by page and without end. Whoever takes them slowly comes later
        to the next page; nothing piles up here.

        :raises LakesailError: when nothing can be read any more.
        """
        which = visible_events(principal)
        with self._store.listening() as news, self._notices.listening(principal.id) as notices:
            page = await self._read(which, after, _STREAM_PAGE)
            while True:
                if page.events:
                    yield page
                if len(page.events) < _STREAM_PAGE:
                    await _first_of(news.later_than(page.sequence), notices.come())
                page = await self._read_together(which, page.sequence, _STREAM_PAGE)
                page = _with_notices(page, notices, principal)

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


def _kinds(named: str | None) -> frozenset[models.EventKind]:
    """Kinds that are not known here are those of a newer version: there are no events of them."""
    if named is None:
        return models.FIRST_KINDS
    return frozenset(set(get_args(models.EventKind)) & set(named.split(",")))


def _with_notices(page: models.EventPage, notices: Notices, principal: Principal) -> models.EventPage:
    seen = (one for one in notices.take() if principal.session_id in (None, one.session_id))
    taken = tuple(notice_view(notice) for notice in seen)
    return models.EventPage(events=(*page.events, *taken), sequence=page.sequence) if taken else page


async def _first_of(*waits: Coroutine[Any, Any, None]) -> None:
    """Return when the first of these has, and give up the others; what one raises is raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
