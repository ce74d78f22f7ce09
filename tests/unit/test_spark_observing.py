"""What the channel of a session does beside carrying RPCs: looks on, sends again, gives interrupts an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.clock import SystemClock
from lakesail_notebook.errors import FailedPrecondition
from lakesail_notebook.models import SessionToken
from lakesail_notebook.spark.queries.observed import QUERIES
from lakesail_notebook.spark.rpcs.observing import Observing
from lakesail_notebook.spark.rpcs.session_token import RenewedToken
from lakesail_notebook.spark.sail_workarounds.interrupting import INTERRUPTIONS
from lakesail_notebook.spark.sessions.channel import SessionChannelBuilder
from tests.unit.interrupts import PATIENCE_SECONDS, interrupted_once_it_waits
from tests.unit.small_endpoint import SmallEndpoint, refused

REFUSED = refused(grpc.StatusCode.UNAUTHENTICATED, "Fetch a new token.")


@pytest.fixture
def endpoint() -> Iterator[SmallEndpoint]:
    with SmallEndpoint() as endpoint:
        yield endpoint


class Tokens:
    """Each fetch gives the next one."""

    def __init__(self, *texts: str) -> None:
        self.left = list(texts)

    def fetch(self) -> SessionToken:
        text = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return SessionToken(token=text, expires_at="2099-01-01T00:00:00.000Z")


@pytest.fixture
def stub(endpoint: SmallEndpoint) -> Iterator[spark_proto.SparkConnectServiceStub]:
    token = RenewedToken(Tokens("one", "two").fetch, SystemClock())
    builder = SessionChannelBuilder(endpoint.address, token)
    with builder.toChannel() as channel:
        yield spark_proto.SparkConnectServiceStub(channel)


def execute(stub: spark_proto.SparkConnectServiceStub, operation_id: str, sql: str = "select 1") -> list[str]:
    request = spark_proto.ExecutePlanRequest(session_id="s", operation_id=operation_id)
    request.plan.root.sql.query = sql
    return [answer.response_id for answer in stub.ExecutePlan(request, timeout=30)]


def test_a_plan_that_is_turned_away_for_its_token_is_sent_once_more_with_a_fresh_one(
    endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub
) -> None:
    endpoint.refusals = [REFUSED]
    assert execute(stub, "o1") == ["0", "1", "2"]
    assert endpoint.tokens == ["Bearer one", "Bearer two"]


def test_other_rpcs_are_sent_once_more_too(endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub) -> None:
    endpoint.refusals = [REFUSED]
    stub.Config(spark_proto.ConfigRequest(session_id="s"), timeout=30)
    assert endpoint.tokens == ["Bearer one", "Bearer two"]


def test_a_token_that_stays_refused_is_told_after_one_more_try(
    endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub
) -> None:
    endpoint.refusals = [REFUSED, REFUSED, REFUSED]
    with pytest.raises(grpc.RpcError, match=r"Fetch a new token\."):
        execute(stub, "o1")
    assert len(endpoint.tokens) == 2


def test_another_refusal_is_never_sent_again(
    endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub
) -> None:
    endpoint.refusals = [refused(grpc.StatusCode.PERMISSION_DENIED, "Not yours.")]
    with pytest.raises(grpc.RpcError, match=r"Not yours\."):
        execute(stub, "o1")
    assert len(endpoint.tokens) == 1


def test_a_query_is_seen_with_its_sql_and_its_end(stub: spark_proto.SparkConnectServiceStub) -> None:
    before = QUERIES.last_number
    execute(stub, "seen", "select\n  count(*) from   t")
    [query] = QUERIES.after(before)
    assert query.what == "select count(*) from t"
    assert query.ended is not None
    assert not query.complete, "the small endpoint does not say that all results came"


class Interrupted:
    """An observer that Ctrl+C meets while it looks at a plan."""

    def begins(self, request: Any) -> None:
        raise KeyboardInterrupt

    def analyses(self, request: Any) -> None: ...
    def rejoins(self, operation_id: str) -> None: ...
    def answered(self, operation_id: str, answer: Any) -> None: ...
    def leaves(self, operation_id: str, error: BaseException | None) -> None: ...
    def configures(self, request: Any) -> None: ...


class Refusing(Interrupted):
    """An observer that sends no plan."""

    def begins(self, request: Any) -> None:
        raise FailedPrecondition("It would lose data.")


def test_a_plan_that_an_observer_refuses_is_not_sent_and_its_query_has_ended(endpoint: SmallEndpoint) -> None:
    before = QUERIES.last_number
    builder = SessionChannelBuilder(endpoint.address, RenewedToken(Tokens("one").fetch, SystemClock()))
    with builder.bare_channel as bare:
        observed = grpc.intercept_channel(bare, Observing((QUERIES, Refusing())))
        with pytest.raises(FailedPrecondition, match="It would lose data"):
            execute(spark_proto.SparkConnectServiceStub(observed), "refused")
    [query] = QUERIES.after(before)
    assert query.ended is not None
    assert endpoint.tokens == []


def test_a_query_that_is_interrupted_before_it_is_sent_has_ended(endpoint: SmallEndpoint) -> None:
    before = QUERIES.last_number
    builder = SessionChannelBuilder(endpoint.address, RenewedToken(Tokens("one").fetch, SystemClock()))
    with builder.bare_channel as bare:
        observed = grpc.intercept_channel(bare, Observing((QUERIES, Interrupted())))
        with pytest.raises(KeyboardInterrupt):
            execute(spark_proto.SparkConnectServiceStub(observed), "never-sent")
    [query] = QUERIES.after(before)
    assert query.ended is not None
    assert endpoint.tokens == []


def test_a_stream_that_is_given_up_is_cancelled_although_its_traceback_is_kept(
    endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub
) -> None:
    endpoint.held.clear()
    request = spark_proto.ExecutePlanRequest(session_id="s", operation_id="given-up")
    answers = stub.ExecutePlan(request, timeout=30)
    with interrupted_once_it_waits(endpoint.waiting), pytest.raises(KeyboardInterrupt) as kept:
        next(answers)
    assert endpoint.cancelled.wait(PATIENCE_SECONDS)
    assert kept.value is not None


def test_an_interrupt_that_is_not_answered_ends_all_the_same_as_one_of_nothing(
    endpoint: SmallEndpoint, stub: spark_proto.SparkConnectServiceStub
) -> None:
    endpoint.held.clear()
    started = time.monotonic()
    answer = stub.Interrupt(spark_proto.InterruptRequest(session_id="s", operation_id="o9"))
    assert list(answer.interrupted_ids) == []
    [interruption] = INTERRUPTIONS.since(started)
    assert (interruption.operation_id, interruption.answer) == ("o9", "none")
