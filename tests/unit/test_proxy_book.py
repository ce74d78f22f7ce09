"""How operations begin, move on and end in the proxy's book, and what of it is told when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import LakesailError, Unauthenticated, Unavailable
from lakesail_notebook.feed import (
    MAX_LINE_BYTES,
    OPERATION_REPEAT_SECONDS,
    UNLISTED_TAG,
    OperationReport,
    Operations,
    encode_line,
)
from lakesail_notebook.session_proxy.auth import QueryInterrupted, SessionClosed, SparkSessionStopped
from lakesail_notebook.session_proxy.engine_words import results_missing
from lakesail_notebook.session_proxy.executions import UNNAMED, Action, Interrupt
from lakesail_notebook.session_proxy.forwarding import EngineAnswer
from lakesail_notebook.session_proxy.operation import SparkSession
from lakesail_notebook.session_proxy.operations import GONE_SECONDS, OperationBook
from lakesail_notebook.session_proxy.reporting import MAX_REPORTED, REMEMBERED, SILENCE_SECONDS
from lakesail_notebook.session_proxy.spark_rpc import (
    ANALYZE_PLAN,
    CONFIG,
    EXECUTE_PLAN,
    INTERRUPT,
    REATTACH_EXECUTE,
    RELEASE_EXECUTE,
    Head,
    Method,
)
from lakesail_notebook.tokens import TokenTime
from tests.unit.proxy_claims import CLAIMS, MINE, not_cut
from tests.unit.test_proxy_auth import SetClock

OTHER = SparkSession("W", "S", "ALICE", "spark-2")
OPERATION_NOT_FOUND = EngineAnswer(grpc.StatusCode.INTERNAL, "operation not found: o", ())
MISSING = results_missing()
_PROXY_LINE_BYTES = 1024 * 1024


class Bench:
    """A book, and RPCs that it follows."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.book = OperationBook(TokenTime(self.clock), self.clock)

    def rpc(
        self,
        method: Method = EXECUTE_PLAN,
        operation_id: str | None = "o",
        *,
        request: bytes | None = None,
        owner: SparkSession = MINE,
        results: tuple[bytes, ...] = (),
        error: BaseException | None = None,
        cut_with: LakesailError | None = None,
        seconds: float = 0,
    ) -> None:
        """One that gives these results, and ends so."""
        head = Head(spark_session_id=owner.id, operation_id=operation_id)
        message = plan() if request is None else request
        if cut_with is not None:
            error = asyncio.CancelledError()
        with (
            suppress(*(() if error is None else (type(error),))),
            self.book.following(method, head, message, owner, CLAIMS, lambda: cut_with) as passing,
        ):
            self.clock.pass_seconds(seconds)
            for result in results:
                passing(result)
            if error is not None:
                raise error

    def told(self) -> list[OperationReport]:
        return [self.book.reports.told(operation) for operation in self.book.reports.take()]

    @property
    def outcome(self) -> str:
        """Of the one operation."""
        [told] = self.told()
        return told.outcome


def plan(*, reattachable: bool = True, tags: tuple[str, ...] = ()) -> bytes:
    request = spark_proto.ExecutePlanRequest(tags=tags)
    request.plan.root.sql.query = "select 1"
    request.request_options.add().reattach_options.reattachable = reattachable
    return bytes(request.SerializeToString())


def batch(rows: int, response_id: str, data: bytes = b"data") -> bytes:
    response = spark_proto.ExecutePlanResponse(response_id=response_id)
    response.arrow_batch.row_count = rows
    response.arrow_batch.data = data
    return bytes(response.SerializeToString())


def schema(response_id: str) -> bytes:
    response = spark_proto.ExecutePlanResponse(response_id=response_id)
    response.schema.struct.SetInParent()
    return bytes(response.SerializeToString())


def reattach_after(response_id: str) -> bytes:
    return bytes(spark_proto.ReattachExecuteRequest(last_response_id=response_id).SerializeToString())


