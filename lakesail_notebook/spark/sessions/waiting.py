"""Waiting for a session: look at it twice a second and tell what it does, until it can be used or never will."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ...client.client import Client
from ...clock import Clock, in_words
from ...cures import with_cure
from ...errors import DeadlineExceeded, FailedPrecondition, LakesailError, Unavailable
from ...models import LIVE_STATUSES, EngineUse, Session

if TYPE_CHECKING:
    import grpc

SPARK_SESSION_STOPPED = "SPARK_SESSION_STOPPED"
"""Reason of the error for an id whose Spark session was stopped: the session lives, the id is dead for ever."""

_LOOK_EVERY_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 2.0
_SETTLED_WITHIN_SECONDS = 1.0
_LOOKS_WITHOUT_ANSWER = 3
_COMPUTES_FOR_SECONDS = 2.0
_BUSY = 0.4
"""Of a core: an engine that uses so much computes."""
_LEAST_SHARE = 0.02
"""Of a core: on a crowded machine an engine that computes gets little more, and the states of its threads tell."""
_MOSTLY = 0.75
"""Of the looks at those states."""


class Progress(Protocol):
    """Somebody who watches the wait."""

    def told(self, elapsed_seconds: float, text: str) -> None:
        """``text`` is one line for a person: what the session does now."""
        ...

    def warned(self, text: str) -> None:
        """``text`` is a sentence that a person is to read before anything is started."""
        ...


class NoProgress:
    """Nobody watches."""

    def told(self, elapsed_seconds: float, text: str) -> None:
        pass

    def warned(self, text: str) -> None:
        pass


@dataclass(slots=True)
class Stopwatch:
    """How long a wait has lasted, and how long it may."""

    clock: Clock
    limit_seconds: int
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()

    @property
    def seconds(self) -> float:
        return self.clock.monotonic() - self._started

    @property
    def over(self) -> bool:
        return self.seconds >= self.limit_seconds


class SessionWait:
    """The wait for one session.

    Its methods raise :class:`FailedPrecondition` with the session's own sentence when it is over,
    :class:`DeadlineExceeded` when the stopwatch is, and :class:`Unavailable` when the control plane is gone.
    """

    def __init__(self, client: Client, session: Session, stopwatch: Stopwatch, progress: Progress) -> None:
        self._client = client
        self._session = session
        self._stopwatch = stopwatch
        self._progress = progress
        self._looked_at = float("-inf")
        self._unanswered = 0

    def for_endpoint(self) -> str:
        """``HOST:PORT`` of the session's endpoint, once the control plane tells it."""
        pause = _FIRST_PAUSE_SECONDS  # the session proxy is about to listen, as a rule
        while (endpoint := _endpoint(self._session)) is None:
            time.sleep(pause)
            self._look(at_most_every=0.0)
            pause = min(2 * pause, _LOOK_EVERY_SECONDS)
        return endpoint

    def for_first_rpc(self, channel: grpc.Channel, spark_session_id: str) -> None:
        """Return once an RPC under this Spark session id has passed.

        :raises FailedPrecondition: also with reason :data:`SPARK_SESSION_STOPPED`.
        """
        from ..rpcs.first_rpc import FirstRpc

        pause = _FIRST_PAUSE_SECONDS
        engine = UnansweringEngine(self._used_by_the_engine, self._stopwatch)
        while True:
            rpc = FirstRpc(channel, spark_session_id)
            try:
                while not rpc.wait(_LOOK_EVERY_SECONDS):
                    self._look(engine.trouble())
            finally:
                rpc.cancel()
            try:
                return rpc.result()
            except Unavailable as error:
                self._look(error.message)
                time.sleep(min(error.retry_after_seconds or pause, _LONGEST_PAUSE_SECONDS))
            pause *= 2

    def until_settled(self) -> Session:
        """The session as it stands after its first RPC; the word of that RPC may take a moment to arrive."""
        deadline = self._stopwatch.seconds + _SETTLED_WITHIN_SECONDS
        while True:
            session = self._client.session(self._session.id)
            if session.status != "pending" or self._stopwatch.seconds >= deadline:
                return session
            time.sleep(_FIRST_PAUSE_SECONDS)

    def _used_by_the_engine(self) -> EngineUse | None:
        if self._session.status == "pending":  # it starts, and nobody can have kept it busy
            return None
        try:
            return self._client.engine_use(self._session.id)
        except LakesailError:  # a hint is not worth an error
            return None

    def _look(self, trouble: str | None = None, *, at_most_every: float = _LOOK_EVERY_SECONDS) -> None:
        if self._stopwatch.seconds - self._looked_at < at_most_every:
            return
        self._looked_at = self._stopwatch.seconds
        try:
            self._session = self._client.session(self._session.id)
            self._unanswered = 0
        except Unavailable as error:
            self._unanswered += 1
            if self._unanswered == _LOOKS_WITHOUT_ANSWER:
                raise
            trouble = error.message
        if self._session.status not in LIVE_STATUSES:
            raise ended(self._session)
        self._tell(self._session.status_message or trouble)
        if self._stopwatch.over:
            raise self._too_late(trouble)

    def _tell(self, message: str | None) -> None:
        what = "Starting" if self._session.status == "pending" else "Waiting for"
        detail = f": {message}" if message else ""
        self._progress.told(self._stopwatch.seconds, f"{what} session {self._session.id}{detail}")

    def _too_late(self, trouble: str | None) -> DeadlineExceeded:
        detail = self._session.status_message or trouble
        said = f" ({detail.rstrip('.')})" if detail else ""
        return DeadlineExceeded(
            f"Session {self._session.id} is not ready after {in_words(self._stopwatch.limit_seconds)}{said}. "
            "Connect again to go on waiting, or close it."
        )


class UnansweringEngine:
    """An engine that does not answer the first RPC.

    :param used: what it uses of the processor now; ``None`` when that cannot be seen.
    :param stopwatch: of the wait.
    """

    def __init__(self, used: Callable[[], EngineUse | None], stopwatch: Stopwatch) -> None:
        self._used = used
        self._stopwatch = stopwatch
        self._first: tuple[float, float] | None = None
        self._looks = 0
        self._looks_that_computed = 0

    def trouble(self) -> str | None:
        """A sentence with the cure, once it has computed for two seconds: nobody but the user knows for what."""
        use, now = self._used(), self._stopwatch.seconds
        if use is None or use.cpu_seconds is None:
            return None
        self._looks += 1
        self._looks_that_computed += use.computes is True
        if self._first is None:
            self._first = use.cpu_seconds, now
        before, then = self._first
        if now - then < _COMPUTES_FOR_SECONDS:
            return None
        share = (use.cpu_seconds - before) / (now - then)
        if share < (_LEAST_SHARE if self._looks_that_computed >= _MOSTLY * self._looks else _BUSY):
            return None
        return (
            f"its engine answers nothing and uses {share:.0%} of a core, maybe for a query "
            "that was interrupted; to end it, interrupt this cell, and run %sail close and %sail connect"
        )


def ended(session: Session) -> FailedPrecondition:
    """What to say of a session that is over, and what to do."""
    return FailedPrecondition(with_cure(sentence_of(session)), reason=session.termination_reason)


def sentence_of(session: Session) -> str:
    """How a session is, or why it is over."""
    return session.status_message or f"Session {session.id} is {session.status}."


def _endpoint(session: Session) -> str | None:
    return None if session.connection_info is None else session.connection_info.grpc_endpoint or None
