"""``connect()`` between a small control plane and a small endpoint; the whole way is walked in tests/integration."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo

from lakesail_notebook import errors, models
from lakesail_notebook.clock import to_rfc3339
from lakesail_notebook.spark.sessions.choice import Wanted
from lakesail_notebook.spark.sessions.connecting import Connection, open_connection
from lakesail_notebook.spark.sessions.open_sessions import OPEN_SESSIONS
from tests.unit.interrupts import PATIENCE_SECONDS, interrupted_once_it_waits
from tests.unit.small_api import Answer, SmallApi, page, session
from tests.unit.small_endpoint import STOPPED, SmallEndpoint, refused, retry_after

SESSIONS = "/workloads/sessions"
ENDED = "Session S1 failed: its engine ended with signal 9."


class Said:
    """Remembers what the wait told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def told(self, elapsed_seconds: float, text: str) -> None:
        self.texts.append(text)

    def warned(self, text: str) -> None:
        self.texts.append(text)


class Place:
    """One kernel of a notebook, a control plane that knows it, and a session's endpoint."""

    def __init__(self, api: SmallApi, endpoint: SmallEndpoint) -> None:
        self.api = api
        self.endpoint = endpoint
        self.kernel_id = Path(sys.orig_argv[0]).name
        """It stands in the command line of this process, as a kernel's does."""
        self.client = api.client()
        me = models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=False, kernel_id=self.kernel_id)
        api.on("GET", "/me", Answer(body=me))
        self.has()

    def session(self, session_id: str, **changes: Any) -> models.Session:
        info = models.ConnectionInfo(grpc_endpoint=self.endpoint.address)
        ours = {"connection_info": info, "metadata": {models.KERNEL_KEY: self.kernel_id}}
        return session(session_id, **(ours | changes))

    def has(self, *live: models.Session) -> None:
        """Sessions that lists and describes tell, with tokens for each."""
        self.api.on("GET", SESSIONS, Answer(body=page(*live)))
        for status in ("pending", "active", "idle"):
            found = page(*(one for one in live if one.status == status))
            self.api.on("GET", f"{SESSIONS}?status={status}", Answer(body=found))
        for one in live:
            self.tells(one)

    def tells(self, *states: models.Session) -> None:
        """What one session's describes tell, in order."""
        session_id = states[0].id
        self.api.on("GET", f"{SESSIONS}/{session_id}", *(Answer(body=state) for state in states))
        token = models.SessionToken(
            token=f"t-{session_id}", expires_at=to_rfc3339(datetime.now(UTC) + timedelta(hours=1))
        )
        self.api.on("POST", f"{SESSIONS}/{session_id}/token", Answer(201, token))

    def creates(self, *states: models.Session) -> None:
        self.api.on("POST", SESSIONS, Answer(201, states[0]))
        self.tells(*states)

    def connect(self, progress: Said | None = None, **wanted: Any) -> Connection:
        return open_connection(Wanted(**wanted), self.client, progress or Said())

    def close(self) -> None:
        for session_id in ("S1", "S2"):
            OPEN_SESSIONS.drop(session_id)
        self.client.close()


@pytest.fixture
def place() -> Iterator[Place]:
    with SmallApi() as api, SmallEndpoint() as endpoint:
        place = Place(api, endpoint)
        yield place
        place.close()


