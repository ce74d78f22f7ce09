"""The proxy's end of the route feed: keeps it connected, puts what it hears in force, carries claims and reports."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from .. import feed
from ..clock import Clock
from ..errors import Unavailable
from ..tokens import TokenTime
from .operation import Operation, SparkSession
from .operations import OperationBook
from .refusals import RefusedRpcs
from .routes import RouteTable
from .running_rpcs import REPORT_SECONDS, RunningRpcs
from .silence import LOOK_SECONDS, Silence

SILENCE_SECONDS = 2.5 * feed.HEARTBEAT_SECONDS
"""A feed that says nothing for so long is lost; the proxy connects anew."""
ANSWER_SECONDS = 10.0
LOST_RETRY_SECONDS = 1.0
PROMPT_SECONDS = 0.1
"""So soon it is reported that an operation began or ended; what else happens within this time is in the same report."""
_FIRST_BACKOFF_SECONDS, _LAST_BACKOFF_SECONDS = 0.05, 1.0

log = logging.getLogger(__name__)


class _FeedBroken(Exception):
    """The connection cannot be trusted any more."""


class FeedClient:
    def __init__(
        self,
        launch: feed.ProxyLaunch,
        *,
        routes: RouteTable,
        calls: RunningRpcs,
        operations: OperationBook,
        use_keys: Callable[[str, tuple[dict[str, object], ...]], None],
        time: TokenTime,
        clock: Clock,
    ) -> None:
        self._launch = launch
        self._routes = routes
        self._calls = calls
        self._book = operations
        self._operations = operations.reports
        self._use_keys = use_keys
        self._time = time
        self._clock = clock
        self._writer: asyncio.StreamWriter | None = None
        self._in_force = asyncio.Event()
        self._sequence = 0
        self._silence = Silence(clock.monotonic())
        self._question_ids = itertools.count(1)
        self._questions: dict[int, asyncio.Future[Any]] = {}
        """Those that the control plane has not answered yet."""
        self._releases: dict[tuple[str, str], feed.Released] = {}
        self._activity: deque[tuple[list[feed.SessionActivity], float]] = deque()
        """The reports of use that are not known to be kept, and when they were made."""
        self.refusals = RefusedRpcs()
        self._unconfirmed: deque[list[Operation]] = deque()
        """The reports of operations that are not known to be kept."""

    @property
    def connected(self) -> bool:
        """Whether a snapshot is in force and its connection stands."""
        return self._in_force.is_set()

    async def first_snapshot(self) -> None:
        await self._in_force.wait()

    def require(self) -> None:
        """:raises Unavailable: while the feed is lost: a session may have been closed meanwhile."""
        if not self.connected:
            raise Unavailable(
                "The session proxy has lost its control plane and is connecting to it again; try again in a moment.",
                retry_after_seconds=LOST_RETRY_SECONDS,
            )

    async def run(self) -> None:
        """Follow the feed for ever, and report use and operations."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._report_activity())
            tasks.create_task(self._report_operations())
            tasks.create_task(self._report_refusals())
            tasks.create_task(self._let_nothing_pass_when_stale())

    # What the proxy says

    async def claim(self, spark_session: SparkSession) -> feed.ClaimAnswer:
        """Bind a Spark session id, durably.

        :raises Unavailable: when the control plane does not answer.
        """
        claim = feed.Claim(
            claim_id=next(self._question_ids),
            session_id=spark_session.session_id,
            caller=spark_session.caller,
            spark_session_id=spark_session.id,
        )
        answer: feed.ClaimAnswer = await self._answer(claim.claim_id, claim, "confirm the Spark session")
        return answer

    async def note_python(self, session_id: str) -> bool:
        """Say that a session is about to run Python code in its engine; false when the session is over.

        :raises Unavailable: when the control plane does not answer.
        """
        begins = feed.PythonBegins(note_id=next(self._question_ids), session_id=session_id)
        noted: feed.PythonNoted = await self._answer(begins.note_id, begins, "note the Python code of a query")
        return noted.live

    async def _answer(self, question_id: int, question: feed.FromProxy, what: str) -> Any:
        self.require()
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions[question_id] = answer
        try:
            self._say(question)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError as error:
            raise Unavailable(
                f"The control plane did not {what}; try again in a moment.", retry_after_seconds=LOST_RETRY_SECONDS
            ) from error
        finally:
            self._questions.pop(question_id, None)

    def released(self, spark_session: SparkSession) -> None:
        """Report the end of a Spark session; it is said again until the control plane has kept it."""
        released = feed.Released(
            session_id=spark_session.session_id, caller=spark_session.caller, spark_session_id=spark_session.id
        )
        self._releases[spark_session.session_id, spark_session.id] = released
        self._say(released)

    def engine_lost(self, workload_id: str) -> None:
        self._say(feed.EngineLost(workload_id=workload_id))

    def _say(self, message: feed.FromProxy) -> bool:
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(feed.encode_line(message))
        return True

    async def _report_activity(self) -> None:
        while True:
            await self._calls.used.wait()
            await self._in_force.wait()
            report = self._calls.report()
            made_at = self._clock.monotonic()
            if report and self._say(feed.Activity(sessions=tuple(report))):
                self._activity.append((report, made_at))
            else:
                self._calls.not_reported(report, made_at)
            await asyncio.sleep(REPORT_SECONDS)

    async def _report_operations(self) -> None:
        urgent, prompt = self._operations.urgent, self._operations.prompt
        while True:
            await self._operations.news.wait()
            await _wait_for(urgent, PROMPT_SECONDS)
            await self._in_force.wait()
            self._say_operations()
            await _wait_for(prompt, REPORT_SECONDS - PROMPT_SECONDS)

    def _say_operations(self) -> bool:
        """One report of them; whether there was anything to say, and it was said."""
        operations = self._operations.take()
        if not operations:
            return False
        reports = tuple(self._operations.told(operation) for operation in operations)
        said = self._say(feed.Operations(operations=reports))
        if said:
            self._unconfirmed.append(operations)
        else:
            self._operations.not_told(operations)
        return said

    def _report_all(self) -> None:
        while self._say_operations():
            pass

    async def _report_refusals(self) -> None:
        while True:
            await self.refusals.news.wait()
            await self._in_force.wait()
            refused = self.refusals.report()
            if not self._say(feed.Refusals(refused=refused)):
                self.refusals.not_reported(refused)
            await asyncio.sleep(REPORT_SECONDS)

    # What it hears

    async def _follow(self) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        while True:
            try:
                await self._follow_one_connection()
            except (OSError, ValueError, _FeedBroken, TimeoutError, msgspec.MsgspecError) as error:
                log.warning("route feed: %s; connecting again", str(error) or type(error).__name__)
            finally:
                stood = self.connected
                self._lose()
            backoff = _FIRST_BACKOFF_SECONDS if stood else min(2 * backoff, _LAST_BACKOFF_SECONDS)
            await asyncio.sleep(backoff)

    async def _follow_one_connection(self) -> None:
        async with asyncio.timeout(SILENCE_SECONDS):
            reader, writer = await asyncio.open_connection(
                self._launch.feed_host, self._launch.feed_port, limit=feed.MAX_LINE_BYTES
            )
        self._writer = writer
        self._say(feed.Hello(secret=self._launch.feed_secret))
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                line = await reader.readline()
            if not line.endswith(b"\n"):
                raise _FeedBroken("the control plane closed it")
            self._silence.heard(self._clock.monotonic())
            self._hear(feed.decode_from_control_plane(line))

    def _hear(self, message: feed.FromControlPlane) -> None:
        if isinstance(message, feed.Snapshot):
            self._time.reached(message.token_time)
            self._use_keys(message.issuer, message.keys)
            self._routes.replace(message.routes)
            self._sequence = message.sequence
            self._in_force.set()
            for released in self._releases.values():
                self._say(released)
        elif isinstance(message, feed.RouteChange):
            self._require_sequence(message.sequence, self._sequence + 1)
            self._routes.change(message.route)
            self._sequence = message.sequence
        elif isinstance(message, feed.Heartbeat):
            self._time.reached(message.token_time)
            self._require_sequence(message.sequence, self._sequence)
        elif isinstance(message, feed.ClaimAnswer | feed.PythonNoted):
            answered = message.claim_id if isinstance(message, feed.ClaimAnswer) else message.note_id
            answer = self._questions.get(answered)
            if answer is not None and not answer.done():
                answer.set_result(message)
            return
        elif isinstance(message, feed.ActivityKept):
            self._activity.popleft()
            return
        elif isinstance(message, feed.OperationsKept):
            self._unconfirmed.popleft()
            return
        elif isinstance(message, feed.Flush):
            self._report_all()
            self._say(feed.Flushed(flush_id=message.flush_id))
            return
        elif isinstance(message, feed.Interrupt):
            query_ids = self._book.interrupt_session(message.session_id, message.query_id)
            self._report_all()
            self._say(feed.Interrupted(interrupt_id=message.interrupt_id, query_ids=query_ids))
            return
        else:
            self._releases.pop((message.session_id, message.spark_session_id), None)
            return
        self._say(feed.Applied(sequence=self._sequence))

    def _require_sequence(self, heard: int, expected: int) -> None:
        if not self.connected or heard != expected:
            raise _FeedBroken(f"change {expected} is missing")

    def _lose(self) -> None:
        self._in_force.clear()
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.transport.abort()
            self._writer = None
        while self._activity:
            self._calls.not_reported(*self._activity.popleft())
        while self._unconfirmed:
            self._operations.not_told(self._unconfirmed.popleft())
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(
                    Unavailable(
                        "The session proxy has lost its control plane; try again in a moment.",
                        retry_after_seconds=LOST_RETRY_SECONDS,
                    )
                )

    async def _let_nothing_pass_when_stale(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._silence.seconds(self._clock.monotonic()) < feed.STALE_AFTER_SECONDS:
                continue
            self._calls.cut_all(
                Unavailable(
                    "The session proxy has had no word from its control plane for "
                    f"{feed.STALE_AFTER_SECONDS:.0f} s; try again in a moment.",
                    retry_after_seconds=LOST_RETRY_SECONDS,
                )
            )


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
