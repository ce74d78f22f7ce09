"""Tokens at the session proxy, their time, and how errors become gRPC statuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from lakesail_notebook import errors
from lakesail_notebook.errors import LakesailError, ResourceExhausted, Unauthenticated, Unavailable
from lakesail_notebook.session_proxy.auth import (
    STATUS_CODES,
    QueryInterrupted,
    SessionClosed,
    SparkSessionStopped,
    Tokens,
    status_of,
)
from lakesail_notebook.session_proxy.spark_rpc import CONFIG, EXECUTE_PLAN, METHODS
from lakesail_notebook.signing_keys import SigningKey
from lakesail_notebook.tokens import TokenIssuer, TokenTime

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.wall = START
        self.ticks = 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def pass_seconds(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


def every_class(base: type[LakesailError] = LakesailError) -> Iterator[type[LakesailError]]:
    yield base
    for derived in base.__subclasses__():
        yield from every_class(derived)


def details_of(status: Any) -> list[Any]:
    (key, value), *_ = status.trailing_metadata
    assert key == "grpc-status-details-bin"
    found: list[Any] = []
    for detail in Status.FromString(value).details:
        for kind in (ErrorInfo, RetryInfo):
            message = kind()
            if detail.Is(kind.DESCRIPTOR) and detail.Unpack(message):
                found.append(message)
    return found


@pytest.mark.parametrize("kind", list(every_class()), ids=lambda kind: kind.__name__)
def test_every_error_has_its_grpc_status(kind: type[LakesailError]) -> None:
    status = status_of(kind("What is wrong, and what to do."), EXECUTE_PLAN)
    assert status.code is STATUS_CODES[kind.code]
    assert status.code.name == kind.code
    assert status.details == "What is wrong, and what to do."


def test_the_table_covers_every_family_of_errors() -> None:
    assert set(STATUS_CODES) == {*errors.FAMILIES, LakesailError.code, QueryInterrupted.code}


@pytest.mark.parametrize("path", METHODS)
def test_the_end_of_a_session_marks_pysparks_session_where_its_text_survives(path: str) -> None:
    details = details_of(status_of(SessionClosed("over"), METHODS[path]))
    if METHODS[path].name not in {"ExecutePlan", "ReattachExecute", "AnalyzePlan"}:
        assert details == []
        return
    (info,) = details
    assert (info.reason, info.domain) == ("SESSION_CLOSED", "lakesail.notebook")
    assert info.metadata["errorClass"] == "INVALID_HANDLE.SESSION_CHANGED"
    assert info.metadata["classes"] == '["org.apache.spark.SparkException"]'


def test_a_config_rpc_is_told_that_its_spark_session_is_stopped() -> None:
    (info,) = details_of(status_of(SparkSessionStopped("over"), CONFIG))
    assert info.reason == "SPARK_SESSION_STOPPED"
    assert "errorClass" not in info.metadata


def test_only_passing_troubles_ask_for_a_retry() -> None:
    (retry,) = details_of(status_of(Unavailable("wait", retry_after_seconds=1.5), CONFIG))
    assert retry.retry_delay.ToMilliseconds() == 1500
    assert details_of(status_of(ResourceExhausted("full", retry_after_seconds=60), CONFIG)) == []


def test_a_long_message_is_cut_to_what_metadata_carries() -> None:
    status = status_of(SessionClosed("x" * 100_000), CONFIG)
    assert len(status.details) <= 2000


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer("us", SigningKey("k", Ed25519PrivateKey.generate()))


@pytest.fixture
def tokens(clock: SetClock, issuer: TokenIssuer) -> Tokens:
    made = Tokens(TokenTime(clock))
    made.use_keys(issuer.issuer, issuer.public_keys())
    return made


def issue(issuer: TokenIssuer, *, seconds: int = 600) -> str:
    return issuer.issue(
        caller="ALICE",
        session_id="S",
        workload_id="W",
        generation=1,
        now=START,
        expires_at=START + timedelta(seconds=seconds),
    )


def test_a_token_gives_its_claims_each_time(tokens: Tokens, issuer: TokenIssuer) -> None:
    metadata = (("user-agent", "x"), ("authorization", f"Bearer {issue(issuer)}"))
    assert tokens.claims(metadata) == tokens.claims(metadata)
    assert tokens.claims(metadata).sub == "ALICE"


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["Bearer {}", "Bearer {}"],
        ["Basic {}"],
        ["Bearer"],
        ["Bearer "],
        ["Bearer  {}"],
        ["Bearer {} "],
        [" Bearer {}"],
        ["Bearer {}="],
        ["{}"],
        ["Bearer \udcff"],
        ["Bearer {}\n"],
    ],
)
def test_anything_but_one_bearer_token_is_refused(tokens: Tokens, issuer: TokenIssuer, values: list[str]) -> None:
    token = issue(issuer)
    with pytest.raises(Unauthenticated):
        tokens.claims([("authorization", value.format(token)) for value in values])


def test_bytes_are_no_token(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.claims([("authorization", b"Bearer x")])


def test_a_key_that_is_withdrawn_takes_the_remembered_tokens_with_it(tokens: Tokens, issuer: TokenIssuer) -> None:
    metadata = (("authorization", f"Bearer {issue(issuer)}"),)
    tokens.claims(metadata)
    other = TokenIssuer("us", SigningKey("other", Ed25519PrivateKey.generate()))
    tokens.use_keys("us", other.public_keys())
    with pytest.raises(Unauthenticated):
        tokens.claims(metadata)


def test_before_there_are_keys_nothing_is_believed(clock: SetClock, issuer: TokenIssuer) -> None:
    with pytest.raises(Unauthenticated):
        Tokens(TokenTime(clock)).claims((("authorization", f"Bearer {issue(issuer)}"),))


def test_token_time_passes_with_the_clock(clock: SetClock) -> None:
    time = TokenTime(clock)
    clock.pass_seconds(10)
    assert time.now() == START.timestamp() + 10


def test_a_wall_clock_that_jumps_back_does_not_give_time_back(clock: SetClock) -> None:
    time = TokenTime(clock)
    clock.pass_seconds(10)
    time.now()
    clock.wall -= timedelta(hours=1)
    assert time.now() == START.timestamp() + 10
    clock.pass_seconds(5)
    assert time.now() == START.timestamp() + 15


def test_a_wall_clock_that_jumps_ahead_is_followed(clock: SetClock) -> None:
    time = TokenTime(clock)
    clock.wall += timedelta(hours=8)
    assert time.now() == (START + timedelta(hours=8)).timestamp()
    clock.wall -= timedelta(hours=8)
    clock.pass_seconds(1)
    assert time.now() == (START + timedelta(hours=8, seconds=1)).timestamp()


def test_a_time_that_is_reached_elsewhere_is_reached_here(clock: SetClock) -> None:
    time = TokenTime(clock)
    time.reached(START.timestamp() + 60)
    time.reached(START.timestamp() + 30)
    clock.pass_seconds(1)
    assert time.now() == START.timestamp() + 61


def test_a_wall_clock_that_was_set_back_is_behind_by_whole_seconds(clock: SetClock) -> None:
    time = TokenTime(clock)
    assert time.ahead_of(clock.now()) == timedelta()
    clock.wall -= timedelta(hours=1, milliseconds=400)
    assert time.ahead_of(clock.now()) == timedelta(hours=1)
    clock.wall += timedelta(hours=2)
    assert time.ahead_of(clock.now()) == timedelta()


def test_a_token_issued_after_the_clock_was_set_back_is_good_where_the_proxy_starts_later(
    clock: SetClock, issuer: TokenIssuer
) -> None:
    control_plane = TokenTime(clock)
    clock.wall -= timedelta(hours=1)
    ahead = control_plane.ahead_of(clock.now())
    now, ends = clock.now() + ahead, clock.now() + ahead + timedelta(seconds=600)
    token = issuer.issue(caller="C", session_id="S", workload_id="W", generation=1, now=now, expires_at=ends)
    late = TokenTime(clock)
    tokens = Tokens(late)
    tokens.use_keys(issuer.issuer, issuer.public_keys())
    metadata = (("authorization", f"Bearer {token}"),)
    with pytest.raises(Unauthenticated, match="not valid yet"):
        tokens.claims(metadata)
    late.reached(control_plane.now())
    assert tokens.claims(metadata).exp == late.now() + 600


def test_grpcs_own_codes_are_used() -> None:
    assert all(isinstance(code, grpc.StatusCode) for code in STATUS_CODES.values())
