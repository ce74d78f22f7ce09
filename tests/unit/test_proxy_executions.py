"""What the proxy reads of plans and results: what PySpark's own decoder reads, and nothing that could refuse an RPC."""

from __future__ import annotations

from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.session_proxy.executions import (
    COUNTABLE,
    MAX_WHAT,
    UNREADABLE,
    Interrupt,
    Part,
    read_interrupt,
    read_part,
    read_plan,
    releases_all,
)
from lakesail_notebook.session_proxy.plan_names import COMMANDS, RELATIONS

TEXTS = st.text(max_size=400)


def what(request: Any) -> str:
    return read_plan(request.SerializeToString()).what


def named_fields(message: Any, oneof: str) -> dict[int, str]:
    descriptor = message.DESCRIPTOR
    return {field.number: field.name for field in descriptor.oneofs_by_name[oneof].fields}


# Plans


@given(TEXTS)
def test_the_text_of_an_sql_relation_is_what_it_is(text: str) -> None:
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.common.plan_id = 7
    request.plan.root.sql.query = text
    assert what(request) == (" ".join(text.split())[:MAX_WHAT].rstrip() or "sql")


def test_an_sql_command_is_its_text_however_it_is_wrapped() -> None:
    plain, of_a_relation, with_views = (
        spark_proto.ExecutePlanRequest(),
        spark_proto.ExecutePlanRequest(),
        spark_proto.ExecutePlanRequest(),
    )
    plain.plan.command.sql_command.sql = "create view v as\n  select 1"
    of_a_relation.plan.command.sql_command.input.sql.query = "create view v as\n  select 1"
    with_views.plan.command.sql_command.input.with_relations.root.sql.query = "create view v as\n  select 1"
    with_views.plan.command.sql_command.input.with_relations.references.add().range.end = 3
    assert {what(plain), what(of_a_relation), what(with_views)} == {"create view v as select 1"}


@pytest.mark.parametrize("number", sorted(named_fields(spark_proto.Relation, "rel_type").keys() - {10, 41}))
def test_every_relation_has_its_name(number: int) -> None:
    request = spark_proto.ExecutePlanRequest()
    getattr(request.plan.root, named_fields(spark_proto.Relation, "rel_type")[number]).SetInParent()
    assert what(request) == RELATIONS[number]


@pytest.mark.parametrize("number", sorted(named_fields(spark_proto.Command, "command_type").keys() - {5}))
def test_every_command_has_its_name(number: int) -> None:
    request = spark_proto.ExecutePlanRequest()
    getattr(request.plan.command, named_fields(spark_proto.Command, "command_type")[number]).SetInParent()
    assert what(request) == COMMANDS[number]


def test_the_outermost_relation_counts() -> None:
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.aggregate.input.range.end = 5
    assert what(request) == "aggregate"


def test_what_a_later_protocol_brings_is_a_relation_or_a_command() -> None:
    unknown = b"\xaa\x3f\x00"  # field 1013, an empty message
    root, command = b"\x0a\x03" + unknown, b"\x12\x03" + unknown
    assert read_plan(b"\x1a\x05" + root).what == "relation"
    assert read_plan(b"\x1a\x05" + command).what == "command"


def test_a_plan_within_plans_is_not_followed_for_ever() -> None:
    relation = spark_proto.Relation()
    relation.sql.query = "deep"
    for _ in range(50):
        outer = spark_proto.Relation()
        outer.with_relations.root.CopyFrom(relation)
        relation = outer
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.CopyFrom(relation)
    assert what(request) == "with relations"


@given(st.booleans(), st.sets(TEXTS.filter(bool), max_size=5))
def test_how_it_is_followed_and_interrupted_is_read(reattachable: bool, tags: set[str]) -> None:
    request = spark_proto.ExecutePlanRequest(session_id="s", operation_id="o", tags=sorted(tags))
    request.plan.root.range.end = 1
    request.request_options.add().reattach_options.reattachable = reattachable
    plan = read_plan(request.SerializeToString())
    assert (plan.what, plan.reattachable, set(plan.tags)) == ("range", reattachable, tags)


@given(st.binary(max_size=300))
def test_nothing_that_is_unreadable_stands_in_the_way(noise: bytes) -> None:
    assert read_plan(noise).what
    assert read_part(noise).rows >= 0
    read_interrupt(noise)
    releases_all(noise)


def test_a_plan_that_is_cut_short_is_a_query() -> None:
    assert read_plan(b"\x1a\x7f").what == UNREADABLE


def test_a_request_with_countless_fields_costs_little() -> None:
    request = b"\x3a\x01t" * 1_000_000
    plan = read_plan(request)
    assert (plan.what, set(plan.tags)) == (UNREADABLE, {"t"})


# Results


@given(st.integers(0, 2**40), st.binary(max_size=500), st.text(st.characters(codec="ascii"), max_size=36))
def test_rows_and_bytes_of_a_batch_are_those_of_the_decoder(rows: int, data: bytes, response_id: str) -> None:
    response = spark_proto.ExecutePlanResponse(session_id="s", response_id=response_id)
    response.arrow_batch.row_count = rows
    response.arrow_batch.data = data
    expected = Part(response_id=response_id.encode(), rows=rows, data_bytes=len(data))
    assert read_part(response.SerializeToString()) == expected


def test_the_last_response_is_known_and_others_have_no_rows() -> None:
    last, command = spark_proto.ExecutePlanResponse(), spark_proto.ExecutePlanResponse()
    last.result_complete.SetInParent()
    command.sql_command_result.relation.range.end = 1
    assert read_part(last.SerializeToString()) == Part(complete=True)
    assert read_part(command.SerializeToString()) == Part()


def test_the_rows_of_a_batch_in_chunks_count_once() -> None:
    chunks = []
    for index in range(3):
        response = spark_proto.ExecutePlanResponse()
        batch = response.arrow_batch
        batch.row_count, batch.data, batch.chunk_index, batch.num_chunks_in_batch = 90, b"x" * 10, index, 3
        chunks.append(read_part(response.SerializeToString()))
    assert (sum(chunk.rows for chunk in chunks), sum(chunk.data_bytes for chunk in chunks)) == (90, 30)


def test_a_count_that_is_no_count_is_left_out() -> None:
    response = spark_proto.ExecutePlanResponse()
    response.arrow_batch.row_count = -1
    assert read_part(response.SerializeToString()).rows == 0
    response.arrow_batch.row_count = COUNTABLE
    assert read_part(response.SerializeToString()).rows == 0


# Who wants it to end


def test_an_interrupt_says_what_it_means() -> None:
    everything = spark_proto.InterruptRequest(interrupt_type=1)
    tagged = spark_proto.InterruptRequest(interrupt_type=2, operation_tag="t")
    named = spark_proto.InterruptRequest(interrupt_type=3, operation_id="o")
    read = [read_interrupt(request.SerializeToString()) for request in (everything, tagged, named)]
    assert read == [Interrupt(everything=True), Interrupt(tag="t"), Interrupt(operation_id="o")]
    assert [one.means("o", frozenset({"u"})) for one in read] == [True, False, True]
    assert [one.means("p", frozenset({"t"})) for one in read] == [True, True, False]
    assert not Interrupt().means("o", frozenset())


def test_giving_up_is_more_than_taking_some_results() -> None:
    some, everything = spark_proto.ReleaseExecuteRequest(), spark_proto.ReleaseExecuteRequest()
    some.release_until.response_id = "r"
    everything.release_all.SetInParent()
    assert not releases_all(some.SerializeToString())
    assert releases_all(everything.SerializeToString())