def last() -> bytes:
    response = spark_proto.ExecutePlanResponse(response_id="last")
    response.result_complete.SetInParent()
    return bytes(response.SerializeToString())


@pytest.fixture
def bench() -> Bench:
    return Bench()


# One stream


def test_an_operation_is_told_with_what_it_is_how_long_it_took_and_what_it_gave(bench: Bench) -> None:
    bench.rpc(results=(batch(3, "a"), batch(4, "b"), last()), seconds=2)
    bench.clock.pass_seconds(1)
    [told] = bench.told()
    assert (told.session_id, told.operation_id, told.what) == ("S", "o", "select 1")
    assert (told.rows, told.data_bytes, told.outcome) == (7, 8, "succeeded")
    assert (told.began_ago, told.ended_ago) == (3, 1)


@pytest.mark.parametrize(
    ("error", "reattachable", "outcome"),
    [
        (None, True, "running"),
        (None, False, "succeeded"),
        (EngineAnswer(grpc.StatusCode.INTERNAL, "division by zero", ()), True, "failed"),
        (EngineAnswer(grpc.StatusCode.CANCELLED, "", ()), True, "cancelled"),
        (asyncio.CancelledError(), True, "running"),
        (asyncio.CancelledError(), False, "cancelled"),
        (grpc.aio.UsageError(), False, "cancelled"),
        (Unavailable("the engine does not answer"), True, "running"),
        (Unavailable("the engine does not answer"), False, "failed"),
        (SparkSessionStopped("stopped"), True, "failed"),
        (RuntimeError("a fault"), True, "failed"),
    ],
)
def test_an_end_without_the_last_result_is_what_ended_it(
    bench: Bench, error: BaseException | None, reattachable: bool, outcome: str
) -> None:
    bench.rpc(request=plan(reattachable=reattachable), error=error)
    assert bench.outcome == outcome


@pytest.mark.parametrize(
    ("reason", "reattachable", "outcome"),
    [
        (SessionClosed("closed"), False, "running"),
        (Unauthenticated("revoked"), True, "running"),
        (Unauthenticated("revoked"), False, "failed"),
    ],
)
def test_a_stream_that_the_proxy_cut_ended_for_its_reason(
    bench: Bench, reason: LakesailError, reattachable: bool, outcome: str
) -> None:
    bench.rpc(request=plan(reattachable=reattachable), cut_with=reason)
    assert bench.outcome == outcome


def test_a_client_that_goes_after_the_last_result_has_all(bench: Bench) -> None:
    bench.rpc(results=(last(),), error=asyncio.CancelledError())
    assert bench.outcome == "succeeded"


def test_other_rpcs_are_no_operations(bench: Bench) -> None:
    bench.rpc(CONFIG)
    assert bench.told() == []


def test_a_look_at_the_engine_by_the_client_itself_is_not_listed(bench: Bench) -> None:
    bench.rpc(request=plan(tags=("t", UNLISTED_TAG)), results=(last(),))
    assert bench.told() == []


def test_operations_without_a_name_are_told_apart(bench: Bench) -> None:
    bench.rpc(operation_id=None)
    bench.rpc(operation_id=None)
    assert len({told.operation_id for told in bench.told()}) == 2


# What its user sees of it


def sql_command(sql: str = "select 1") -> bytes:
    request = spark_proto.ExecutePlanRequest()
    request.plan.command.sql_command.input.sql.query = sql
    return bytes(request.SerializeToString())


def sql_result(kind: str) -> bytes:
    response = spark_proto.ExecutePlanResponse(response_id="r")
    getattr(response.sql_command_result.relation, kind).SetInParent()
    return bytes(response.SerializeToString())


@pytest.mark.parametrize(("kind", "told"), [("sql", 0), ("with_relations", 0), ("local_relation", 1)])
def test_sql_that_was_only_read_is_no_query_and_a_command_is_one(bench: Bench, kind: str, told: int) -> None:
    bench.rpc(request=sql_command(), results=(sql_result(kind), last()))
    assert len(bench.told()) == told


