"""Events on a real store: told in order and without gaps, to whoever may see them, read once for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing, asynccontextmanager, suppress

import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import InvalidArgument, Unavailable
from lakesail_notebook.models import Event, EventPage, EventQuery
from lakesail_notebook.store.sql import SqlStore
from lakesail_notebook.workloads.notices import QueryNotices
from lakesail_notebook.workloads.rules.access import Principal
from lakesail_notebook.workloads.services.events import Events
from lakesail_notebook.workloads.store_port import News, Reading, Store, Writing
from tests.builders import NOW, a_config, a_principal, a_session
from tests.contract.store_rig import in_store

PATIENCE_SECONDS = 60.0
ME = a_principal(id="ME", team_ids=("BLUE",))
STRANGER = a_principal(id="STRANGER", team_ids=("RED",))
BLUE_ADMIN = a_principal(id="ADMIN", team_ids=("BLUE",), admin_of=frozenset({"BLUE"}))
EVERYBODYS_ADMIN = a_principal(id="BOSS", organization_admin=True)


class WatchedStore:
    """A store that tells how often it is read, and when somebody waits for news."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.issuer = store.issuer
        self.marker_key = store.marker_key
        self.readings = 0
        self.listened_to = asyncio.Event()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        self.readings += 1
        async with self._store.reading() as view:
            yield view

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        return self._store.writing()

    def listening(self) -> AbstractContextManager[News]:
        self.listened_to.set()
        return self._store.listening()

    async def close(self) -> None:
        await self._store.close()


async def add_sessions(store: SqlStore, count: int = 1, *, member_id: str = "ME", team_id: str = "BLUE") -> list[str]:
    sessions = [a_session(member_id=member_id, team_id=team_id) for _ in range(count)]
    async with store.writing() as unit:
        for session in sessions:
            await unit.add_session(session)
    return [session.id for session in sessions]


def the_events(store: Store, notices: QueryNotices | None = None) -> Events:
    return Events(store, notices or QueryNotices(SystemClock()))


async def poll(
    store: Store,
    principal: Principal = ME,
    *,
    after: int | None = 0,
    wait: int = 0,
    limit: int = 100,
    kinds: str | None = None,
) -> EventPage:
    return await the_events(store).poll(principal, EventQuery(after=after, wait=wait, limit=limit, kinds=kinds))


def ids(page: EventPage) -> list[str | None]:
    return [event.session_id for event in page.events]


