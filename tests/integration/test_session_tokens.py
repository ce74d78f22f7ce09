"""Tokens of a session end: the oldest of too many, those of a kernel that is gone, and all that are revoked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from lakesail_notebook import models
from lakesail_notebook.errors import LakesailError, NotFound, Unauthenticated
from lakesail_notebook.feed import Route
from lakesail_notebook.session_proxy.routes import require_live
from lakesail_notebook.spark.rpcs.session_token import RenewedToken
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.tokens import TokenVerifier
from lakesail_notebook.workloads.rules.access import Principal, plain_member
from lakesail_notebook.workloads.rules.lifecycle import ending
from lakesail_notebook.workloads.settings import LOCAL
from lakesail_notebook.workloads.store_port import Writing

from .by_hand import SOMEBODY, ClockByHand, Plane, RoutesOnly

T = TypeVar("T")
KERNEL = replace(plain_member(SOMEBODY), kernel_id="KERNEL-1")
OTHER_KERNEL = replace(plain_member(SOMEBODY), kernel_id="KERNEL-2")
WORKERS = 40


class Telling(RoutesOnly):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    async def publish(self, route: Route, *, confirmed: bool = False) -> None:
        self.told.append(route.session_id)
        await super().publish(route, confirmed=confirmed)


class Rig:
    """A control plane on a loop of its own, with one session whose engine is ready; for blocking callers."""

    def __init__(self, directory: Path) -> None:
        self.clock = ClockByHand()
        self.url = f"sqlite:///{directory / 'sessions.db'}"
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.proxy = Telling()
        self.plane = self.run(self._open(1, self.proxy))
        self.neighbour = self.run(self._open(2, None))
        self.session_id = self.run(self.ready_session())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def _open(self, number: int, proxy: RoutesOnly | None) -> Plane:
        return Plane(await open_store(self.url), self.clock, number, proxy)

    async def ready_session(self) -> str:
        made = await self.plane.launches.create(SOMEBODY, models.SessionCreate())
        for _ in range(3):
            await self.plane.reconcile()
        await self.plane.proxy.table.ready(made.id)
        return made.id

    def close(self) -> None:
        for plane in (self.plane, self.neighbour):
            self.run(plane.store.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def token(self, principal: Principal = SOMEBODY, plane: Plane | None = None) -> models.SessionToken:
        sessions = (plane or self.plane).sessions
        return self.run(sessions.issue_token(principal, self.session_id, models.TokenCreate()))

    def passes(self, token: str) -> bool:
        """Whether the proxy would let it pass."""
        verifier = TokenVerifier(self.plane.store.issuer, self.plane.tokens.public_keys())
        claims = verifier.verify(token, self.clock.now())
        route = self.run(self.plane.proxy.table.ready(claims.sid))
        try:
            require_live(claims.jti, route)
        except Unauthenticated:
            return False
        return claims.gen >= route.generation and not claims.expired(self.clock.now())

    def look(self) -> None:
        self.run(self.plane.token_endings.look())


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def alive(rig: Rig, tokens: list[models.SessionToken]) -> list[int]:
    return [number for number, token in enumerate(tokens, 1) if rig.passes(token.token)]


def test_the_21st_token_ends_the_oldest_though_all_were_issued_within_a_second(rig: Rig) -> None:
    tokens = [rig.token() for _ in range(20)]
    assert alive(rig, tokens) == list(range(1, 21))
    tokens.append(rig.token())
    assert alive(rig, tokens) == list(range(2, 22))
    tokens.append(rig.token(replace(SOMEBODY, id="BOSS")))
    assert alive(rig, tokens) == list(range(3, 23)), "an administrator's counts as well"


def test_sessions_do_not_count_together(rig: Rig) -> None:
    tokens = [rig.token() for _ in range(20)]
    other = rig.run(rig.plane.launches.create(SOMEBODY, models.SessionCreate())).id
    for _ in range(5):
        rig.run(rig.plane.sessions.issue_token(SOMEBODY, other, models.TokenCreate()))
    assert alive(rig, tokens) == list(range(1, 21))


def test_those_who_ask_at_the_same_time_get_numbers_of_their_own(rig: Rig) -> None:
    async def ask_together() -> list[models.SessionToken]:
        asked = (
            plane.sessions.issue_token(SOMEBODY, rig.session_id, models.TokenCreate()) for plane in [rig.plane] * 30
        )
        return list(await asyncio.gather(*asked))

    tokens = rig.run(ask_together())
    assert len(alive(rig, tokens)) == 20


def test_tokens_of_kernels_do_not_count(rig: Rig) -> None:
    login = rig.token()
    kernels = [rig.token(KERNEL) for _ in range(30)]
    assert rig.passes(login.token)
    logins = [rig.token() for _ in range(25)]
    assert all(rig.passes(token.token) for token in kernels)
    assert len(alive(rig, logins)) == 20


def test_tokens_end_with_their_kernel(rig: Rig) -> None:
    first, second = rig.token(KERNEL).token, rig.token(OTHER_KERNEL).token
    login = rig.token().token
    rig.look()
    assert rig.passes(first)
    rig.plane.kernels.gone.add("KERNEL-1")
    rig.look()
    assert [rig.passes(token) for token in (first, second, login)] == [False, True, True]
    rig.plane.kernels.gone.clear()  # a new kernel of the same id
    again = rig.token(KERNEL).token
    rig.look()
    assert [rig.passes(token) for token in (first, again)] == [False, True]


class BeforeCommit:
    """A store in which somebody else does something before the next transaction is over; implements ``Store``."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.work: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        async with self._store.writing() as unit:
            yield unit
            work, self.work = self.work, None
            if work is not None:
                await work()


