"""Which requests bring Python code, and that none is forwarded before the control plane knows."""

from __future__ import annotations

import asyncio
from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest

from lakesail_notebook.errors import Unavailable
from lakesail_notebook.feed import Route
from lakesail_notebook.session_proxy.auth import SessionClosed
from lakesail_notebook.session_proxy.python_use import PythonUse, brings_python
from lakesail_notebook.session_proxy.spark_rpc import ANALYZE_PLAN, CONFIG, EXECUTE_PLAN

ROUTE = Route(session_id="S", workload_id="W", generation=1, state="ready", address="127.0.0.1:1")
VERSIONS = ("3.9", "3.11", "3.14")


def execute() -> Any:
    return spark_proto.ExecutePlanRequest(session_id="00112233-4455-6677-8899-aabbccddeeff")


def with_function(version: str = "3.11") -> bytes:
    request = execute()
    expression = request.plan.root.filter.condition.common_inline_user_defined_function
    expression.function_name = "f"
    expression.python_udf.command = b"\x80\x05code"
    expression.python_udf.python_ver = version
    return bytes(request.SerializeToString())


def with_table_function(version: str = "3.11") -> bytes:
    request = execute()
    function = request.plan.root.common_inline_user_defined_table_function.python_udtf
    function.command, function.python_ver = b"code", version
    return bytes(request.SerializeToString())


def with_data_source(version: str = "3.11") -> bytes:
    request = execute()
    source = request.plan.command.register_data_source.python_data_source
    source.command, source.python_ver = b"code", version
    return bytes(request.SerializeToString())


def with_rows(data: bytes) -> bytes:
    request = execute()
    request.plan.root.local_relation.data = data
    return bytes(request.SerializeToString())


def with_sql(sql: str) -> bytes:
    request = execute()
    request.plan.root.sql.query = sql
    return bytes(request.SerializeToString())


def compressed() -> bytes:
    request = execute()
    request.plan.compressed_operation.data = b"anything"
    return bytes(request.SerializeToString())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("request_of", [with_function, with_table_function, with_data_source])
def test_functions_table_functions_and_data_sources_are_seen(request_of: Any, version: str) -> None:
    assert brings_python(EXECUTE_PLAN, request_of(version))


def test_functions_in_plans_that_are_only_analyzed_are_seen() -> None:
    request = spark_proto.AnalyzePlanRequest(session_id="s")
    function = request.schema.plan.root.map_partitions.func
    function.python_udf.command, function.python_udf.python_ver = b"code", "3.12"
    assert brings_python(ANALYZE_PLAN, request.SerializeToString())


def test_what_a_compressed_plan_holds_is_not_known_so_it_counts() -> None:
    assert brings_python(EXECUTE_PLAN, compressed())


class CountingSearches(bytes):
    """Bytes that count the calls of ``find``."""

    searches = 0

    def find(self, *arguments: Any) -> int:
        self.searches += 1
        return super().find(*arguments)


def test_a_request_with_very_many_candidates_counts_and_is_not_searched_to_its_end() -> None:
    request = CountingSearches(with_rows(b"\x033." * 100_000))
    assert brings_python(EXECUTE_PLAN, request)
    assert request.searches <= 3000


@pytest.mark.parametrize(
    "request_bytes",
    [
        with_sql("select 3.11, '3.9' as version, 'python 3.14' from range(10)"),
        with_rows(bytes(range(256)) * 1000),
        with_rows(b"\x033." * 900),
        b"\x033.9",
        with_sql(""),
        b"\xff\xff\xff",
        b"",
    ],
)
def test_plans_without_python_code_are_none(request_bytes: bytes) -> None:
    assert not brings_python(EXECUTE_PLAN, request_bytes)


def test_other_requests_run_nothing() -> None:
    assert not brings_python(CONFIG, with_function())


class Notes:
    """Answers what it is told to, and counts."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.asked = 0
        self._answers = list(answers)

    async def __call__(self, session_id: str) -> bool:
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_control_plane_is_told_once_for_a_session_and_before_anything_is_forwarded() -> None:
    notes = Notes(Unavailable("away"), True, True)
    use = PythonUse(notes)

    async def scenario() -> None:
        await use.before(EXECUTE_PLAN, with_sql("select 1"), ROUTE)
        assert notes.asked == 0
        with pytest.raises(Unavailable):
            await use.before(EXECUTE_PLAN, with_function(), ROUTE)
        await use.before(EXECUTE_PLAN, with_function(), ROUTE)
        await use.before(EXECUTE_PLAN, with_function(), ROUTE)
        assert notes.asked == 2
        use.session_ended("S")
        await use.before(EXECUTE_PLAN, with_function(), ROUTE)
        assert notes.asked == 3

    asyncio.run(scenario())


def test_python_code_of_a_session_that_is_over_is_not_forwarded() -> None:
    with pytest.raises(SessionClosed):
        asyncio.run(PythonUse(Notes(False)).before(EXECUTE_PLAN, with_function(), ROUTE))