class Follower:
    """Somebody who follows, and keeps what he was told."""

    def __init__(self, events: Events, principal: Principal = ME, after: int = 0) -> None:
        self.told: list[Event] = []
        self._task = asyncio.create_task(self._follow(events, principal, after))

    async def _follow(self, events: Events, principal: Principal, after: int) -> None:
        async with aclosing(events.follow(principal, after)) as pages:
            async for page in pages:
                self.told += page.events

    async def has(self, count: int) -> list[str | None]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.told) < count:
                await asyncio.sleep(0.005)
        return [event.session_id for event in self.told]

    async def end(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def fails(self) -> None:
        await asyncio.wait_for(self._task, PATIENCE_SECONDS)


def test_a_poll_answers_what_the_caller_may_see_and_where_to_go_on(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        [mine] = await add_sessions(store)
        [theirs] = await add_sessions(store, member_id="OTHER", team_id="RED")
        for principal, sessions in (
            (ME, [mine]),
            (STRANGER, []),
            (BLUE_ADMIN, [mine]),
            (EVERYBODYS_ADMIN, [mine, theirs]),
        ):
            page = await poll(store, principal)
            assert ids(page) == sessions
            assert page.sequence == 2, "it passes the events that one may not see"

    in_store(database_url, test)


def test_pages_of_a_limit_hold_every_event_once(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        made = await add_sessions(store, 7)
        seen: list[str | None] = []
        sequence = 0
        for _ in range(4):
            page = await poll(store, after=sequence, limit=2)
            seen += ids(page)
            sequence = page.sequence
        assert seen == made
        assert ids(await poll(store, after=sequence)) == []

    in_store(database_url, test)


def test_a_poll_without_a_beginning_tells_what_comes_from_now_on(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add_sessions(store, 3)
        assert await poll(store, after=None) == EventPage(events=(), sequence=3)
        watched = WatchedStore(store)
        waiting = asyncio.create_task(poll(watched, after=None, wait=60))
        await watched.listened_to.wait()
        [new] = await add_sessions(store)
        assert ids(await asyncio.wait_for(waiting, PATIENCE_SECONDS)) == [new]

    in_store(database_url, test)


def test_a_waiting_poll_answers_with_the_first_event_that_it_may_tell(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        watched = WatchedStore(store)
        waiting = asyncio.create_task(poll(watched, wait=60))
        await watched.listened_to.wait()
        await add_sessions(store, member_id="OTHER")
        [mine] = await add_sessions(store)
        assert ids(await asyncio.wait_for(waiting, PATIENCE_SECONDS)) == [mine]

    in_store(database_url, test)


def test_a_poll_ends_with_its_wait_and_still_gets_further(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        watched = WatchedStore(store)
        waiting = asyncio.create_task(poll(watched, wait=1))
        await watched.listened_to.wait()
        await add_sessions(store, member_id="OTHER")
        assert await asyncio.wait_for(waiting, PATIENCE_SECONDS) == EventPage(events=(), sequence=1)

    in_store(database_url, test)


def test_a_beginning_that_is_yet_to_come_is_refused(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        await add_sessions(store, 2)
        with pytest.raises(InvalidArgument, match="beyond the newest event, 2"):
            await poll(store, after=3)

    in_store(database_url, test)


def test_a_follower_is_told_what_was_and_then_what_comes_without_a_gap(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        events = the_events(store)
        before = await add_sessions(store, 250)
        follower = Follower(events, after=5)
        made = before[5:]
        for _ in range(20):
            made += await add_sessions(store)
        assert await follower.has(len(made)) == made
        assert [event.sequence for event in follower.told] == list(range(6, 271))
        await follower.end()

    in_store(database_url, test)


def test_followers_of_the_same_rows_read_them_once(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        watched = WatchedStore(store)
        events = the_events(watched)
        crowd = [Follower(events) for _ in range(200)]
        admins = [Follower(events, BLUE_ADMIN) for _ in range(100)]
        await add_sessions(store)
        for follower in (*crowd, *admins):
            await follower.has(1)
        watched.readings = 0
        for told in range(2, 12):
            await add_sessions(store)
            for follower in (*crowd, *admins):
                await follower.has(told)
        assert watched.readings <= 2 * 2 * 10, "one for each filter and event; now and then one more"
        for follower in (*crowd, *admins):
            await follower.end()

    in_store(database_url, test)


def test_one_who_leaves_takes_nothing_from_those_who_read_with_him(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        events = the_events(store)
        followers = [Follower(events) for _ in range(10)]
        await add_sessions(store)
        for follower in followers:
            await follower.has(1)
        for told in range(2, 10):
            await add_sessions(store)
            await asyncio.sleep(0)  # the news is out, and the reading under way
            await asyncio.sleep(0)
            await followers.pop().end()
            for follower in followers:
                await follower.has(told)
        for follower in followers:
            await follower.end()

    in_store(database_url, test)


def test_followers_are_told_that_the_control_plane_stops(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        follower = Follower(the_events(store))
        await add_sessions(store)
        await follower.has(1)
        await store.close()
        with pytest.raises(Unavailable, match="stopping"):
            await follower.fails()

    in_store(database_url, test)


async def add_config(store: SqlStore, team_id: str, name: str | None = "small") -> str:
    config = a_config(team_id=team_id, name=name)
    async with store.writing() as unit:
        await unit.add_config(config)
    return config.id


def test_changes_of_a_config_are_told_to_those_who_may_see_it(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        blue, red = await add_config(store, "BLUE"), await add_config(store, "RED")
        anonymous = await add_config(store, "BLUE", name=None)  # of a session that names no config; in no list
        async with store.writing() as unit:
            assert await unit.delete_config(anonymous, by="ADMIN", now=NOW)
            assert await unit.change_config(a_config(id=blue, version=2, team_id="BLUE"), version=1)
            assert not await unit.change_config(a_config(id=blue, version=2, team_id="BLUE"), version=1)
            assert await unit.delete_config(blue, by="ADMIN", now=NOW)
            assert not await unit.delete_config(blue, by="ADMIN", now=NOW)
        of_blue = [(blue, "created"), (blue, "changed"), (blue, "deleted")]
        of_red = [(red, "created")]
        for principal, expected in (
            (ME, of_blue),
            (BLUE_ADMIN, of_blue),
            (STRANGER, of_red),
            (EVERYBODYS_ADMIN, [of_blue[0], *of_red, *of_blue[1:]]),
            (a_principal(id="RED_ADMIN", team_ids=(), admin_of=frozenset({"RED"})), []),
        ):
            page = await poll(store, principal, kinds="config")
            assert {event.kind for event in page.events} <= {"config"}
            assert [(event.workload_config_id, event.new_status) for event in page.events] == expected
            assert page.sequence == 4

    in_store(database_url, test)


def test_a_poll_tells_no_kind_that_its_client_may_not_know(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        config = await add_config(store, "BLUE")
        [session] = await add_sessions(store)
        page = await poll(store)
        assert (ids(page), page.sequence) == ([session], 2)
        page = await poll(store, kinds="config,of_a_newer_version")
        assert [event.workload_config_id for event in page.events] == [config]

    in_store(database_url, test)


def test_a_follower_and_a_waiting_poll_have_notices_of_their_own_sessions(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        notices = QueryNotices(SystemClock())
        events = the_events(store, notices)
        [session] = await add_sessions(store)
        followers = {principal.id: Follower(events, principal) for principal in (ME, STRANGER, EVERYBODYS_ADMIN)}
        await followers["ME"].has(1)
        await followers["BOSS"].has(1)
        watched = WatchedStore(store)
        query = EventQuery(after=1, wait=60, kinds="query")
        polling = asyncio.create_task(the_events(watched, notices).poll(ME, query))
        await watched.listened_to.wait()
        notices.tell(session, "ME")
        page = await asyncio.wait_for(polling, PATIENCE_SECONDS)
        assert [(event.kind, event.session_id, event.sequence) for event in page.events] == [("query", session, None)]
        assert page.sequence == 1, "a notice is no row"
        await followers["ME"].has(2)
        assert followers["ME"].told[1] == page.events[0]
        [later] = await add_sessions(store)
        assert await followers["ME"].has(3) == [session, session, later]
        assert await followers["BOSS"].has(2) == [session, later]
        assert followers["STRANGER"].told == []
        for follower in followers.values():
            await follower.end()

    in_store(database_url, test)


def test_a_notice_between_two_polls_is_told_by_the_second(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        notices = QueryNotices(SystemClock())
        events = the_events(store, notices)
        [session] = await add_sessions(store)
        page = await events.poll(ME, EventQuery(after=0, wait=60, kinds="move,query"))
        assert ids(page) == [session]
        notices.tell(session, "ME")
        polling = events.poll(ME, EventQuery(after=page.sequence, wait=60, kinds="move,query"))
        page = await asyncio.wait_for(polling, PATIENCE_SECONDS)
        assert [(event.kind, event.session_id) for event in page.events] == [("query", session)]

    in_store(database_url, test)


def test_a_poll_that_does_not_name_notices_has_none(database_url: str) -> None:
    async def test(store: SqlStore) -> None:
        notices, watched = QueryNotices(SystemClock()), WatchedStore(store)
        polling = asyncio.create_task(the_events(watched, notices).poll(ME, EventQuery(after=0, wait=60)))
        await watched.listened_to.wait()
        notices.tell("S", "ME")
        [session] = await add_sessions(store)
        assert ids(await asyncio.wait_for(polling, PATIENCE_SECONDS)) == [session]

    in_store(database_url, test)