def test_sql_that_was_told_before_it_turned_out_to_be_only_read_is_taken_back(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with bench.book.following(EXECUTE_PLAN, head, sql_command(), MINE, CLAIMS, not_cut) as passing:
        [begun] = bench.told()
        assert (begun.outcome, begun.ran) == ("running", True)
        passing(sql_result("sql"))
        passing(last())
    [told] = bench.told()
    assert not told.ran


def test_sql_that_cannot_be_read_has_failed(bench: Bench) -> None:
    bench.rpc(request=sql_command("selec 1"), error=EngineAnswer(grpc.StatusCode.INTERNAL, "found selec", ()))
    [told] = bench.told()
    assert (told.what, told.outcome, told.error, told.ran) == ("selec 1", "failed", "found selec", True)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (EngineAnswer(grpc.StatusCode.INTERNAL, "divide\n  by zero", ()), "divide by zero"),
        (EngineAnswer(grpc.StatusCode.INTERNAL, "", ()), "The engine answered INTERNAL."),
        (SparkSessionStopped("It was stopped."), "It was stopped."),
        (EngineAnswer(grpc.StatusCode.INTERNAL, "x" * 500, ()), "x" * 199 + "…"),
        (
            EngineAnswer(
                grpc.StatusCode.INTERNAL, "Traceback (most recent call last):\n  File\nValueError: no 3\n", ()
            ),
            "ValueError: no 3",
        ),
        (RuntimeError("a fault of the proxy"), None),
    ],
)
def test_why_it_failed_is_told_in_one_line(bench: Bench, error: Exception, line: str | None) -> None:
    bench.rpc(error=error)
    [told] = bench.told()
    assert (told.outcome, told.error) == ("failed", line)


def test_a_client_that_comes_back_has_no_error_any_more(bench: Bench) -> None:
    bench.rpc(error=OPERATION_NOT_FOUND)
    bench.rpc(results=(last(),))
    [told] = bench.told()
    assert (told.outcome, told.error) == ("succeeded", None)


def analysis() -> bytes:
    request = spark_proto.AnalyzePlanRequest(client_type="_SPARK_CONNECT_PYTHON")
    request.schema.plan.root.read.named_table.unparsed_identifier = "missing"
    return bytes(request.SerializeToString())


def test_a_plan_that_cannot_be_analysed_is_told_as_failed_and_others_are_not(bench: Bench) -> None:
    bench.rpc(ANALYZE_PLAN, None, request=analysis())
    bench.rpc(ANALYZE_PLAN, None, request=analysis(), error=asyncio.CancelledError())
    assert bench.told() == []
    bench.rpc(ANALYZE_PLAN, None, request=analysis(), error=EngineAnswer(grpc.StatusCode.INTERNAL, "no table", ()))
    [told] = bench.told()
    assert (told.what, told.outcome, told.error) == ("read missing", "failed", "no table")
    assert told.ended_ago is not None
    assert bench.told() == []


