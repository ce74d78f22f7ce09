"""What becomes of one Spark Connect RPC: who calls, may it pass, where does it go, how does it end."""

from __future__ import annotations

import asyncio
import functools
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, NoReturn

import grpc
import grpc.aio

from ..errors import Internal, InvalidArgument, LakesailError, PermissionDenied, Unauthenticated, Unavailable
from ..feed import Route
from ..tokens import SessionClaims, TokenTime
from . import spark_rpc
from .auth import SessionClosed, Tokens, holder_of, status_of
from .engine_words import spark_session_is_over, with_next_step
from .executions import Interrupt, read_action, read_release_until, releases_all
from .feed_client import FeedClient
from .forwarding import EngineAnswer, EngineLost, Engines, forward
from .held_messages import HeldMessages, Stream
from .operation import SparkSession
from .operations import OperationBook, Passing
from .python_use import PythonUse
from .routes import RouteTable, require_live, revoked
from .running_rpcs import RunningRpc, RunningRpcs
from .spark_rpc import (
    ADD_ARTIFACTS,
    CLONE_SESSION,
    REATTACH_EXECUTE,
    RELEASE_EXECUTE,
    RELEASE_SESSION,
    Head,
    Method,
)
from .spark_sessions import SparkSessions, stopped
from .stopping import StopQuestions

VERDICT_PAUSES_SECONDS = (0.1, 0.4, 1.5)
"""The control plane is asked this often what became of an engine that broke off: a dying process closes its sockets
before anybody can see that it is dead."""
ORPHANS_EVERY_SECONDS = 1.0

log = logging.getLogger(__name__)


