"""``connect()``: from a notebook, or any Python, to a PySpark session on a governed session."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..api_address import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE
from ..client import Client
from ..clock import SystemClock
from ..errors import FailedPrecondition, Unauthenticated
from ..models import Session
from .choice import LIVE, Candidate, Place, Wanted, choose, differences, session_create, spark_session_ids
from .installation import load_in_background
from .open_sessions import OPEN_SESSIONS, OpenSession, make_active, prepare_full_pyspark
from .session_token import RenewedToken
from .sessions_here import latest_session, live_sessions, this_place, with_config
from .waiting import NoProgress, Progress, SessionWait, Stopwatch, ended

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pyspark.sql.connect.session import SparkSession


def connect(
    config: str | None = None,
    *,
    name: str | None = None,
    attach: str | None = None,
    new: bool = False,
    idle_timeout: str | int | None = None,
    max_duration: str | int | None = None,
    shared: bool = False,
    wait_seconds: str | int = 120,
) -> SparkSession:
    """A PySpark session on this notebook's live session, or on a new one when it has none.

    Calling it again gives the same object, as long as it can be used; after a restart of the kernel, the same Spark
    session with its temp views. Outside a kernel the same holds for the thread that calls.

    :param config: id or name of the compute config to run on; without it, the control plane's default.
    :param name: what to call a new session.
    :param attach: id of the session to use instead.
    :param new: make a new session even if there is a live one.
    :param idle_timeout: of a new session: idle for so long, it counts as idle. Seconds, or a text such as ``"30m"``.
    :param max_duration: of a new session: it is closed after so long. Seconds, or a text such as ``"8h"``.
    :param shared: let a new session share its engine with others that say the same.
    :param wait_seconds: how long to wait for the session. Seconds, or a text such as ``"2m"``.
    :raises InvalidArgument: for arguments that contradict each other, or that the control plane refuses.
    :raises FailedPrecondition: when there is no control plane, PySpark is missing, or the session ended.
    :raises DeadlineExceeded: when the session is not ready in time; it goes on starting.
    :raises Unavailable: when the control plane does not answer.
    """
    wanted = Wanted.checked(
        config=config,
        name=name,
        attach=attach,
        new=new,
        idle_timeout=idle_timeout,
        max_duration=max_duration,
        shared=shared,
        wait_seconds=wait_seconds,
    )
    connection = open_connection(wanted, default_client(), NoProgress())
    for note in connection.notes:
        warnings.warn(note, stacklevel=2)
    return connection.spark


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What ``connect()`` came to."""

    spark: SparkSession
    endpoint: str
    reached: Candidate
    """The session as it stands now, and its config."""
    how: Literal["created", "attached", "kept"]
    """A new session, an older one with a new PySpark session, or all as it was."""
    seconds: float
    notes: tuple[str, ...] = ()
    """What the caller may not expect, in sentences."""


def open_connection(wanted: Wanted, client: Client, progress: Progress) -> Connection:
    """Find or create the session, wait until it can be used, and bind a PySpark session to it."""
    return _Connecting(wanted, client, progress).run()


def default_client() -> Client:
    """The client of the control plane that the environment names now."""
    return _client_of(*(os.environ.get(name) for name in (URL_VARIABLE, TOKEN_VARIABLE, TOKEN_FILE_VARIABLE)))


@functools.lru_cache(maxsize=4)
def _client_of(*_environment: str | None) -> Client:
    return Client()


class _Connecting:
    """One run of ``connect()``."""

    def __init__(self, wanted: Wanted, client: Client, progress: Progress) -> None:
        self._wanted = wanted
        self._client = client
        self._progress = progress
        self._clock = SystemClock()
        self._stopwatch = Stopwatch(self._clock, wanted.wait_seconds)

    def run(self) -> Connection:
        check_installation()
        self._loaded = load_in_background()  # a second that the session needs, too
        self._place = this_place(self._client)
        if self._wanted.attach is not None:
            return self._enter(self._attachable(self._wanted.attach), "attached")
        live = live_sessions(self._client, self._place)
        chosen = choose(live, self._wanted)
        if chosen is None:
            return replace(self._create(), notes=self._notes_on_the_others(live))
        try:
            connection = self._enter(chosen.session, "attached")
        except FailedPrecondition as error:
            if self._client.session(chosen.session.id).status in LIVE:
                raise
            return replace(self._create(), notes=(_replaced(error.message),))
        return replace(connection, notes=differences(chosen.session, self._wanted))

    def _attachable(self, session_id: str) -> Session:
        session = self._client.session(session_id)
        if session.status not in LIVE:
            raise ended(session)
        return session

    def _create(self) -> Connection:
        wanted = session_create(self._wanted, python=sys.executable, directory=os.getcwd())
        return self._enter(self._client.create_session(wanted), "created")

    def _enter(self, session: Session, how: How) -> Connection:
        wait = SessionWait(self._client, session, self._stopwatch, self._progress)
        endpoint = wait.for_endpoint()
        self._loaded.result()
        prepare_full_pyspark()
        opened = self._kept(wait, session.id, endpoint)
        kept = opened is not None
        opened = opened or self._opened(wait, session.id, endpoint)
        make_active(opened.spark)
        return Connection(
            spark=opened.spark,
            endpoint=endpoint,
            reached=with_config(self._client, wait.until_settled()),
            how="kept" if kept else how,
            seconds=self._stopwatch.seconds,
        )

    def _kept(self, wait: SessionWait, session_id: str, endpoint: str) -> OpenSession | None:
        """The PySpark session that this place already has here, if it still can be used."""
        opened = OPEN_SESSIONS.find(session_id, self._place.key)
        if opened is None or opened.channel_builder.endpoint != endpoint:
            return None
        usable = self._passes(wait, opened.channel_builder, opened.spark_session_id)
        return opened if usable else None

    def _opened(self, wait: SessionWait, session_id: str, endpoint: str) -> OpenSession:
        from .channel import SessionChannelBuilder

        token = RenewedToken(lambda: self._client.issue_token(session_id), self._clock)
        token.renew()
        builder = SessionChannelBuilder(endpoint, token)
        try:
            spark_session_id = next(
                tried for tried in spark_session_ids(session_id, self._place) if self._passes(wait, builder, tried)
            )
            return OPEN_SESSIONS.open(session_id, self._place.key, spark_session_id, builder)
        except BaseException:
            builder.toChannel().close()
            raise

    def _passes(self, wait: SessionWait, builder: SessionChannelBuilder, spark_session_id: str) -> bool:
        """Wait until an RPC under this Spark session id passes; ``False`` when the id is dead."""
        try:
            try:
                wait.for_first_rpc(builder.toChannel(), spark_session_id)
            except Unauthenticated:  # the token was revoked, or this machine's clock is late
                builder.session_token.renew()
                wait.for_first_rpc(builder.toChannel(), spark_session_id)
        except FailedPrecondition as error:
            if error.reason != SPARK_SESSION_STOPPED:
                raise
            return False
        return True

    def _notes_on_the_others(self, live: Sequence[Candidate]) -> tuple[str, ...]:
        """What to say of this place's other sessions when a new one was made."""
        if self._wanted.new:
            return ()
        if live:
            ids = ", ".join(candidate.session.id for candidate in live)
            return (f"On another compute config, this notebook's session goes on: {ids}.",)
        last = latest_session(self._client, self._place, but=...)
        return ()