def test_the_action_that_a_client_names_is_told_also_when_it_comes_back(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    begun = Action(id="a", line="df.count()")
    with bench.book.following(REATTACH_EXECUTE, head, b"", MINE, CLAIMS, not_cut, begun):
        pass
    [told] = bench.told()
    assert (told.action_id, told.what, told.began_here) == ("a", "df.count()", False)


# What the engine makes of a cancellation


def test_an_engine_that_is_silent_after_a_cancellation_is_told_as_such_until_it_answers(bench: Bench) -> None:
    bench.book.when_cancelled = bench.book.asks_engine
    bench.rpc(request=plan(reattachable=False), error=asyncio.CancelledError())
    assert [told.engine_answered for told in bench.told()] == [None]
    assert bench.told() == []
    bench.clock.pass_seconds(SILENCE_SECONDS)
    [silent] = bench.book.reports.take()
    assert bench.book.reports.told(silent).engine_answered is False
    bench.book.engine_answered(silent)
    assert [told.engine_answered for told in bench.told()] == [True]
    assert not bench.book.reports.news.is_set()


def test_only_what_was_cancelled_is_asked_about(bench: Bench) -> None:
    asked: list[str] = []
    bench.book.when_cancelled = lambda operation: asked.append(operation.id)
    bench.rpc(operation_id="done", results=(last(),))
    bench.rpc(operation_id="failed", error=OPERATION_NOT_FOUND)
    bench.rpc(operation_id="away", error=asyncio.CancelledError())
    assert asked == []
    bench.book.interrupt(Interrupt(everything=True), MINE)
    assert asked == ["away"]


def test_a_client_that_is_long_away_cancels_nothing_in_the_engine(bench: Bench) -> None:
    asked: list[str] = []
    bench.book.when_cancelled = lambda operation: asked.append(operation.id)
    bench.rpc(error=asyncio.CancelledError())
    bench.clock.pass_seconds(GONE_SECONDS + 1)
    assert bench.outcome == "cancelled"
    assert asked == []
    bench.rpc(REATTACH_EXECUTE, request=b"", error=asyncio.CancelledError())
    assert bench.outcome == "running"
    bench.book.interrupt(Interrupt(everything=True), MINE)
    assert asked == ["o"]


# Several streams


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.data())
def test_results_that_are_sent_again_after_a_break_count_once(rows: list[int], data: st.DataObject) -> None:
    bench = Bench()
    results = [schema("r0"), *(batch(count, f"r{index}") for index, count in enumerate(rows, 1))]
    sent = data.draw(st.integers(0, len(results)))
    taken = data.draw(st.integers(0, sent))
    bench.rpc(results=tuple(results[:sent]), error=asyncio.CancelledError())
    request = reattach_after(f"r{taken - 1}" if taken else "")
    bench.rpc(REATTACH_EXECUTE, request=request, results=(*results[max(taken - 1, 0) :], schema("again"), last()))
    [told] = bench.told()
    assert (told.rows, told.data_bytes) == (sum(rows), 4 * len(rows))
    assert (told.what, told.outcome) == ("select 1", "succeeded")


def test_results_that_are_missing_after_a_break_fail_the_operation(bench: Bench) -> None:
    bench.rpc(results=(schema("s"), batch(3, "a")), error=asyncio.CancelledError())
    bench.rpc(REATTACH_EXECUTE, request=reattach_after("a"), results=(batch(1, "c"), last()), error=MISSING)
    [told] = bench.told()
    assert (told.rows, told.outcome) == (3, "failed")
    assert "no longer has the results" in str(told.error)


@pytest.mark.parametrize(("interrupted", "outcome"), [(False, "failed"), (True, "cancelled")])
def test_a_stream_that_ends_before_the_response_that_was_taken_ends_the_operation(
    bench: Bench, interrupted: bool, outcome: str
) -> None:
    bench.rpc(results=(schema("s"), batch(3, "a")), error=asyncio.CancelledError())
    if interrupted:
        bench.book.interrupt(Interrupt(everything=True), MINE)
    with pytest.raises(EngineAnswer, match="was cancelled" if interrupted else "no longer has the results"):
        bench.rpc(REATTACH_EXECUTE, request=reattach_after("a"), results=(batch(1, "c"),))
    assert bench.outcome == outcome