def test_a_token_that_a_kernel_asked_for_while_it_ended_ends_as_well(rig: Rig) -> None:
    """It is issued while the control plane writes the end of the kernel's tokens."""
    store = BeforeCommit(rig.plane.store)
    rig.plane = Plane(cast("Any", store), rig.clock, 1, rig.proxy)
    before = rig.token(KERNEL).token
    other = rig.run(rig.ready_session())
    late: list[str] = []

    async def issue() -> None:
        made = await rig.plane.sessions.issue_token(KERNEL, other, models.TokenCreate())
        late.append(made.token)

    rig.plane.kernels.gone.add("KERNEL-1")
    store.work = issue
    rig.look()
    rig.look()
    assert [rig.passes(token) for token in (before, *late)] == [False, False]


def kernels_of(rig: Rig, session_id: str) -> tuple[str, ...] | None:
    return rig.run(rig.plane.sessions.describe(SOMEBODY, session_id)).kernel_ids


def test_a_session_names_the_kernels_whose_newest_token_is_of_it(rig: Rig) -> None:
    first, other = rig.session_id, rig.run(rig.ready_session())
    assert kernels_of(rig, first) == ()
    rig.token()
    assert kernels_of(rig, first) == (), "a login is no kernel"
    rig.token(KERNEL)
    rig.token(OTHER_KERNEL)
    assert kernels_of(rig, first) == ("KERNEL-1", "KERNEL-2")
    rig.run(rig.plane.sessions.issue_token(KERNEL, other, models.TokenCreate()))
    assert (kernels_of(rig, first), kernels_of(rig, other)) == (("KERNEL-2",), ("KERNEL-1",))
    rig.token(KERNEL)
    assert (kernels_of(rig, first), kernels_of(rig, other)) == (("KERNEL-1", "KERNEL-2"), ())
    rig.plane.kernels.gone.add("KERNEL-2")
    assert kernels_of(rig, first) == ("KERNEL-1",)


def test_the_owner_is_told_when_a_kernel_uses_another_session(rig: Rig) -> None:
    first, other = rig.session_id, rig.run(rig.ready_session())

    async def told_by(session_id: str) -> set[str]:
        with rig.plane.notices.listening(SOMEBODY.id) as notices:
            await rig.plane.sessions.issue_token(KERNEL, session_id, models.TokenCreate())
            return {notice.session_id for notice in notices.take()}

    assert rig.run(told_by(first)) == {first}
    assert rig.run(told_by(first)) == set(), "it uses it as before"
    rig.clock.advance(1)
    assert rig.run(told_by(other)) == {first, other}


def test_a_session_that_two_kernels_took_over_at_once_is_nobodys_in_particular(rig: Rig) -> None:
    made = rig.run(rig.plane.launches.create(KERNEL, models.SessionCreate())).id
    rig.plane.kernels.gone.add("KERNEL-1")

    async def ask_together() -> str | None:
        others = [replace(KERNEL, kernel_id=f"KERNEL-{number}") for number in range(2, 8)]
        wanted = models.TokenCreate()
        await asyncio.gather(*(rig.plane.sessions.issue_token(one, made, wanted) for one in others))
        async with rig.plane.store.reading() as view:
            session = await view.session(made)
        assert session is not None
        return session.kernel_id

    assert rig.run(ask_together()) is None


