"""What the session proxy reports: use of sessions, their queries, claims of Spark session ids, engines that stopped
answering."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from ... import feed
from ...clock import Clock
from ...errors import LakesailError
from ...models import LIVE_STATUSES
from ..logins import tell_logins
from ..notices import QueryNotices
from ..ports import Audit
from ..records import QueryRecord, SessionRecord, WorkloadRecord
from ..rules import queries
from ..rules.lifecycle import SessionMove
from ..store_port import Store, Writing
from .engine_watch import EngineWatch
from .reconciler import Reconciler
from .usage import Usage

ClaimVerdict = Literal["granted", "foreign", "released", "limit", "closed"]


class ProxyReports:
    """The control plane's ear at the proxy."""

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        usage: Usage,
        clock: Clock,
        max_spark_sessions: int,
        audit: Audit | None = None,
        engines: EngineWatch | None = None,
        notices: QueryNotices | None = None,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._usage = usage
        self._clock = clock
        self._max_spark_sessions = max_spark_sessions
        self._audit = audit
        self._engines = engines
        self._notices = notices

    async def activity(self, reports: tuple[feed.SessionActivity, ...]) -> None:
        """Note the moment of last use; a pending or idle session that is used becomes active."""
        now = self._clock.now()
        uses = {report.session_id: now - timedelta(seconds=max(0.0, report.seconds_since)) for report in reports}
        async with self._store.reading() as view:
            sessions = await view.sessions_by_id(uses.keys())
        live = [session for session in sessions if session.status in LIVE_STATUSES]
        for session in live:  # of the others, the usage was forgotten when they ended
            self._usage.note(session.id, uses[session.id])
        waking = [session.id for session in live if _wakes(session, uses[session.id])]
        lagging = {one.id: at for one in live if (at := self._usage.to_be_written(one)) is not None}
        if not waking and not lagging:
            return
        async with self._store.writing() as unit:
            for session_id in sorted({*waking, *lagging}):
                if session_id in lagging:
                    await unit.set_last_activity(session_id, lagging[session_id])
                if session_id in waking:
                    await unit.move_session(session_id, SessionMove(to="active", at=uses[session_id]))

    async def used_now(self, session_id: str) -> None:
        """As :meth:`activity`, of what does not come through the session proxy."""
        await self.activity((feed.SessionActivity(session_id=session_id, running=0, seconds_since=0.0),))

    async def operations(self, reports: tuple[feed.OperationReport, ...]) -> None:
        """Keep the last word on each operation, in one transaction."""
        now = self._clock.now()
        by_session: dict[str, dict[str, feed.OperationReport]] = {}
        heard: list[QueryRecord] = []
        runs_on: list[QueryRecord] = []
        were_none: list[QueryRecord] = []
        changed: set[str] = set()
        for report in reports:
            by_session.setdefault(report.session_id, {})[report.operation_id] = report
        async with self._store.writing() as unit:
            for session_id, of_session in by_session.items():
                known = {query.id: query for query in await unit.queries_by_id(session_id, of_session.keys())}
                ran = {id: report for id, report in of_session.items() if report.ran}
                carried_on = await _carried_on(unit, session_id, known, ran.values(), now)
                await unit.remove_queries(session_id, known.keys() - ran.keys())
                were_none += [query for id, query in known.items() if id not in ran]
                await unit.upsert_queries(session_id, carried_on, latest=queries.KEPT)
                news = [query for query in carried_on if _is_news(known.get(query.id), query)]
                heard += news
                runs_on += [query for query in carried_on if query.outcome == "running" and query not in news]
                if queries.begin_or_end(known, carried_on):
                    changed.add(session_id)
        if self._engines is not None:
            for query in were_none:  # before any that began after them is told of
                self._engines.was_none(query)
            for query in runs_on:
                self._engines.runs_on(query)
        if not heard and not changed:
            return
        async with self._store.reading() as view:
            sessions = {one.id: one for one in await view.sessions_by_id(changed | {one.session_id for one in heard})}
            workloads = await view.workloads({session.workload_id for session in sessions.values()})
        if self._notices is not None:
            for session_id in changed & sessions.keys():
                self._notices.tell(session_id, sessions[session_id].caller_id)
        self._watch_engines(heard, sessions, {workload.id: workload for workload in workloads})

    def _watch_engines(
        self, heard: list[QueryRecord], sessions: Mapping[str, SessionRecord], by_id: Mapping[str, WorkloadRecord]
    ) -> None:
        """Engines do not always obey when queries are cancelled."""
        if self._engines is None:
            return
        for query in heard:
            session = sessions.get(query.session_id)
            workload = None if session is None else by_id.get(session.workload_id)
            if workload is not None:
                self._engines.heard(workload, query)

    async def claim(self, session_id: str, caller: str, spark_session_id: str) -> ClaimVerdict:
        """Bind a Spark session id to the first (session, caller) that used it on this workload."""
        async with self._store.writing() as unit:
            session = await unit.session(session_id)
            if session is None or session.status not in LIVE_STATUSES:
                return "closed"
            return await unit.claim_spark_session(
                workload_id=session.workload_id,
                spark_session_id=spark_session_id,
                session_id=session_id,
                caller=caller,
                limit=self._max_spark_sessions,
                now=self._clock.now(),
            )

    async def python_begins(self, session_id: str) -> bool:
        """The engine of a session is about to run Python code: no other session is given it after this one.

        :returns: whether the session still lives. If not, the engine may be another session's by now.
        """
        async with self._store.writing() as unit:
            session = await unit.session(session_id)
            if session is None:
                return False
            await unit.lock_workloads([session.workload_id])
            session = await unit.session(session_id)
            if session is None or session.status not in LIVE_STATUSES:
                return False
            await unit.note_python(session.workload_id, self._clock.now())
        return True

    async def released(self, session_id: str, spark_session_id: str) -> None:
        async with self._store.writing() as unit:
            session = await unit.session(session_id)
            if session is not None:
                await unit.release_spark_session(
                    workload_id=session.workload_id, spark_session_id=spark_session_id, now=self._clock.now()
                )

    async def refused(self, refusals: tuple[feed.RefusedRpcs, ...]) -> None:
        """Tell the audit. A token names a session that was there when it was signed."""
        if self._audit is None:
            return
        sessions: dict[str, SessionRecord] = {}
        with suppress(LakesailError):  # a database that cannot be read must not keep an audit from its counts
            sessions = await self._known_sessions(refusals)
        now = self._clock.now()
        for one in refusals:
            session = None if one.session_id is None else sessions.get(one.session_id)
            self._audit.rpcs_refused(session, reason=one.reason, count=one.count, at=now)

    async def _known_sessions(self, refusals: tuple[feed.RefusedRpcs, ...]) -> dict[str, SessionRecord]:
        async with self._store.reading() as view:
            named = {one.session_id for one in refusals if one.session_id is not None}
            found = [session for session_id in named if (session := await view.session(session_id)) is not None]
            if self._audit is not None:
                await tell_logins(self._audit, view, [session.caller_id for session in found])
        return {session.id: session for session in found}

    async def engine_lost(self, workload_id: str) -> None:
        await self._reconciler.look_at(workload_id)


def _wakes(session: SessionRecord, at: datetime) -> bool:
    """Whether a use at that moment makes the session active."""
    since = session.idle_since or session.created_at
    return session.status in {"pending", "idle"} and at >= since


async def _carried_on(
    unit: Writing,
    session_id: str,
    known: Mapping[str, QueryRecord],
    reports: Collection[feed.OperationReport],
    now: datetime,
) -> list[QueryRecord]:
    """The operations of one session after these reports."""
    latest: datetime | None = None
    if any(report.operation_id not in known for report in reports):
        latest = max((query.started_at for query in await unit.queries(session_id, limit=1)), default=None)
    carried_on = []
    for report in sorted(reports, key=lambda report: report.began_ago, reverse=True):
        before = known.get(report.operation_id)
        query = queries.carried_on(before, report, now, after=latest)
        if before is None:
            latest = query.started_at
        carried_on.append(query)
    return carried_on


def _is_news(known: QueryRecord | None, query: QueryRecord) -> bool:
    """Whether a query was found to run, or one that ran, or was cancelled within one report, has ended."""
    if known is not None and known.outcome == query.outcome:
        return False
    return query.outcome in {"running", "cancelled"} or (known is not None and known.outcome == "running")