def in_background(run: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def target() -> None:
        try:
            run()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    return thread, raised


def test_without_a_session_one_is_created_and_bound(place: Place) -> None:
    place.creates(place.session("S1", status="pending"), place.session("S1", status="active"))
    connection = place.connect(name="mine")
    assert connection.how == "created"
    assert connection.reached.session.status == "active"
    assert connection.spark.session_id == place.endpoint.spark_session_ids[0]
    assert connection.spark.getActiveSession() is connection.spark
    assert place.endpoint.tokens == ["Bearer t-S1"] * 2, "one RPC that passes, and the question for the time zone"
    assert connection.notes == ()


def test_a_live_session_is_attached_and_none_created(place: Place) -> None:
    place.has(place.session("S1"))
    assert place.connect().how == "attached"
    assert place.api.count("POST", SESSIONS) == 0


def test_a_live_session_is_found_behind_a_hundred_ended_ones(place: Place) -> None:
    place.has(place.session("S1"))
    others = (session(f"OLD{n}", status="closed") for n in range(100))
    place.api.on("GET", SESSIONS, Answer(body=page(*others, marker="more")))
    assert place.connect().reached.session.id == "S1"
    assert place.api.count("POST", SESSIONS) == 0


def test_connecting_again_gives_the_same_object(place: Place) -> None:
    place.has(place.session("S1"))
    first = place.connect()
    again = place.connect()
    assert again.how == "kept"
    assert again.spark is first.spark


def test_a_stopped_spark_session_is_replaced_under_the_next_id(place: Place) -> None:
    place.has(place.session("S1"))
    first = place.connect()
    dead = first.spark.session_id
    place.endpoint.refusal_of = lambda spark_session_id: STOPPED if spark_session_id == dead else None
    again = place.connect()
    assert again.how == "attached"
    assert again.spark is first.spark, "its DataFrames go on"
    assert again.spark.session_id != dead
    assert not again.spark.is_stopped


def test_a_bare_connect_leaves_a_stopped_spark_session_stopped(place: Place) -> None:
    place.has(place.session("S1"))
    first = place.connect()
    dead = first.spark.session_id
    place.endpoint.refusal_of = lambda spark_session_id: STOPPED if spark_session_id == dead else None
    again = place.connect(restore=False)
    assert again.spark is not first.spark
    assert first.spark.is_stopped
    assert again.spark.getActiveSession() is again.spark


def test_a_session_that_ended_under_us_is_said_and_replaced(place: Place) -> None:
    alive = place.session("S1")
    ended = place.session("S1", status="failed", status_message=ENDED, termination_reason="engine_crashed")
    place.has(alive)
    place.tells(ended)
    place.creates(place.session("S2"))
    place.endpoint.refusals = [refused(grpc.StatusCode.FAILED_PRECONDITION, ENDED)]
    connection = place.connect()
    assert connection.how == "created"
    assert connection.reached.session.id == "S2"
    assert connection.notes == (
        "Session S1 failed: its engine ended with signal 9. This is a new session: temp views and settings are gone.",
    )


def test_the_session_that_ended_before_is_said(place: Place) -> None:
    ended = place.session("S0", status="closed", status_message="Session S0 idled.", termination_reason="idle_timeout")
    place.api.on("GET", SESSIONS, Answer(body=page(ended)))
    place.creates(place.session("S1"))
    assert place.connect().notes == ("Session S0 idled. This is a new session: temp views and settings are gone.",)


def test_a_session_on_another_config_is_left_alone_and_said(place: Place) -> None:
    place.has(place.session("S1"))
    place.creates(place.session("S2"))
    connection = place.connect(config="big")
    assert connection.how == "created"
    assert connection.notes == ("Session S1 on another compute config is still active.",)


def test_attaching_to_a_session_that_is_over_says_why(place: Place) -> None:
    place.tells(place.session("S1", status="failed", status_message=ENDED))
    with pytest.raises(errors.FailedPrecondition, match="signal 9"):
        place.connect(attach="S1")


def test_attaching_to_somebody_elses_session_is_refused_at_once(place: Place) -> None:
    for owner in ({"member_id": "M2"}, {"member_id": None, "service_account_id": "A1"}):
        place.tells(place.session("S1", connection_info=None, **owner))
        with pytest.raises(errors.PermissionDenied, match=r"S1 is somebody else's.*one of your own"):
            place.connect(attach="S1")
    assert place.api.count("GET", f"{SESSIONS}/S1") == 2
    assert place.endpoint.tokens == []


def test_attaching_to_ones_own_session_waits_for_its_endpoint(place: Place) -> None:
    place.has(place.session("S1"))
    place.tells(place.session("S1", status="pending", connection_info=None), place.session("S1"))
    assert place.connect(attach="S1").how == "attached"


def test_a_service_account_attaches_to_its_own_session(place: Place) -> None:
    me = models.Me(member_id=None, service_account_id="A1", team_ids=("RED",), organization_admin=False)
    place.api.on("GET", "/me", Answer(body=me))
    own = {"member_id": None, "service_account_id": "A1"}
    place.has(place.session("S1", **own))
    place.tells(place.session("S1", status="pending", connection_info=None, **own), place.session("S1", **own))
    assert place.connect(attach="S1").how == "attached"


def test_a_session_that_fails_while_it_starts_ends_the_wait_at_once(place: Place) -> None:
    pending = place.session("S1", status="pending", status_message="Starting the engine.")
    failed = place.session("S1", status="failed", status_message="Session S1 could not start: no memory.")
    place.creates(pending, pending, failed)
    place.endpoint.held.clear()
    said = Said()
    with pytest.raises(errors.FailedPrecondition, match="no memory"):
        place.connect(said)
    assert "Starting session S1: Starting the engine." in said.texts
    assert place.endpoint.cancelled.wait(PATIENCE_SECONDS)


def test_a_proxy_that_asks_for_patience_gets_it(place: Place) -> None:
    place.has(place.session("S1"))
    patience = refused(grpc.StatusCode.UNAVAILABLE, "The session starts.", retry_after(0.05))
    place.endpoint.refusals = [patience, patience, patience, None]
    place.connect()
    assert len(place.endpoint.tokens) == 4 + 3, (
        "until one passes, the questions for the time zone and the settings, and a look at what is there"
    )


def test_a_wait_that_is_over_says_what_to_do(place: Place) -> None:
    place.creates(place.session("S1", status="pending", status_message="Pulling the image."))
    place.endpoint.held.clear()
    with pytest.raises(errors.DeadlineExceeded, match=r"not ready after 1 s \(Pulling the image\).*Connect again"):
        place.connect(wait_seconds=1)
    assert place.endpoint.cancelled.wait(PATIENCE_SECONDS)


def test_a_revoked_token_is_fetched_anew_once(place: Place) -> None:
    place.has(place.session("S1"))
    no_longer = refused(grpc.StatusCode.UNAUTHENTICATED, "The token was revoked.")
    place.endpoint.refusals = [no_longer, None]
    place.connect()
    assert place.api.count("POST", f"{SESSIONS}/S1/token") == 2

    place.endpoint.refusals = [no_longer, no_longer]
    with pytest.raises(errors.Unauthenticated, match="revoked"):
        place.connect()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, errors.PermissionDenied),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.ResourceExhausted),
        (grpc.StatusCode.FAILED_PRECONDITION, errors.FailedPrecondition),
        (grpc.StatusCode.UNKNOWN, errors.Internal),
    ],
)
def test_a_refusal_is_raised_at_once_in_its_own_words(
    place: Place, code: grpc.StatusCode, kind: type[errors.LakesailError]
) -> None:
    place.has(place.session("S1"))
    foreign = ErrorInfo(reason="SPARK_SESSION_STOPPED", domain="of.another")
    place.endpoint.refusals = [refused(code, "This is why.", foreign)]
    with pytest.raises(kind, match=r"This is why\."):
        place.connect()
    assert len(place.endpoint.tokens) == 1


