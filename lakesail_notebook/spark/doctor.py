"""The whole way from this Python to a query on a session of its own, link by link, up to the first that is broken.

Each link is one function. It returns what it saw, and raises a :class:`LakesailError` that says what is wrong and what
to do.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from ..api_location import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
from ..client.client import Client
from ..clock import SystemClock
from ..cures import without_cure
from ..errors import FailedPrecondition, InvalidArgument, LakesailError, PermissionDenied, Unauthenticated, Unavailable
from ..models import LIVE_STATUSES, Session
from ..version import __version__
from .rpcs.session_token import RenewedToken
from .sessions.choice import EXAMINATION_KEY, Wanted, session_create
from .sessions.installation import (
    check_distributions,
    check_version,
    engine_python,
    installed_pysparks,
    installed_version,
    load_in_background,
    pandas_note,
)
from .sessions.surroundings import directory_here, environment_for
from .sessions.waiting import NoProgress, SessionWait, Stopwatch, ended

if TYPE_CHECKING:
    from .sessions.channel import SessionChannelBuilder

LINKS = (
    "packages",
    "control plane",
    "login",
    "database",
    "session",
    "token",
    "session proxy",
    "engine",
    "query",
)

_SESSION_NAME = "doctor"
_SESSION_SECONDS = 600
"""The session ends by itself after so long, should nobody be left to close it."""
_WAIT_SECONDS = 60
_PROXY_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_QUERY_SECONDS = 30.0
_DATABASE_SETTING = "/LakesailApp/database_url"
"""What a server's refusal points to when its database is to blame."""
_ENGINES = re.compile(r"0\.7\.(?:[2-9]|[1-9]\d+)\b")
"""The versions of pysail whose settings we know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One link of the way."""

    name: str
    status: Literal["ok", "broken", "skipped"]
    text: str
    """What was seen, or what is wrong and its cure."""


def examination(find: Callable[[], Client]) -> Generator[Finding, None, None]:
    """What is found at each of :data:`LINKS`; those behind a broken one are skipped.

    It starts a session, and closes it when it ends or is closed itself.

    :param find: finds the control plane; raises :class:`LakesailError` when there is none.
    """
    with contextlib.ExitStack() as undo:
        walk = _walk(find, undo)
        broken: Finding | None = None
        for name in LINKS:
            if broken is None:
                try:
                    finding = Finding(name, "ok", next(walk))
                except LakesailError as error:
                    finding = broken = Finding(_to_blame(name, error), "broken", without_cure(error.message))
            yield finding if finding.name == name else Finding(name, "skipped", "")


def first_broken(findings: Iterable[Finding]) -> Finding | None:
    return next((finding for finding in findings if finding.status == "broken"), None)


def _to_blame(name: str, error: LakesailError) -> str:
    """The broken link, by the link at which its error came.

    An engine that fails early ends its session before the token or the endpoint is asked for.
    """
    session_is_over = isinstance(error, FailedPrecondition) and name in ("token", "session proxy")
    return "engine" if session_is_over else name


def _walk(find: Callable[[], Client], undo: contextlib.ExitStack) -> Iterator[str]:
    """What is seen at each link, in their order."""
    yield check_packages(installed_pysparks(), installed_engine())
    client = undo.enter_context(find())
    yield check_control_plane(client)
    yield check_login(client)
    yield check_database(client)
    session = start_session(client, undo)
    yield f"{session.id} was started"
    yield check_token(client, session)
    wait = SessionWait(client, session, Stopwatch(SystemClock(), _WAIT_SECONDS), NoProgress())
    endpoint = wait.for_endpoint()
    yield check_session_proxy(endpoint)
    channel = open_channel(client, session, endpoint, undo)
    spark_session_id = str(uuid.uuid4())
    yield check_engine(client, session.id, wait, channel, spark_session_id)
    yield check_query(channel, spark_session_id)


def check_packages(pysparks: Mapping[str, str], engine: str | None) -> str:
    """Whether this Python has what a notebook needs.

    :param pysparks: distribution -> version, of those that bring PySpark.
    :param engine: the version of pysail here. A control plane elsewhere needs none here.
    """
    check_distributions(pysparks, importable=importlib.util.find_spec("pyspark") is not None)
    for version in pysparks.values():
        check_version(version)
    if engine is not None and _ENGINES.match(engine) is None:
        raise FailedPrecondition(
            f"pysail {engine} is installed; engines need 0.7.2 or a later 0.7. "
            'Run pip install "lakesail-notebook[local]" in this environment.'
        )
    load_in_background().result()
    versions = {"lakesail-notebook": __version__, **pysparks, **({} if engine is None else {"pysail": engine})}
    told = ", ".join(f"{name} {version}" for name, version in versions.items()) + ("" if engine else ", no pysail")
    return told + pandas_note(installed_version("pandas"))