def test_the_engine_releases_no_response_that_shows_where_a_client_is(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    bench.rpc(results=(schema("s"), batch(3, "a"), batch(3, "b")), error=asyncio.CancelledError())
    assert [bench.book.releasable(head, MINE, one) for one in (b"s", b"a", b"b", b"unknown")] == [b"", b"s", b"a", b""]
    bench.rpc(REATTACH_EXECUTE, request=reattach_after("a"), results=(batch(3, "a"), batch(3, "b"), batch(3, "c")))
    assert [bench.book.releasable(head, MINE, one) for one in (b"b", b"c")] == [b"a", b"b"]
    elsewhere = Head(spark_session_id=MINE.id, operation_id="of an earlier proxy")
    assert bench.book.releasable(elsewhere, MINE, b"a") == b""


def test_an_operation_that_is_done_stays_so_when_its_last_words_are_said_again(bench: Bench) -> None:
    bench.rpc(results=(batch(3, "a"), last()))
    bench.told()
    bench.rpc(REATTACH_EXECUTE, request=reattach_after(""), results=(batch(3, "a"), last()))
    assert bench.told() == []


def test_an_operation_begun_through_an_earlier_proxy_is_carried_on(bench: Bench) -> None:
    bench.rpc(REATTACH_EXECUTE, request=reattach_after("y"), results=(batch(5, "y"), batch(3, "z"), last()))
    [told] = bench.told()
    assert (told.operation_id, told.what, told.rows, told.outcome) == ("o", None, 3, "succeeded")


def test_what_the_engine_never_got_is_begun_again_as_the_same(bench: Bench) -> None:
    bench.rpc(error=Unavailable("the engine does not answer"))
    bench.rpc(REATTACH_EXECUTE, request=b"", error=OPERATION_NOT_FOUND)
    bench.rpc(results=(batch(1, "a"), last()))
    assert bench.outcome == "succeeded"


def test_what_is_known_by_its_reattaching_first_is_told_whole_once_it_is_begun(bench: Bench) -> None:
    bench.rpc(REATTACH_EXECUTE, request=b"", error=OPERATION_NOT_FOUND)
    bench.rpc(results=(last(),))
    [told] = bench.told()
    assert (told.what, told.outcome) == ("select 1", "succeeded")


def test_the_end_of_one_of_two_streams_ends_nothing(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with bench.book.following(EXECUTE_PLAN, head, plan(), MINE, CLAIMS, not_cut):
        bench.rpc(REATTACH_EXECUTE, request=b"", error=OPERATION_NOT_FOUND)
        assert bench.outcome == "running"


def test_a_client_that_does_not_come_back_has_given_it_up(bench: Bench) -> None:
    bench.rpc(error=asyncio.CancelledError(), seconds=5)
    bench.clock.pass_seconds(GONE_SECONDS - 1)
    assert bench.outcome == "running"
    bench.clock.pass_seconds(1)
    [told] = bench.told()
    assert (told.outcome, told.began_ago - (told.ended_ago or 0)) == ("cancelled", 5)
    bench.rpc(REATTACH_EXECUTE, request=b"", results=(last(),))
    assert bench.outcome == "succeeded"


# Ended by its user


def interrupt_request(kind: int, **named: str) -> bytes:
    return bytes(spark_proto.InterruptRequest(interrupt_type=kind, **named).SerializeToString())


@pytest.mark.parametrize(
    ("request_bytes", "outcome"),
    [
        (interrupt_request(1), "cancelled"),
        (interrupt_request(2, operation_tag="t"), "cancelled"),
        (interrupt_request(2, operation_tag="another"), "failed"),
        (interrupt_request(3, operation_id="o"), "cancelled"),
        (interrupt_request(3, operation_id="p"), "failed"),
    ],
)
def test_an_interrupted_operation_that_ends_in_an_error_was_cancelled(
    bench: Bench, request_bytes: bytes, outcome: str
) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with suppress(EngineAnswer), bench.book.following(EXECUTE_PLAN, head, plan(tags=("t",)), MINE, CLAIMS, not_cut):
        bench.rpc(INTERRUPT, None, request=request_bytes)
        raise OPERATION_NOT_FOUND
    assert bench.outcome == outcome


def test_an_interrupt_that_the_engine_does_not_obey_changes_nothing(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with bench.book.following(EXECUTE_PLAN, head, plan(), MINE, CLAIMS, not_cut) as passing:
        bench.rpc(INTERRUPT, None, request=interrupt_request(1))
        assert bench.outcome == "running"
        passing(last())
    assert bench.outcome == "succeeded"


def test_an_interrupt_is_of_its_spark_session_alone(bench: Bench) -> None:
    bench.rpc(error=asyncio.CancelledError())
    bench.book.interrupt(Interrupt(everything=True), OTHER)
    assert bench.outcome == "running"
    bench.book.interrupt(Interrupt(everything=True), MINE)
    assert bench.outcome == "cancelled"


def test_an_operation_that_is_given_back_unfinished_was_cancelled(bench: Bench) -> None:
    until, everything = spark_proto.ReleaseExecuteRequest(), spark_proto.ReleaseExecuteRequest()
    until.release_until.response_id = "a"
    everything.release_all.SetInParent()
    bench.rpc(results=(batch(1, "a"),), error=asyncio.CancelledError())
    bench.rpc(RELEASE_EXECUTE, request=until.SerializeToString())
    assert bench.outcome == "running"
    bench.rpc(RELEASE_EXECUTE, request=everything.SerializeToString())
    assert bench.outcome == "cancelled"


def test_an_operation_that_is_given_back_when_it_is_done_stays_done(bench: Bench) -> None:
    everything = spark_proto.ReleaseExecuteRequest()
    everything.release_all.SetInParent()
    bench.rpc(results=(last(),))
    bench.rpc(RELEASE_EXECUTE, request=everything.SerializeToString())
    assert bench.outcome == "succeeded"


# What is told when


def test_nothing_is_told_twice_until_it_moves_on(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with bench.book.following(EXECUTE_PLAN, head, plan(), MINE, CLAIMS, not_cut) as passing:
        assert len(bench.told()) == 1
        assert bench.told() == []
        passing(batch(2, "a"))
        assert [told.rows for told in bench.told()] == [2]
        bench.clock.pass_seconds(OPERATION_REPEAT_SECONDS - 1)
        assert bench.told() == []
        bench.clock.pass_seconds(1)
        assert [told.outcome for told in bench.told()] == ["running"]
        passing(last())
    bench.told()
    bench.clock.pass_seconds(OPERATION_REPEAT_SECONDS)
    assert bench.told() == []
    assert not bench.book.reports.news.is_set()


def test_a_report_that_was_not_kept_is_made_again_with_what_is_true_by_then(bench: Bench) -> None:
    bench.rpc(results=(batch(1, "a"),), error=asyncio.CancelledError())
    lost = bench.book.reports.take()
    bench.rpc(REATTACH_EXECUTE, request=reattach_after("a"), results=(batch(1, "a"), batch(1, "b"), last()))
    bench.book.reports.not_told(lost)
    [told] = bench.told()
    assert (told.rows, told.outcome) == (2, "succeeded")
    bench.book.reports.not_told(lost)
    assert bench.book.reports.news.is_set()
    assert len(bench.told()) == 1


def test_a_cancellation_that_could_not_be_reported_waits_for_the_next_report(bench: Bench) -> None:
    bench.rpc(request=plan(reattachable=False), error=asyncio.CancelledError())
    assert bench.book.reports.urgent.is_set()
    bench.book.reports.not_told(bench.book.reports.take())
    assert bench.book.reports.news.is_set()
    assert not bench.book.reports.urgent.is_set()
    assert bench.outcome == "cancelled"


def test_a_session_that_ended_takes_its_operations_along_with_what_they_gave(bench: Bench) -> None:
    head = Head(spark_session_id=MINE.id, operation_id="o")
    with (
        suppress(asyncio.CancelledError),
        bench.book.following(EXECUTE_PLAN, head, plan(), MINE, CLAIMS, lambda: SessionClosed("closed")) as passing,
    ):
        passing(batch(2, "a"))
        bench.book.session_ended("S")
        raise asyncio.CancelledError
    [told] = bench.told()
    assert (told.rows, told.outcome) == (2, "running")
    bench.clock.pass_seconds(GONE_SECONDS)
    assert bench.told() == []
    assert not bench.book.reports.news.is_set()


def test_reports_and_memory_are_bounded(bench: Bench) -> None:
    for index in range(REMEMBERED + 50):
        bench.rpc(operation_id=f"o{index}", results=(last(),))
    first = bench.told()
    assert len(first) == MAX_REPORTED
    assert first[0].operation_id == "o50"
    assert len(bench.book._operations) == REMEMBERED


def test_the_longest_report_fits_into_a_line_of_the_feed(bench: Bench) -> None:
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.sql.query = "\x01" * 1000
    for index in range(MAX_REPORTED):
        bench.rpc(operation_id=f"{index:03}" + "\x01" * 253, request=request.SerializeToString())
    report = tuple(bench.told())
    assert len(report) == MAX_REPORTED
    assert len(encode_line(Operations(operations=report))) < _PROXY_LINE_BYTES < MAX_LINE_BYTES


# Interrupts by the session's owner


@contextmanager
def running(
    bench: Bench, operation_id: str, *, owner: SparkSession = MINE, **plan_of: Any
) -> Iterator[list[LakesailError]]:
    """A stream of an operation; with which errors it was cut."""
    head = Head(spark_session_id=owner.id, operation_id=operation_id)
    cut: list[LakesailError] = []
    action = plan_of.pop("action", UNNAMED)
    request = plan(**plan_of)
    with (
        suppress(asyncio.CancelledError),
        bench.book.following(
            EXECUTE_PLAN, head, request, owner, CLAIMS, lambda: next(iter(cut), None), action, cut=cut.append
        ),
    ):
        yield cut
        if cut:
            raise asyncio.CancelledError


def test_the_owner_interrupts_what_runs_in_all_spark_sessions(bench: Bench) -> None:
    foreign = SparkSession("W", "T", "ALICE", "spark-3")
    with running(bench, "a") as a, running(bench, "b", owner=OTHER) as b, running(bench, "c", owner=foreign) as c:
        assert bench.book.interrupt_session("S", None) == ("a", "b")
        assert [type(error) for error in (*a, *b)] == [QueryInterrupted] * 2
        assert c == []
        assert bench.book.interrupt_session("S", None) == ()
    assert {one.operation_id: one.outcome for one in bench.told()} == {
        "a": "cancelled",
        "b": "cancelled",
        "c": "running",
    }


def test_the_owner_interrupts_one_query_by_its_id_or_its_operations(bench: Bench) -> None:
    first, second = Action(id="first"), Action(id="second")
    with (
        running(bench, "a", action=first) as a,
        running(bench, "b", action=first) as b,
        running(bench, "c", action=second) as c,
    ):
        assert bench.book.interrupt_session("S", "third") == ()
        assert bench.book.interrupt_session("S", "first") == ("first",)
        assert (len(a), len(b), len(c)) == (1, 1, 0)
        assert bench.book.interrupt_session("S", "c") == ("second",)


def test_a_clients_own_look_at_the_engine_is_no_query_to_interrupt(bench: Bench) -> None:
    with running(bench, "look", tags=(UNLISTED_TAG,)) as cut:
        assert bench.book.interrupt_session("S", None) == ()
        assert cut == []


def test_an_interrupted_query_is_asked_about_like_one_that_its_client_interrupted(bench: Bench) -> None:
    asked: list[str] = []
    bench.book.when_cancelled = lambda operation: asked.append(operation.id)
    with running(bench, "a", reattachable=True):
        bench.book.interrupt_session("S", None)
        assert asked == ["a"]
    assert asked == ["a"], "once"
    [told] = bench.told()
    assert (told.outcome, told.error) == ("cancelled", None)


def test_a_query_whose_client_is_away_for_a_moment_is_interrupted_too(bench: Bench) -> None:
    bench.rpc(request=plan(reattachable=True), error=asyncio.CancelledError())
    assert bench.outcome == "running"
    assert bench.book.interrupt_session("S", "o") == ("o",)
    assert bench.outcome == "cancelled"
