"""Whose an operation is, and when an expired token may still finish one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakesail_notebook.errors import PermissionDenied
from lakesail_notebook.session_proxy.operation import SparkSession
from lakesail_notebook.session_proxy.operations import GRACE_SECONDS, OperationBook
from lakesail_notebook.session_proxy.spark_rpc import (
    CONFIG,
    EXECUTE_PLAN,
    METHODS,
    REATTACH_EXECUTE,
    SERVICE,
    Head,
    Method,
)
from lakesail_notebook.tokens import TokenTime
from tests.unit.proxy_claims import CLAIMS, LIFETIME, MINE, not_cut
from tests.unit.test_proxy_auth import SetClock

INTERRUPT = METHODS[f"/{SERVICE}/Interrupt"]
RELEASE_EXECUTE = METHODS[f"/{SERVICE}/ReleaseExecute"]
ANALYZE_PLAN = METHODS[f"/{SERVICE}/AnalyzePlan"]
THEIRS = SparkSession("W", "T", "BOB", "spark-2")


def head(operation_id: str | None = None) -> Head:
    return Head(spark_session_id="spark-1", operation_id=operation_id)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def operations(clock: SetClock) -> OperationBook:
    return OperationBook(TokenTime(clock), clock)


def graces(operations: OperationBook, operation_id: str = "o") -> set[str]:
    methods = (CONFIG, INTERRUPT, REATTACH_EXECUTE, RELEASE_EXECUTE, ANALYZE_PLAN, EXECUTE_PLAN)
    return {method.name for method in methods if has_grace(operations, method, operation_id)}


def has_grace(operations: OperationBook, method: Method, operation_id: str = "o") -> bool:
    named = operation_id if method.operation_id_field is not None else None
    return operations.has_grace(method, head(named), MINE, CLAIMS)


def test_while_an_operation_runs_its_expired_token_may_finish_it(operations: OperationBook, clock: SetClock) -> None:
    with operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut):
        clock.pass_seconds(LIFETIME + 3600)
        assert graces(operations) == {"Config", "Interrupt", "ReattachExecute", "ReleaseExecute"}


def test_for_a_minute_after_it_ended_too_but_not_to_interrupt(operations: OperationBook, clock: SetClock) -> None:
    with operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut):
        clock.pass_seconds(LIFETIME + 10)
    clock.pass_seconds(GRACE_SECONDS - 1)
    assert graces(operations) == {"Config", "ReattachExecute", "ReleaseExecute"}
    clock.pass_seconds(1)
    assert graces(operations) == set()


def test_an_operation_that_ended_early_gives_grace_from_the_expiry_on(
    operations: OperationBook, clock: SetClock
) -> None:
    with operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut):
        clock.pass_seconds(1)
    clock.pass_seconds(LIFETIME + GRACE_SECONDS - 2)
    assert "Config" in graces(operations)
    clock.pass_seconds(1)
    assert graces(operations) == set()


def test_there_is_no_grace_for_other_operations_tokens_or_spark_sessions(operations: OperationBook) -> None:
    with operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut):
        assert "ReattachExecute" not in graces(operations, "another")
        assert not operations.has_grace(CONFIG, head(), MINE, replace(CLAIMS, jti="token-2"))
        assert not operations.has_grace(CONFIG, head(), THEIRS, CLAIMS)


def test_an_operation_without_a_name_gives_grace_as_well(operations: OperationBook) -> None:
    with operations.following(EXECUTE_PLAN, head(), b"", MINE, CLAIMS, not_cut):
        assert has_grace(operations, CONFIG)
        assert not has_grace(operations, REATTACH_EXECUTE, "o")


@pytest.mark.parametrize("method", [EXECUTE_PLAN, REATTACH_EXECUTE, RELEASE_EXECUTE, INTERRUPT])
def test_an_operation_of_somebody_else_cannot_be_touched(operations: OperationBook, method: Method) -> None:
    with (
        operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut),
        pytest.raises(PermissionDenied),
        operations.following(method, head("o"), b"", THEIRS, replace(CLAIMS, sub="BOB", sid="T"), not_cut),
    ):
        pass


def test_an_operation_of_another_proxys_time_passes_to_the_engine(operations: OperationBook) -> None:
    with operations.following(REATTACH_EXECUTE, head("begun before"), b"", MINE, CLAIMS, not_cut):
        pass


def test_a_reattached_operation_still_runs_when_its_first_stream_ends(
    operations: OperationBook, clock: SetClock
) -> None:
    with operations.following(EXECUTE_PLAN, head("o"), b"", MINE, CLAIMS, not_cut):
        reattached = operations.following(REATTACH_EXECUTE, head("o"), b"", MINE, CLAIMS, not_cut)
        reattached.__enter__()
    clock.pass_seconds(LIFETIME + 3600)
    assert "Config" in graces(operations)
    reattached.__exit__(None, None, None)