def check_control_plane(client: Client) -> str:
    """It also answers that it cannot serve. Where that is for its database alone, that link tells."""
    try:
        client.check_health()
    except LakesailError as error:
        if {field.pointer for field in error.errors} != {_DATABASE_SETTING}:
            raise
    return f"{client.url} answers"


def check_login(client: Client) -> str:
    """Whoever is let in may still find a control plane that cannot open; the next link tells."""
    try:
        me = client.me()
    except Unauthenticated as error:
        named = [name for name in (TOKEN_VARIABLE, TOKEN_FILE_VARIABLE) if os.environ.get(name)]
        cure = f" {named[0]} names a token that is refused; a restarted kernel gets one of its server." if named else ""
        raise Unauthenticated(f"{error.message}{cure}", reason=error.reason) from error
    except PermissionDenied:
        raise
    except LakesailError:
        return "the token is accepted"
    server = "" if me.version in {None, __version__} else f", on lakesail-notebook {me.version}"
    return f"as {me.login or me.member_id or me.service_account_id}{server}"


def check_database(client: Client) -> str:
    page = next(client.session_pages())
    return f"{page.total} sessions are known"


def start_session(client: Client, undo: contextlib.ExitStack) -> Session:
    """A session with this interpreter, in this directory, as a notebook's; ``undo`` closes it."""
    wanted = session_create(
        Wanted(name=_SESSION_NAME, max_duration=_SESSION_SECONDS),
        python=engine_python(),
        directory=directory_here(),
        environment=environment_for(client.me()),
    )
    wanted = msgspec.structs.replace(wanted, metadata=wanted.metadata | {EXAMINATION_KEY: "doctor"})
    try:
        session = client.create_session(wanted)
    except InvalidArgument:  # the server's limits may not know so short a life
        session = client.create_session(msgspec.structs.replace(wanted, config=None))
    undo.callback(_close, client, session.id)
    return session


def _close(client: Client, session_id: str) -> None:
    with contextlib.suppress(LakesailError):  # of a control plane that is gone; its sessions then end by themselves
        client.close_session(session_id)


def check_token(client: Client, session: Session) -> str:
    return f"valid until {client.issue_token(session.id).expires_at}"


def check_session_proxy(endpoint: str, seconds: float = _PROXY_SECONDS) -> str:
    """:param seconds: how long it may take to come up: it starts with the first session."""
    place = urlsplit(f"//{endpoint}")
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((place.hostname or "", place.port or 0), seconds).close()
            return f"{endpoint} can be reached"
        except OSError as error:
            if time.monotonic() >= deadline or not isinstance(error, ConnectionRefusedError):
                raise Unavailable(
                    f"The session proxy at {endpoint} cannot be reached ({error.strerror or error}). The log of the "
                    "control plane says whether it runs. On another machine, a firewall may be in between, or its "
                    "administrator must set c.LakesailApp.proxy_bind and proxy_public_endpoint."
                ) from error
        time.sleep(_PAUSE_SECONDS)


def open_channel(client: Client, session: Session, endpoint: str, undo: contextlib.ExitStack) -> SessionChannelBuilder:
    from .sessions.channel import SessionChannelBuilder

    token = RenewedToken(lambda: client.issue_token(session.id), SystemClock())
    token.renew()  # here, where the control plane's refusal can be told: it says why a session is over
    builder = SessionChannelBuilder(endpoint, token)
    undo.callback(builder.bare_channel.close)
    return builder


def check_engine(
    client: Client, session_id: str, wait: SessionWait, channel: SessionChannelBuilder, spark_session_id: str
) -> str:
    stopwatch = Stopwatch(SystemClock(), _WAIT_SECONDS)
    try:
        wait.for_first_rpc(channel.bare_channel, spark_session_id)
    except LakesailError:
        session = client.session(session_id)
        if session.status not in LIVE_STATUSES:  # what ended it says more than the RPC that met its end
            raise ended(session) from None
        raise
    return f"ready after {stopwatch.seconds:.1f} s"


def check_query(channel: SessionChannelBuilder, spark_session_id: str) -> str:
    from .rpcs.first_query import run_query

    stopwatch = Stopwatch(SystemClock(), _WAIT_SECONDS)
    rows = run_query(channel.bare_channel, spark_session_id, _QUERY_SECONDS)
    return f"{rows} rows in {1000 * stopwatch.seconds:.0f} ms"


def installed_engine() -> str | None:
    """The version of pysail in this environment."""
    return installed_version("pysail")