class SparkConnectService(grpc.GenericRpcHandler):  # type: ignore[misc]
    """The session proxy's front: serves :data:`spark_rpc.METHODS` and nothing else."""

    def __init__(
        self,
        *,
        time: TokenTime,
        tokens: Tokens,
        routes: RouteTable,
        calls: RunningRpcs,
        feed: FeedClient,
        engines: Engines,
        operations: OperationBook,
        held: HeldMessages,
    ) -> None:
        self._time = time
        self._tokens = tokens
        self._routes = routes
        self._calls = calls
        self._feed = feed
        self._engines = engines
        self._operations = operations
        self._held = held
        self._spark_sessions = SparkSessions(feed, self._release_in_engine)
        self._python_use = PythonUse(feed.note_python)
        self._stop_questions = StopQuestions(engines, routes, operations)
        self._ending: set[asyncio.Task[None]] = set()
        self._handlers = {path: self._handler(method) for path, method in spark_rpc.METHODS.items()}

    def service(self, handler_call_details: Any) -> Any:
        return self._handlers.get(handler_call_details.method)

    def session_ended(self, session_id: str) -> None:
        """Give back what it had, apart from its end, for which somebody waits."""
        self._operations.session_ended(session_id)
        self._python_use.session_ended(session_id)
        task = asyncio.create_task(self._give_back(session_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def release_orphans(self) -> None:
        """For ever: release the Spark sessions whose processes have ended, without or before a word to us."""
        while True:
            await asyncio.sleep(ORPHANS_EVERY_SECONDS)
            try:
                orphans = self._spark_sessions.orphans()
            except Exception:
                log.exception("session proxy: it could not be told which processes have ended")
                continue
            for route, spark_session in orphans:
                try:
                    await self._end(route, spark_session)
                except Exception:
                    log.exception("session proxy: a Spark session of a process that ended was not released")

    async def _give_back(self, session_id: str) -> None:
        await self._spark_sessions.end_all(session_id)
        self._engines.close_unused()

    def _handler(self, method: Method) -> Any:
        # Requests are read by the handler, so that nobody's message is taken in before the token is checked.
        handle = functools.partial(self._handle, method)
        if method.streams_responses:
            return grpc.stream_stream_rpc_method_handler(handle)
        return grpc.stream_unary_rpc_method_handler(handle)

    async def _handle(self, method: Method, _requests: Any, context: Any) -> bytes:
        session_id: str | None = None
        with self._held.stream(context.peer()) as stream:
            try:
                claims = self._tokens.claims(context.invocation_metadata())
                session_id = claims.sid
                with RunningRpc(self._calls, claims.sid, relieves=method.relieves) as call, stream.of(call):
                    return await self._answer(method, claims, call, context, stream)
            except EngineAnswer as answer:
                await _told(context.abort(answer.code, answer.details, answer.trailers))
            except LakesailError as error:
                if isinstance(error, Unauthenticated | PermissionDenied):
                    self._feed.refusals.note(session_id, error.code)
                await _told(context.abort_with_status(status_of(error, method)))
            except (grpc.aio.BaseError, asyncio.CancelledError):
                raise
            except Exception:
                log.exception("session proxy: %s failed", method.name)
                failure = Internal("The session proxy failed; its log says why.")
                await _told(context.abort_with_status(status_of(failure, method)))
        raise AssertionError("abort raises")

    async def _answer(
        self, method: Method, claims: SessionClaims, call: RunningRpc, context: Any, stream: Stream
    ) -> bytes:
        try:
            self._feed.require()
            route = await self._routes.ready(claims.sid)
        except SessionClosed:
            if method is RELEASE_SESSION:
                head = spark_rpc.read_head(method, await _first_message(context))
                return spark_rpc.release_session_response(head.spark_session_id)
            raise
        _require_current(claims, route, expired_is_fine=method.grace != "none", now=self._time.now())
        message = await _first_message(context)
        # The client may have taken its time, and its token may have been ended meanwhile.
        route = await self._routes.ready(claims.sid)
        _require_current(claims, route, expired_is_fine=method.grace != "none", now=self._time.now())
        head = spark_rpc.read_head(method, message)
        spark_session = SparkSession(route.workload_id, route.session_id, claims.sub, head.spark_session_id)
        if claims.exp <= self._time.now() and not self._operations.has_grace(method, head, spark_session, claims):
            raise _expired()
        if method is RELEASE_SESSION:
            return await self._release(route, spark_session, call)
        await self._spark_sessions.claim(route, spark_session)
        if (holder := holder_of(context.invocation_metadata())) is not None:
            self._spark_sessions.ends_with(spark_session, holder)
        await self._python_use.before(method, message, route)
        action = read_action(context.invocation_metadata())
        followed = self._operations.following(
            method, head, message, spark_session, claims, lambda: call.cut_with, action, cut=call.cut
        )
        with self._spark_sessions.using(spark_session), followed as passing:
            call.passes()
            message = await self._pinned(method, head, message, route, spark_session)
            rest = _rest(context, method, spark_session)
            return await self._forward(method, head, route, spark_session, message, rest, context, passing, stream)

    async def _pinned(
        self, method: Method, head: Head, message: bytes, route: Route, spark_session: SparkSession
    ) -> bytes:
        """The message with everything in it that is for us to say."""
        if method is ADD_ARTIFACTS:
            spark_rpc.check_artifact_names(message)
        if method is REATTACH_EXECUTE:
            message = spark_rpc.from_oldest_response(message)
        if method is RELEASE_EXECUTE and (until := read_release_until(message)) and not releases_all(message):
            kept = self._operations.releasable(head, spark_session, until)
            message = spark_rpc.with_release_until(message, kept)
        if method is CLONE_SESSION:
            new_id = head.new_spark_session_id
            if new_id is None:
                new_id = str(uuid.uuid4())
                message = spark_rpc.with_new_spark_session_id(message, new_id)
            clone = SparkSession(route.workload_id, route.session_id, spark_session.caller, new_id)
            await self._spark_sessions.claim(route, clone)
        return spark_rpc.with_user(message, spark_session.caller)

    async def _forward(
        self,
        method: Method,
        head: Head,
        route: Route,
        spark_session: SparkSession,
        message: bytes,
        rest: AsyncIterator[bytes],
        context: Any,
        passing: Passing,
        stream: Stream,
    ) -> bytes:
        try:
            channel = self._engines.channel(_address(route))
            return await forward(channel, method, message, rest, context, passing, stream)
        except EngineLost as error:
            await self._engine_lost(route, error)
        except EngineAnswer as answer:
            if not spark_session_is_over(answer, spark_session.id):
                interrupted = self._operations.interrupted(head, spark_session)
                raise with_next_step(answer, method, head, interrupted=interrupted) from answer
        self._spark_sessions.ended(route, spark_session)
        raise stopped()

    async def _engine_lost(self, route: Route, error: EngineLost) -> NoReturn:
        """Leave the control plane time to look: if the engine is gone, it closes the session, which cuts this RPC."""
        log.warning("session proxy: the engine of workload %s broke off: %s", route.workload_id, error)
        for pause in VERDICT_PAUSES_SECONDS:
            self._feed.engine_lost(route.workload_id)
            await asyncio.sleep(pause)
        raise Unavailable(
            f"The engine of session {route.session_id} does not answer; trying again.", retry_after_seconds=1
        )

    async def _release(self, route: Route, spark_session: SparkSession, call: RunningRpc) -> bytes:
        """The answer is that it is stopped, in all cases but one: it is somebody else's."""
        try:
            await self._spark_sessions.claim(route, spark_session)
            call.passes()
            await self._end(route, spark_session)
        except (PermissionDenied, Unavailable):
            raise
        except LakesailError as error:
            log.info("session proxy: nothing to release: %s", error.message)
        return spark_rpc.release_session_response(spark_session.id)

    async def _end(self, route: Route, spark_session: SparkSession) -> None:
        self._operations.interrupt(Interrupt(everything=True), spark_session)
        await self._spark_sessions.end(route, spark_session)

    async def _release_in_engine(self, route: Route, spark_sessions: Sequence[SparkSession]) -> None:
        requests = [spark_rpc.release_session_request(one.id, one.caller) for one in spark_sessions]
        await self._engines.release(_address(route), requests)


async def _told(aborting: Awaitable[None]) -> None:
    """Wait until the client has taken how its RPC ends; that it is gone is no failure of ours."""
    try:
        await aborting
    except grpc.aio.InternalError:
        raise asyncio.CancelledError from None


def _address(route: Route) -> str:
    if route.address is None:
        raise Internal(f"The route of session {route.session_id} has no address.")
    return route.address


def _require_current(claims: SessionClaims, route: Route, *, expired_is_fine: bool, now: float) -> None:
    if claims.gen < route.generation:
        raise revoked()
    require_live(claims.jti, route)
    if claims.wid != route.workload_id:
        raise Unauthenticated("The token is for another workload; run %sail connect to get a new one.")
    if claims.exp <= now and not expired_is_fine:
        raise _expired()


def _expired() -> Unauthenticated:
    return Unauthenticated("The token has expired; run %sail connect to get a new one.")


async def _first_message(context: Any) -> bytes:
    message = await context.read()
    if message is grpc.aio.EOF:
        raise InvalidArgument("The request has no message.")
    return bytes(message)


async def _rest(context: Any, method: Method, spark_session: SparkSession) -> AsyncIterator[bytes]:
    """The further messages of a streaming request; each must speak of the same Spark session."""
    while (message := await context.read()) is not grpc.aio.EOF:
        if spark_rpc.read_head(method, message).spark_session_id != spark_session.id:
            raise PermissionDenied("All messages of a request must name the same Spark session.")
        spark_rpc.check_artifact_names(message)
        yield spark_rpc.with_user(message, spark_session.caller)
