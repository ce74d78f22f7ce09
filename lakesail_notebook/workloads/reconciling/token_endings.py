"""Ends the tokens of kernels that are gone, and tells the session proxy what other control planes have ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import datetime

from ...clock import Clock
from ...errors import LakesailError
from ...token_ids import new_kernel_mark
from ..ports import Kernels, Owners, SessionProxy
from ..records import SessionRecord, SessionTokens, WorkloadRecord
from ..rules.routes import route_of
from ..rules.session_tokens import with_ended_kernel
from ..store_port import Store, Writing

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Holding:
    """A kernel's tokens."""

    mark: str
    sessions: dict[str, datetime] = field(default_factory=dict)
    """Session id -> when its last token of it expires. The session whose token is the newest comes last."""

    @property
    def newest(self) -> str | None:
        return next(reversed(self.sessions), None)


class TokenEndings:
    """:param max_spark_sessions: of each route."""

    def __init__(
        self,
        *,
        store: Store,
        proxy: SessionProxy,
        kernels: Kernels,
        owners: Owners,
        clock: Clock,
        max_spark_sessions: int,
    ) -> None:
        self._store = store
        self._proxy = proxy
        self._kernels = kernels
        self._owners = owners
        self._clock = clock
        self._max_spark_sessions = max_spark_sessions
        self._holdings: dict[str, _Holding] = {}
        self._ending: list[_Holding] = []
        """Of kernels that are gone."""
        self._seen = 0
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once a second until :meth:`close`."""
        async with self._store.reading() as view:
            self._seen = await view.last_token_change()
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    def mark_of(self, kernel_id: str, session_id: str, expires_at: datetime) -> str:
        """What a token that is issued to a kernel says of it; the token ends with the kernel."""
        holding = self._holdings.setdefault(kernel_id, _Holding(new_kernel_mark()))
        before = holding.sessions.pop(session_id, expires_at)
        holding.sessions[session_id] = max(expires_at, before)
        return holding.mark

    def session_of(self, kernel_id: str) -> str | None:
        """The session that a kernel uses: the one that it was given a token of last."""
        holding = self._holdings.get(kernel_id)
        return None if holding is None else holding.newest

    def kernels_of(self, session_id: str) -> tuple[str, ...]:
        """The ids of the kernels that use a session and live."""
        using = [kernel_id for kernel_id, holding in self._holdings.items() if holding.newest == session_id]
        return tuple(kernel_id for kernel_id in using if self._kernels.alive(kernel_id))

    async def tell(self, session: SessionRecord, workload: WorkloadRecord | None) -> None:
        """Return when the proxy lets nothing pass that has ended. Another control plane's proxy hears of it from there
        within :data:`LOOK_SECONDS`."""
        if workload is not None and workload.owner == self._owners.mine:
            await self._proxy.publish(route_of(session, workload, self._max_spark_sessions), confirmed=True)

    async def look(self) -> None:
        """End the tokens of kernels that are gone, and tell what has changed since the last look."""
        gone = [kernel_id for kernel_id in self._holdings if not self._kernels.alive(kernel_id)]
        self._ending += [self._holdings.pop(kernel_id) for kernel_id in gone]  # what is issued later has another mark
        while self._ending:
            await self._end_kernel(self._ending[0])
            del self._ending[0]  # not before: what could not be written is tried again
        async with self._store.reading() as view:
            changed = await view.token_changes_after(self._seen)
            workloads = {row.id: row for row in await view.workloads({one.workload_id for one in changed})}
        for session in changed:
            await self.tell(session, workloads.get(session.workload_id))
            self._seen = max(self._seen, session.tokens_changed or 0)

    async def _end_kernel(self, holding: _Holding) -> None:
        now = self._clock.now()
        async with self._store.writing() as unit:
            for session_id, expires_at in holding.sessions.items():
                await _end_kernel_in(unit, session_id, holding.mark, expires_at, now)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except LakesailError as error:
                log.warning("Tokens that have ended may pass for a while: %s", error.message)
            except Exception:
                log.exception("Tokens that have ended may pass for a while")
            await asyncio.sleep(LOOK_SECONDS)


async def _end_kernel_in(unit: Writing, session_id: str, mark: str, expires_at: datetime, now: datetime) -> None:
    session = await unit.session(session_id)
    if session is not None:
        tokens = with_ended_kernel(session.tokens or SessionTokens(), mark, expires_at, now)
        await unit.set_tokens(session_id, tokens, told=True)