def test_a_session_proxy_that_starts_later_knows_what_has_ended(rig: Rig) -> None:
    dead, oldest = rig.token(KERNEL).token, rig.token().token
    for _ in range(20):
        rig.token()
    rig.plane.kernels.gone.add("KERNEL-1")
    rig.look()
    rig.plane.proxy.table.replace(rig.run(rig.plane.reconciler.routes()))
    assert not rig.passes(dead)
    assert not rig.passes(oldest)


@pytest.mark.parametrize("through", ["its own control plane", "another one"])
def test_a_revocation_ends_all_tokens_and_not_the_session(rig: Rig, through: str) -> None:
    tokens = [rig.token(), rig.token(KERNEL), rig.token(OTHER_KERNEL)]
    plane = rig.plane if through == "its own control plane" else rig.neighbour
    rig.run(plane.sessions.revoke_tokens(SOMEBODY, rig.session_id))
    if plane is rig.neighbour:
        rig.look()
    assert alive(rig, tokens) == []
    assert rig.run(rig.plane.sessions.describe(SOMEBODY, rig.session_id)).status == "pending"
    assert rig.passes(rig.token(KERNEL).token)
    assert rig.passes(rig.token().token)
    assert len(alive(rig, [rig.token() for _ in range(19)])) == 19


def test_what_another_control_plane_has_ended_is_told_once(rig: Rig) -> None:
    oldest = rig.token().token
    for _ in range(20):
        rig.token(plane=rig.neighbour)
    assert rig.passes(oldest)
    rig.look()
    assert not rig.passes(oldest)
    rig.proxy.told.clear()
    rig.look()
    assert rig.proxy.told == []


def test_revoking_the_tokens_of_a_session_that_is_over_changes_nothing(rig: Rig) -> None:
    move = ending(rig.session_id, "closed", rig.clock.now(), "user_closed", "was closed by you")
    rig.run(rig.plane.reconciler.end_session(rig.session_id, move))
    rig.run(rig.plane.sessions.revoke_tokens(SOMEBODY, rig.session_id))
    with pytest.raises(LakesailError, match="was closed by you"):
        rig.token()


def test_a_stranger_revokes_nothing(rig: Rig) -> None:
    stranger = Principal(id="STRANGER", login="s", team_ids=(LOCAL,))
    token = rig.token().token
    with pytest.raises(NotFound):
        rig.run(rig.plane.sessions.revoke_tokens(stranger, rig.session_id))
    assert rig.passes(token)


class Worker:
    """What a worker of a kernel does with its token at each RPC, as ``spark.reauthenticating`` does."""

    def __init__(self, rig: Rig, fetch: Callable[[], models.SessionToken]) -> None:
        self.fetched = 0
        self._rig = rig
        self._fetch = fetch
        self._token = RenewedToken(self._counted, rig.clock)
        self._token.renew()

    def _counted(self) -> models.SessionToken:
        self.fetched += 1
        return self._fetch()

    def call(self) -> bool:
        sent = self._token.text()
        return self._rig.passes(sent) or (self._token.replaced(sent) and self._rig.passes(self._token.text()))


def test_forty_workers_of_a_kernel_are_issued_one_token_each_in_ten_minutes(rig: Rig) -> None:
    workers = [Worker(rig, lambda: rig.token(KERNEL)) for _ in range(WORKERS)]
    for _ in range(10):
        assert all(worker.call() for worker in workers)
        rig.token()
        rig.look()
        rig.clock.advance(60)
    assert [worker.fetched for worker in workers] == [1] * WORKERS


def test_forty_workers_go_on_after_a_revocation_with_one_more_token_each(rig: Rig) -> None:
    workers = [Worker(rig, lambda: rig.token(KERNEL)) for _ in range(WORKERS)]
    rig.run(rig.plane.sessions.revoke_tokens(SOMEBODY, rig.session_id))
    for _ in range(3):
        assert all(worker.call() for worker in workers)
    assert [worker.fetched for worker in workers] == [2] * WORKERS