def test_a_control_plane_that_goes_away_ends_the_wait(place: Place) -> None:
    place.creates(place.session("S1", status="pending"))
    place.api.on("GET", f"{SESSIONS}/S1", Answer(503, {"message": "shutting down"}))
    place.endpoint.held.clear()
    with pytest.raises(errors.Unavailable, match="shutting down"):
        place.connect()


def test_an_interrupt_ends_the_wait_and_keeps_the_session(place: Place) -> None:
    place.creates(place.session("S1", status="pending"))
    place.endpoint.held.clear()
    with interrupted_once_it_waits(place.endpoint.waiting), pytest.raises(KeyboardInterrupt):
        place.connect()
    assert place.endpoint.cancelled.wait(PATIENCE_SECONDS)
    assert not any(request.verb == "DELETE" for request in place.api.requests)


@pytest.mark.timeout(60)  # PySpark's own tries of a call that may be tried again take ten minutes
def test_a_closed_sessions_spark_says_so_at_once(place: Place) -> None:
    place.has(place.session("S1"))
    spark = place.connect().spark
    OPEN_SESSIONS.drop("S1")
    with pytest.raises(Exception, match="NO_ACTIVE_SESSION"):
        spark.range(1).count()


def test_outside_a_kernel_all_threads_have_the_session_of_their_process(place: Place) -> None:
    place.api.on("GET", "/me", Answer(body=models.Me(member_id="M1", team_ids=(), organization_admin=True)))
    place.creates(place.session("S1"))
    sparks: list[Any] = []
    threads = [in_background(lambda: sparks.append(place.connect().spark)) for _ in range(4)]
    for thread, raised in threads:
        thread.join()
        assert raised == []
    assert len(set(map(id, sparks))) == 1
    assert place.connect().spark is sparks[0]
    assert place.api.count("POST", SESSIONS) == 1


def test_a_long_lived_script_forgets_the_sessions_that_are_over(place: Place) -> None:
    place.api.on("GET", "/me", Answer(body=models.Me(member_id="M1", team_ids=(), organization_admin=True)))
    place.creates(place.session("S1"))
    client = weakref.ref(place.connect().spark.client)

    place.tells(place.session("S1", status="closed", status_message="Session S1 idled."))
    place.api.on("GET", f"{SESSIONS}?status=closed", Answer(body=page()))
    place.creates(place.session("S2"))
    assert place.connect().notes == ("Session S1 idled. This is a new session: temp views and settings are gone.",)
    asked = place.api.count("GET", f"{SESSIONS}/S1")
    place.connect()
    assert place.api.count("GET", f"{SESSIONS}/S1") == asked
    gc.collect()
    assert client() is None, "nothing holds its client any more"


def test_a_session_that_nobody_knows_any_more_is_forgotten(place: Place) -> None:
    place.api.on("GET", "/me", Answer(body=models.Me(member_id="M1", team_ids=(), organization_admin=True)))
    place.creates(place.session("S1"))
    place.connect()
    place.api.on("GET", f"{SESSIONS}/S1", Answer(404, {"code": "NOT_FOUND", "message": "unknown"}))
    place.creates(place.session("S2"))
    place.connect()
    asked = place.api.count("GET", f"{SESSIONS}/S1")
    place.connect()
    assert place.api.count("GET", f"{SESSIONS}/S1") == asked
