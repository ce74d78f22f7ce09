"""The route feed: what the control plane and a session proxy say to each other over one connection.

JSON objects, one a line. The proxy speaks first (:class:`Hello`, with the secret it was given at birth). The control
plane answers with a :class:`Snapshot`, then with numbered changes (:class:`RouteChange`); a :class:`Heartbeat` every
:data:`HEARTBEAT_SECONDS` carries the last number, so that a gap shows. The proxy confirms with :class:`Applied`, claims
Spark session ids with :class:`Claim`, says with :class:`PythonBegins` that a session will run Python code, and reports
use with :class:`Activity`, queries with :class:`Operations` and refusals with :class:`Refusals`. A :class:`Flush` asks
for the reports of queries at once, an :class:`Interrupt` for the end of queries. What the control plane cannot keep, it
does not answer: it ends the connection, and the proxy says it again on the next.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

HEARTBEAT_SECONDS = 2.0
STALE_AFTER_SECONDS = 10.0
"""A proxy that has heard nothing for so long lets nothing pass."""
MAX_LINE_BYTES = 16 * 1024 * 1024
REMEMBERED_CLOSED = 1000
"""Of so many closed sessions both sides keep the reason; of older ones it is only known that they are closed."""

UNLISTED_TAG = "lakesail/look"
"""An operation that a client tags so is not reported: by it the client itself looks at the engine, and no user."""
OPERATION_REPEAT_SECONDS = 15.0
"""So often at least the proxy speaks of each operation that runs; of one that is not spoken of, nobody knows more."""

ACTION_KEY = "lakesail-action"
"""Metadata of an RPC: one id for all RPCs of one action of the user. It ends at the session proxy."""
LINE_KEY = "lakesail-line-bin"
"""Metadata beside it: the user's line of code that caused the RPC, in UTF-8."""
MAX_WORDS = 200
"""Characters of what is kept of SQL, of a line of code, and of an error."""

RouteState = Literal["pending", "ready", "closed"]
OperationOutcome = Literal["running", "succeeded", "failed", "cancelled"]


class Route(Struct, frozen=True, kw_only=True):
    """Where one session's RPCs go, or why they go nowhere."""

    session_id: str
    workload_id: str
    generation: int
    """Tokens of an older generation are dead."""
    state: RouteState
    address: str | None = None
    """``HOST:PORT`` of the engine, when ready. It comes from here alone, never from a token or a request."""
    message: str | None = None
    """When closed: why, and what to do, in a sentence."""
    max_spark_sessions: int = 64
    logins_from: int = 0
    """Tokens of logins, and of keys of service accounts, with a smaller number are dead."""
    ended_kernels: tuple[str, ...] = ()
    """Tokens with these kernels' marks are dead."""


def after(old: Route | None, heard: Route) -> Route:
    """The route in force once another of the same session is heard.

    Publishers race: one that read the database earlier may speak later. So nothing comes back from ``closed``, a ready
    workload does not become pending again, and what has ended of its tokens stays ended.
    """
    if old is None or heard.state == "closed":
        return heard if old is None or old.state != "closed" else old
    if old.state == "closed":
        return old
    stage = old if (heard.state, old.state) == ("pending", "ready") else heard
    return msgspec.structs.replace(
        stage,
        generation=max(old.generation, heard.generation),
        logins_from=max(old.logins_from, heard.logins_from),
        ended_kernels=tuple(dict.fromkeys((*old.ended_kernels, *heard.ended_kernels))),
    )


class _Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


# -- control plane -> session proxy


class Snapshot(_Message, tag="snapshot", frozen=True, kw_only=True):
    sequence: int
    issuer: str
    keys: tuple[dict[str, Any], ...]
    """Public signing keys, as JWKs."""
    token_time: float
    """Tokens are issued by this time; Unix seconds."""
    routes: tuple[Route, ...]


class RouteChange(_Message, tag="route", frozen=True, kw_only=True):
    sequence: int
    route: Route


class Heartbeat(_Message, tag="heartbeat", frozen=True, kw_only=True):
    sequence: int
    token_time: float


class ClaimAnswer(_Message, tag="claimAnswer", frozen=True, kw_only=True):
    claim_id: int
    granted: bool
    reason: Literal["foreign", "released", "limit", "closed"] | None = None
    """Why not: another caller's id, one that was stopped, too many live ones, or the session is over."""


class PythonNoted(_Message, tag="pythonNoted", frozen=True, kw_only=True):
    """Answers :class:`PythonBegins`; from now on the workload is given to no other session."""

    note_id: int
    live: bool
    """Whether the session still lives; if not, nothing of it is to be forwarded."""


class ReleaseKept(_Message, tag="releaseKept", frozen=True, kw_only=True):
    """A :class:`Released` is durable; until this comes, the proxy says it again on each new connection."""

    session_id: str
    spark_session_id: str


class ActivityKept(_Message, tag="activityKept", frozen=True, kw_only=True):
    """The next :class:`Activity` of this connection is kept, in their order."""


class OperationsKept(_Message, tag="operationsKept", frozen=True, kw_only=True):
    """The next :class:`Operations` of this connection is kept, in their order."""


class Flush(_Message, tag="flush", frozen=True, kw_only=True):
    """Somebody reads the list of queries: report now what is not reported yet, then :class:`Flushed`."""

    flush_id: int


class Interrupt(_Message, tag="interrupt", frozen=True, kw_only=True):
    """The owner of a session wants queries of it to end; :class:`Interrupted` says which ran."""

    interrupt_id: int
    session_id: str
    query_id: str | None = None
    """The action's id, or the operation's; ``None``: all that run."""


