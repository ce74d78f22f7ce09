"""One run of ``connect()``: find or create the session, wait until it can be used, bind a PySpark session to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ...client.client import Client
from ...clock import SystemClock, from_rfc3339, in_words
from ...cures import without_cure
from ...errors import FailedPrecondition, PermissionDenied, Unauthenticated
from ...models import DIRECTORY_KEY, LIVE_STATUSES, Session
from ...process_identity import Holder
from ..rpcs.session_token import RenewedToken
from .choice import (
    Candidate,
    Wanted,
    check_launched,
    check_shared,
    choose,
    creation_key,
    difference,
    is_own,
    private_to,
    session_create,
    spark_session_ids,
)
from .connects import CONNECTS
from .heirs import Heir, go_on, heir_of
from .installation import check_installation, engine_python, load_in_background
from .open_sessions import OPEN_SESSIONS, OpenSession, prepare_full_pyspark
from .owners import current_owner, have_several, one_at_a_time, who_shares
from .process_session import SHARED, launched_on
from .session_requests import install, make_active
from .sessions_here import SessionsHere, sessions_here, this_place, with_config
from .surroundings import ENGINE_DIRECTORIES, TOLD_CHANGES, changes_since, directory_here, environment_for
from .waiting import SPARK_SESSION_STOPPED, Progress, SessionWait, Stopwatch, ended, sentence_of

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from .channel import SessionChannelBuilder

How = Literal["created", "attached", "kept"]
"""A new session; one that was there, with a new PySpark session; or all as it was."""


_OTHER_PYTHON = (
    "pysail is not installed in this Python, so the engine will run in the control plane's: UDFs find the packages "
    "there, and need the same version of Python. To have it run in this one, %pip install pysail, then "
    "%sail connect --new."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What ``connect()`` came to."""

    spark: SparkSession
    endpoint: str
    reached: Candidate
    """The session as it stands now, and its config."""
    how: How
    seconds: float
    notes: tuple[str, ...] = ()
    """What the caller may not expect, in sentences."""
    private: bool = False
    """Whether a new session is for this caller alone, although a notebook's token asked for it."""


def open_connection(wanted: Wanted, client: Client, progress: Progress) -> Connection:
    """Connect from here; the wait is told to ``progress``.

    :raises LakesailError: see :func:`.connect.connect`.
    """
    return _Connecting(wanted, client, progress).run()


