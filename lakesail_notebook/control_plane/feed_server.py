"""The control plane's end of the route feed: one authenticated proxy at a time, a snapshot, then every change in order.

A connection's changes are kept back while its snapshot is being read, and follow it: whatever was published since the
reading began comes after it, so nothing is lost between the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from .. import feed
from ..errors import LakesailError
from ..feed import Route
from .feed_connection import FeedConnection

HELLO_SECONDS = 5.0
CONFIRM_SECONDS = 1.0
SILENCE_SECONDS = 5 * feed.HEARTBEAT_SECONDS
"""A proxy confirms every heartbeat; one that says nothing for so long has to connect again."""
NOT_KEPT_SECONDS = 1.0
"""So long after a report could not be kept, the proxy is made to connect again: what hinders it may last."""
_MAX_PROXY_LINE_BYTES = 1024 * 1024

Routes = Callable[[], Awaitable[Sequence[Route]]]
PublicKeys = Callable[[], Sequence[Mapping[str, Any]]]

log = logging.getLogger(__name__)


class Reports(Protocol):
    """Who hears what the proxy reports: ``workloads.activity.ProxyReports``."""

    async def activity(self, reports: tuple[feed.SessionActivity, ...]) -> None: ...
    async def operations(self, reports: tuple[feed.OperationReport, ...]) -> None: ...
    async def claim(self, session_id: str, caller: str, spark_session_id: str) -> str: ...
    async def python_begins(self, session_id: str) -> bool: ...
    async def released(self, session_id: str, spark_session_id: str) -> None: ...
    async def refused(self, refusals: tuple[feed.RefusedRpcs, ...]) -> None: ...
    async def engine_lost(self, workload_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """What there is to say to proxies, and who hears what they report."""

    issuer: str
    """``iss`` of the tokens that a proxy accepts."""
    public_keys: PublicKeys
    """The JWKs that sign them, asked for each time a proxy connects."""
    token_time: Callable[[], float]
    """The time by which they are issued; Unix seconds."""
    routes: Routes
    """All live routes."""
    reports: Reports


class FeedServer:
    """A proxy may connect before there is a source; it then waits for its snapshot."""

    def __init__(self) -> None:
        self._source: asyncio.Future[FeedSource] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None
        self._secret: str | None = None
        self._sequence = 0
        self._closed: OrderedDict[str, Route] = OrderedDict()
        self._connection: FeedConnection | None = None
        self._applied = 0
        self._applied_more = asyncio.Condition()
        self._question_ids = itertools.count(1)
        self._questions: dict[int, asyncio.Future[feed.Flushed | feed.Interrupted]] = {}
        """Those that the proxy has not answered yet."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._looked_at: set[str] = set()

    def serve(self, source: FeedSource) -> None:
        """From now on, proxies are told what there is."""
        self._source.set_result(source)

    async def start(self) -> tuple[str, int]:
        """Listen on the loopback; the address to give to proxies."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=_MAX_PROXY_LINE_BYTES)
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def new_secret(self) -> str:
        """The secret of the next proxy; that of the one before it is worth nothing from now on."""
        self._secret = secrets.token_urlsafe(32)
        self._drop(self._connection)
        return self._secret

    def publish(self, route: Route) -> int:
        """Put a route in force; the change's number, for :meth:`applied`."""
        self._sequence += 1
        if route.state == "closed":
            self._closed[route.session_id] = route
            if len(self._closed) > feed.REMEMBERED_CLOSED:
                self._closed.popitem(last=False)
        if self._connection is not None:
            self._connection.change(feed.RouteChange(sequence=self._sequence, route=route))
        return self._sequence

    async def applied(self, sequence: int) -> bool:
        """Wait until the proxy has confirmed a change, a second at most; whether it did."""
        try:
            async with asyncio.timeout(CONFIRM_SECONDS), self._applied_more:
                await self._applied_more.wait_for(lambda: self._applied >= sequence)
        except TimeoutError:
            return False
        return True

    async def flushed(self, seconds: float) -> bool:
        """Have the proxy report now what it has not told of queries, and keep it; whether that was done in time."""
        flush_id = next(self._question_ids)
        return await self._answer(flush_id, feed.Flush(flush_id=flush_id), seconds) is not None

    async def interrupted(self, session_id: str, query_id: str | None, seconds: float) -> tuple[str, ...] | None:
        """Have the proxy end queries of a session, all that run or one; the ids of those that ran.

        ``None``: no proxy is connected, or it has not answered in time.
        """
        interrupt_id = next(self._question_ids)
        interrupt = feed.Interrupt(interrupt_id=interrupt_id, session_id=session_id, query_id=query_id)
        answer = await self._answer(interrupt_id, interrupt, seconds)
        return answer.query_ids if isinstance(answer, feed.Interrupted) else None

    async def _answer(
        self, question_id: int, question: feed.Flush | feed.Interrupt, seconds: float
    ) -> feed.Flushed | feed.Interrupted | None:
        connection = self._connection
        if connection is None or not connection.begun:
            return None
        answer: asyncio.Future[feed.Flushed | feed.Interrupted] = asyncio.get_running_loop().create_future()
        self._questions[question_id] = answer
        connection.say(question)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._questions[question_id]

    async def abandoned(self, seconds: int) -> None:
        """Return once no proxy has been connected for so long. A blocked event loop makes it later, never earlier."""
        missing = 0
        while missing < seconds:
            await asyncio.sleep(1)
            missing = 0 if self._connection is not None else missing + 1

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._secret = None
        self._drop(self._connection)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # One connection

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = FeedConnection(writer)
        try:
            if not await self._knows_the_secret(reader):
                log.warning("route feed: a peer without the secret was turned away")
                return
            self._drop(self._connection)
            self._connection = connection
            self._applied = 0
            async with asyncio.TaskGroup() as tasks:
                helpers = [
                    tasks.create_task(self._beat(connection)),
                    tasks.create_task(self._tell_in_order(connection)),
                ]
                await self._send_snapshot(connection)
                await self._listen(reader, connection)
                for helper in helpers:
                    helper.cancel()
        except* (OSError, ValueError, LakesailError, msgspec.MsgspecError) as group:
            log.info("route feed: the connection to the session proxy broke: %s", group.exceptions[0])
        except* Exception:
            log.exception("route feed: the connection to the session proxy broke")
        finally:
            self._drop(connection)
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _knows_the_secret(self, reader: asyncio.StreamReader) -> bool:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = feed.decode_from_proxy(await reader.readline())
        except (TimeoutError, OSError, ValueError, msgspec.MsgspecError):
            return False
        secret = self._secret
        if secret is None or not isinstance(hello, feed.Hello):
            return False
        return hmac.compare_digest(hello.secret.encode(), secret.encode())

    async def _send_snapshot(self, connection: FeedConnection) -> None:
        source = await asyncio.shield(self._source)  # a proxy that goes away must not take it with it
        sequence = self._sequence
        live = await source.routes()
        routes = {route.session_id: route for route in live}
        # A session that ended while the live ones were read: its end counts.
        routes |= {closed.session_id: closed for closed in self._closed.values()}
        connection.begin(
            feed.Snapshot(
                sequence=sequence,
                issuer=source.issuer,
                keys=tuple(map(dict, source.public_keys())),
                token_time=source.token_time(),
                routes=tuple(routes.values()),
            )
        )

    async def _beat(self, connection: FeedConnection) -> None:
        source = await asyncio.shield(self._source)
        while True:
            await asyncio.sleep(feed.HEARTBEAT_SECONDS)
            connection.change(feed.Heartbeat(sequence=self._sequence, token_time=source.token_time()))

    async def _listen(self, reader: asyncio.StreamReader, connection: FeedConnection) -> None:
        while line := await _line(reader):
            message = feed.decode_from_proxy(line)
            if isinstance(message, feed.Applied):
                await self._confirm(message.sequence, connection)
            elif isinstance(message, feed.EngineLost):
                self._look_at(message.workload_id)
            else:
                connection.reports.put_nowait(message)

    async def _confirm(self, sequence: int, connection: FeedConnection) -> None:
        if connection is self._connection:
            async with self._applied_more:
                self._applied = sequence
                self._applied_more.notify_all()

    async def _tell_in_order(self, connection: FeedConnection) -> None:
        """Until a report cannot be kept: then the proxy has to connect again, and says again what was not answered."""
        reports = (await asyncio.shield(self._source)).reports
        try:
            while True:
                await self._tell(await connection.reports.get(), reports, connection)
        except LakesailError as error:
            log.warning("route feed: a report of the session proxy could not be kept: %s", error.message)
        except Exception:
            log.exception("route feed: a report of the session proxy could not be kept")
        await asyncio.sleep(NOT_KEPT_SECONDS)
        self._drop(connection)

    async def _tell(self, message: feed.FromProxy, reports: Reports, connection: FeedConnection) -> None:
        if isinstance(message, feed.Activity):
            await reports.activity(message.sessions)
            connection.say(feed.ActivityKept())
        elif isinstance(message, feed.Operations):
            await reports.operations(message.operations)
            connection.say(feed.OperationsKept())
        elif isinstance(message, feed.Flushed | feed.Interrupted):
            question_id = message.flush_id if isinstance(message, feed.Flushed) else message.interrupt_id
            answer = self._questions.get(question_id)
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif isinstance(message, feed.Refusals):
            await reports.refused(message.refused)
        elif isinstance(message, feed.Claim):
            await self._answer_claim(message, reports, connection)
        elif isinstance(message, feed.PythonBegins):
            live = await reports.python_begins(message.session_id)
            connection.say(feed.PythonNoted(note_id=message.note_id, live=live))
        elif isinstance(message, feed.Released):
            await reports.released(message.session_id, message.spark_session_id)
            connection.say(feed.ReleaseKept(session_id=message.session_id, spark_session_id=message.spark_session_id))

    async def _answer_claim(self, claim: feed.Claim, reports: Reports, connection: FeedConnection) -> None:
        verdict: Any = await reports.claim(claim.session_id, claim.caller, claim.spark_session_id)
        granted = verdict == "granted"
        connection.say(feed.ClaimAnswer(claim_id=claim.claim_id, granted=granted, reason=None if granted else verdict))

    def _look_at(self, workload_id: str) -> None:
        """Apart from the other reports: what follows may take as long as an engine takes to stop."""
        if workload_id not in self._looked_at:
            self._looked_at.add(workload_id)
            self._spawn(self._tell_engine_lost(workload_id))

    async def _tell_engine_lost(self, workload_id: str) -> None:
        try:
            source = await asyncio.shield(self._source)
            await source.reports.engine_lost(workload_id)
        except LakesailError as error:
            log.warning("route feed: workload %s could not be looked at: %s", workload_id, error.message)
        except Exception:
            log.exception("route feed: workload %s could not be looked at", workload_id)
        finally:
            self._looked_at.discard(workload_id)

    def _drop(self, connection: FeedConnection | None) -> None:
        if connection is not None:
            connection.close()
            if self._connection is connection:
                self._connection = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _line(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(SILENCE_SECONDS):
        return await reader.readline()