FromControlPlane = (
    Snapshot
    | RouteChange
    | Heartbeat
    | ClaimAnswer
    | PythonNoted
    | ReleaseKept
    | ActivityKept
    | OperationsKept
    | Flush
    | Interrupt
)


# -- session proxy -> control plane


class Hello(_Message, tag="hello", frozen=True, kw_only=True):
    secret: str

    def __repr__(self) -> str:
        return "Hello(secret='…')"


class Claim(_Message, tag="claim", frozen=True, kw_only=True):
    """The first use of a Spark session id; nothing is forwarded before it is granted, which is durable.

    Asking again for one's own id is granted again."""

    claim_id: int
    session_id: str
    caller: str
    """The token's ``sub``."""
    spark_session_id: str


class PythonBegins(_Message, tag="pythonBegins", frozen=True, kw_only=True):
    """A session is about to run Python code in its engine; the plan is forwarded after the answer, which is durable."""

    note_id: int
    session_id: str


class Released(_Message, tag="released", frozen=True, kw_only=True):
    """A Spark session was stopped by its owner; its id is dead."""

    session_id: str
    caller: str
    spark_session_id: str


class SessionActivity(Struct, frozen=True, kw_only=True):
    session_id: str
    running: int
    """RPCs in flight now."""
    seconds_since: float
    """How long ago the last RPC ran; 0 while one is running. An age, so that two clocks need not agree."""


class Activity(_Message, tag="activity", frozen=True, kw_only=True):
    sessions: tuple[SessionActivity, ...]


class OperationReport(Struct, frozen=True, kw_only=True):
    """How an operation is now. Times are ages, so that two clocks need not agree."""

    session_id: str
    operation_id: str
    part: str
    """Names what ``rows`` and ``data_bytes`` count: all that one proxy saw of the operation. Parts add up."""
    what: str | None = None
    """For a person; ``None`` when nobody told this proxy."""
    began_here: bool = True
    """Whether this proxy saw its beginning."""
    began_ago: float
    """Seconds since it began, or since this proxy first saw it."""
    ended_ago: float | None = None
    """Seconds since it ended; ``None`` while it runs."""
    rows: int
    data_bytes: int
    outcome: OperationOutcome
    error: str | None = None
    """Why it failed, in one line."""
    action_id: str | None = None
    """What its client calls the action of its user that it belongs to."""
    ran: bool = True
    """Whether the engine ran anything for it; SQL that was only read is in no list."""
    engine_answered: bool | None = None
    """Of one that was cancelled: whether the engine has answered since. ``None``: not known yet."""


class Operations(_Message, tag="operations", frozen=True, kw_only=True):
    """Operations that began, moved on or ended, or still run. The last word on each counts."""

    operations: tuple[OperationReport, ...]


class Flushed(_Message, tag="flushed", frozen=True, kw_only=True):
    """All that was to be reported when the :class:`Flush` came has been said before this."""

    flush_id: int


class Interrupted(_Message, tag="interrupted", frozen=True, kw_only=True):
    """Answers :class:`Interrupt`; that these queries are cancelled has been reported before this."""

    interrupt_id: int
    query_ids: tuple[str, ...]


class RefusedRpcs(Struct, frozen=True, kw_only=True):
    session_id: str | None
    """Which their tokens name; ``None``: their tokens are not genuine, or there was no room to tell."""
    reason: str
    """The code of the refusal."""
    count: int


class Refusals(_Message, tag="refusals", frozen=True, kw_only=True):
    """RPCs that were not let pass since the last such message, once a second at most. It is not answered."""

    refused: tuple[RefusedRpcs, ...]


class EngineLost(_Message, tag="engineLost", frozen=True, kw_only=True):
    """The engine of a workload refused or broke a connection. A hint to look; the control plane decides."""

    workload_id: str


class Applied(_Message, tag="applied", frozen=True, kw_only=True):
    """Every change up to this number is in force, streams of closed sessions are being cut."""

    sequence: int


FromProxy = (
    Hello
    | Claim
    | PythonBegins
    | Released
    | Activity
    | Operations
    | Flushed
    | Interrupted
    | Refusals
    | EngineLost
    | Applied
)

_decode_from_control_plane: msgspec.json.Decoder[FromControlPlane] = msgspec.json.Decoder(FromControlPlane)
_decode_from_proxy: msgspec.json.Decoder[FromProxy] = msgspec.json.Decoder(FromProxy)


def encode_line(message: FromControlPlane | FromProxy) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def decode_from_control_plane(line: bytes) -> FromControlPlane:
    """:raises msgspec.MsgspecError: when the line is no message of the feed."""
    return _decode_from_control_plane.decode(line)


def decode_from_proxy(line: bytes) -> FromProxy:
    """:raises msgspec.MsgspecError: when the line is no message of the feed."""
    return _decode_from_proxy.decode(line)


class ProxyLaunch(Struct, frozen=True, kw_only=True):
    """What a session proxy is told at birth: one JSON line on its standard input, then its lifeline."""

    feed_host: str
    feed_port: int
    feed_secret: str
    listen: tuple[str, ...]
    """``HOST:PORT``\\ s to serve."""
    tls_certificate_file: str | None = None
    tls_key_file: str | None = None

    def __repr__(self) -> str:
        return f"ProxyLaunch(feed={self.feed_host}:{self.feed_port}, listen={self.listen})"