class _Connecting:
    def __init__(self, wanted: Wanted, client: Client, progress: Progress) -> None:
        check_installation()
        self._wanted = wanted
        self._client = client
        self._progress = progress
        self._clock = SystemClock()
        self._stopwatch = Stopwatch(self._clock, wanted.wait_seconds)
        self._loaded = load_in_background()  # it takes a second, and so does a new session
        self._place = this_place(client)
        self._said_what_was_there = False

    def run(self) -> Connection:
        with one_at_a_time(who_shares(), self._wanted.wait_seconds):
            current_owner()  # raises for one who has left meanwhile
            connection = self._run()
        CONNECTS.tell()
        return connection

    def _run(self) -> Connection:
        launched = launched_on()
        if launched is not None:
            return self._connect_launched(launched)
        if self._wanted.attach is not None:
            connection = self._enter(self._attachable(self._wanted.attach), "attached")
            return self._shared(connection) if self._wanted.replaces is not None else connection
        here = sessions_here(self._client, self._place)
        for over in reversed(here.over):  # the newest last: its belongings are the ones to go on with
            OPEN_SESSIONS.drop(over.session.id)
            SHARED.drop(over.session.id)
        if have_several():
            check_shared(here.live, self._wanted)
        return self._connect_here(here)

    def _connect_launched(self, session_id: str) -> Connection:
        """Enter the session that this process was launched on."""
        candidate = with_config(self._client, self._client.session(session_id))
        if not candidate.live:
            OPEN_SESSIONS.drop(session_id)
            raise ended(candidate.session)
        check_launched(candidate, self._wanted)
        connection = self._enter(candidate, "attached")
        note = difference(candidate.session, self._wanted)
        return connection if note is None else _noting(connection, note)

    def _shared(self, connection: Connection) -> Connection:
        if have_several():
            SHARED.add(connection.reached.session.id)
        return connection

    def _connect_here(self, here: SessionsHere) -> Connection:
        chosen = choose(here.live, self._wanted)
        if chosen is None:
            created = self._create(here)
            return _noting(created, *self._notes_on_the_others(here))
        try:
            connection = self._enter(chosen, "attached")
        except FailedPrecondition as error:
            if self._client.session(chosen.session.id).status in LIVE_STATUSES:
                raise
            OPEN_SESSIONS.drop(chosen.session.id)
            created = self._create(here)
            return _noting(created, self._replaced(error.message))
        note = difference(chosen.session, self._wanted)
        return connection if note is None else _noting(connection, note)

    def _attachable(self, session_id: str) -> Candidate:
        session = self._client.session(session_id)
        if session.status not in LIVE_STATUSES:
            raise ended(session)
        if session.connection_info is None and not is_own(session, self._place.me):
            raise PermissionDenied(
                f"Session {session_id} is somebody else's, and only its owner can use it; "
                "attach to one of your own, or connect without attach."
            )
        return with_config(self._client, session)

    def _create(self, here: SessionsHere) -> Connection:
        python = engine_python()
        if python is None and self._place.me.single_user:
            self._progress.warned(_OTHER_PYTHON)
        session = self._new_session(python, creation_key(self._wanted, self._place, here.newest_id))
        connection = self._shared(self._enter(with_config(self._client, session), "created"))
        return replace(connection, private=private_to(self._wanted, self._place) is not None)

    def _new_session(self, python: str | None, key: str | None) -> Session:
        """:param key: shared with those who ask for the same session at the same time."""
        wanted = session_create(
            self._wanted,
            python=python,
            directory=directory_here(),
            environment=environment_for(self._place.me),
            private_to=private_to(self._wanted, self._place),
        )
        try:
            session = self._client.create_session(wanted, key)
        except FailedPrecondition as error:
            if error.reason != "idempotency_key_reused":
                raise
            # Another process of this kernel has just made one, and asked in other words.
            chosen = choose(sessions_here(self._client, self._place).live, self._wanted)
            return self._client.create_session(wanted) if chosen is None else chosen.session
        return session if session.status in LIVE_STATUSES else self._client.create_session(wanted)

    def _enter(self, candidate: Candidate, how: How) -> Connection:
        session = candidate.session
        wait = SessionWait(self._client, session, self._stopwatch, self._progress)
        endpoint = wait.for_endpoint()
        self._loaded.result()
        prepare_full_pyspark()
        kept = self._kept(wait, session.id, endpoint)
        heir = heir_of(
            session.id, self._place.key, self._wanted, created=how == "created" or self._is_of_all(session.id)
        )
        opened = kept or self._opened(wait, session.id, endpoint, heir)
        opened.channel_builder.plan_checks.cluster = candidate.has_workers
        opened.channel_builder.plan_checks.directory = session.metadata.get(DIRECTORY_KEY)
        install()
        # A kernel comes back to its Spark session, nobody else does.
        fresh = how == "created" or not self._place.is_kernel or heir.has_more_than(opened)
        note = None if kept else _agree_on_the_zone(opened, fresh=fresh)
        make_active(opened.spark)
        notes = heir.inherit(opened, self._tell) if kept is None else go_on(opened, self._wanted, self._tell)
        self._said_what_was_there = bool(notes)
        if how == "attached" and kept is None:
            opened.channel_builder.find_belongings()
        changes = () if how == "created" else self._changes_since(session)
        if self._place.me.single_user:
            ENGINE_DIRECTORIES.note(session)
        return Connection(
            spark=opened.spark,
            endpoint=endpoint,
            reached=replace(candidate, session=wait.until_settled()),
            how=how if kept is None else "kept",
            seconds=self._stopwatch.seconds,
            notes=(*(() if note is None else (note,)), *notes, *changes),
        )

    def _is_of_all(self, session_id: str) -> bool:
        """Whether several owners share it: one of them made it, and it replaces the session before for each of them."""
        return have_several() and (self._wanted.attach is None or session_id in SHARED.ids())

    def _changes_since(self, session: Session) -> tuple[str, ...]:
        return TOLD_CHANGES.new(session.id, changes_since(self._client, self._place, session))

    def _tell(self, text: str) -> None:
        self._progress.told(self._stopwatch.seconds, text)

    def _kept(self, wait: SessionWait, session_id: str, endpoint: str) -> OpenSession | None:
        """The PySpark session that this place already has here, if it can still be used."""
        opened = OPEN_SESSIONS.find(session_id, self._place.key)
        if opened is None or opened.channel_builder.endpoint != endpoint:
            return None
        return opened if self._passes(wait, opened.channel_builder, opened.spark_session_id) else None

    def _opened(self, wait: SessionWait, session_id: str, endpoint: str, heir: Heir) -> OpenSession:
        from .channel import SessionChannelBuilder

        token = RenewedToken(lambda: self._client.issue_token(session_id), self._clock)
        token.renew()
        builder = SessionChannelBuilder(endpoint, token, None if self._place.is_kernel else _this_process())
        ids = spark_session_ids(session_id, self._place)
        try:
            usable = next(spark_session_id for spark_session_id in ids if self._passes(wait, builder, spark_session_id))
            return OPEN_SESSIONS.open(session_id, self._place.key, usable, builder, heir.goes_on)
        except BaseException:
            builder.bare_channel.close()
            raise

    def _passes(self, wait: SessionWait, builder: SessionChannelBuilder, spark_session_id: str) -> bool:
        """Wait until an RPC under this Spark session id passes; ``False`` when the id is dead."""
        try:
            try:
                wait.for_first_rpc(builder.bare_channel, spark_session_id)
            except Unauthenticated:  # the token was revoked, or this machine's clock is late
                builder.session_token.renew()
                wait.for_first_rpc(builder.bare_channel, spark_session_id)
        except FailedPrecondition as error:
            if error.reason != SPARK_SESSION_STOPPED:
                raise
            return False
        return True

    def _notes_on_the_others(self, here: SessionsHere) -> tuple[str, ...]:
        """What to say of the place's other sessions when it got a new one."""
        if self._wanted.new:
            now = self._clock.now()
            ours = () if self._place.role == "child" else here.live  # a child's notebook had them, not the child
            return tuple(_left_alive(one, now) for one in ours)
        if here.live:
            return tuple(
                f"Session {one.session.id} on another compute config is still {one.session.status}."
                for one in here.live
            )
        if here.ended is None or here.ended.session.termination_reason == "user_closed":
            return ()
        return (self._replaced(sentence_of(here.ended.session)),)

    def _replaced(self, sentence: str) -> str:
        """That a session is over, by its own sentence; what became of known belongings is said apart."""
        gone = "" if self._said_what_was_there else ": temp views and settings are gone"
        return f"{without_cure(sentence).rstrip('.')}. This is a new session{gone}."


def _left_alive(other: Candidate, now: datetime) -> str:
    session = other.session
    named = f" {session.name!r}" if session.name else ""
    left = None if session.timeout_at is None else (from_rfc3339(session.timeout_at) - now).total_seconds()
    how_long = "" if left is None else f" for {in_words(max(left, 0.0))} if unused"
    return (
        f"Session {session.id}{named}, which this notebook had before, stays {session.status} and keeps its "
        f"engine{how_long}; %sail close {session.id} ends it."
    )


def _agree_on_the_zone(opened: OpenSession, *, fresh: bool) -> str | None:
    from .session_zone import agree

    return agree(opened.channel_builder.bare_channel, opened.spark_session_id, fresh=fresh)


def _this_process() -> Holder | None:
    """What a Spark session ends with that nobody comes back to."""
    try:
        return Holder.this_process()
    except OSError:
        return None


def _noting(connection: Connection, *notes: str) -> Connection:
    return replace(connection, notes=(*notes, *connection.notes))
