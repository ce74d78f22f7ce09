"""What the proxy reads of plans and results: what PySpark's own decoder reads, and nothing that could refuse an RPC."""

from __future__ import annotations

from typing import Any

import pyspark.sql.connect.proto as spark_proto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.feed import ACTION_KEY, LINE_KEY, MAX_WORDS
from lakesail_notebook.session_proxy.executions import (
    COUNTABLE,
    Action,
    Interrupt,
    Part,
    read_action,
    read_analysis,
    read_interrupt,
    read_last_taken,
    read_part,
    read_plan,
    read_release_until,
    releases_all,
)
from lakesail_notebook.session_proxy.plan_names import COMMAND_INPUTS, COMMANDS, INPUTS, RELATIONS
from lakesail_notebook.session_proxy.plan_words import UNREADABLE

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
    assert what(request) == (" ".join(text.split())[:MAX_WORDS].rstrip() or "sql")


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


def input_numbers(oneof: Any, relation: Any) -> dict[int, int]:
    """Of each kind of relation or command that works on a relation: the first field that holds one."""
    kinds = {field.number: field.message_type for field in oneof.fields if field.message_type is not None}
    inputs = {
        number: [field.number for field in kind.fields if field.message_type is relation]
        for number, kind in kinds.items()
    }
    return {number: fields[0] for number, fields in inputs.items() if fields}


def test_the_inputs_are_those_of_the_protocol() -> None:
    relation = spark_proto.Relation.DESCRIPTOR
    assert input_numbers(relation.oneofs_by_name["rel_type"], relation) == INPUTS
    of_commands = input_numbers(spark_proto.Command.DESCRIPTOR.oneofs_by_name["command_type"], relation)
    del of_commands[5]  # SQL, which is read by itself
    assert of_commands == COMMAND_INPUTS


def a_chain() -> Any:
    """An aggregate of what a filter leaves of a Parquet file."""
    relation = spark_proto.Relation()
    aggregate = relation.limit.input.aggregate
    aggregate.input.filter.input.read.data_source.format = "parquet"
    aggregate.input.common.plan_id = 3
    return relation


def test_a_plan_is_the_chain_of_what_it_does() -> None:
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.CopyFrom(a_chain())
    assert what(request) == "read parquet > filter > aggregate > limit"
    written = spark_proto.ExecutePlanRequest()
    written.plan.command.write_operation.input.CopyFrom(a_chain())
    written.plan.command.write_operation.source = "delta"
    assert what(written) == "read parquet > filter > aggregate > limit > write delta"
    viewed = spark_proto.ExecutePlanRequest()
    viewed.plan.command.create_dataframe_view.input.range.end = 1
    viewed.plan.command.create_dataframe_view.name = "v"
    assert what(viewed) == "range > create view v"


def test_of_a_join_the_left_side_is_told_and_of_a_table_its_name() -> None:
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.join.left.read.named_table.unparsed_identifier = "shop.orders"
    request.plan.root.join.right.range.end = 1
    assert what(request) == "read shop.orders > join"


def test_a_step_that_is_repeated_is_named_once_and_a_long_chain_keeps_both_ends() -> None:
    relation = spark_proto.Relation()
    relation.range.end = 1
    for _ in range(3):
        relation = wrapped(relation, "with_columns")
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.CopyFrom(wrapped(relation, "limit"))
    assert what(request) == "range > with columns x3 > limit"
    for _ in range(20):
        relation = wrapped(wrapped(relation, "filter"), "drop")
    request.plan.root.CopyFrom(wrapped(relation, "aggregate"))
    told = what(request)
    assert len(told) == MAX_WORDS
    assert told.startswith("range > with columns x3 > filter > drop > ")
    assert told.endswith(" > filter > drop > aggregate")


def wrapped(relation: Any, kind: str) -> Any:
    outer = spark_proto.Relation()
    getattr(outer, kind).input.CopyFrom(relation)
    return outer


@pytest.mark.parametrize("shape", ["limit", "show_string", "tail", "offset", "html_string"])
def test_the_sql_counts_where_its_result_is_only_shaped(shape: str) -> None:
    relation = spark_proto.Relation()
    relation.sql.query = "select 1"
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.CopyFrom(wrapped(relation, shape))
    assert read_plan(request.SerializeToString(), Action(line="df.show()")).what == "select 1"
    request.plan.root.CopyFrom(wrapped(wrapped(relation, "filter"), shape))
    assert what(request) == f"sql > filter > {RELATIONS[20 if shape == 'show_string' else number_of(shape)]}"
    assert read_plan(request.SerializeToString(), Action(line="df.show()")).what == "df.show()"


def number_of(kind: str) -> int:
    return next(number for number, name in named_fields(spark_proto.Relation, "rel_type").items() if name == kind)


def test_what_a_later_protocol_brings_is_a_relation_or_a_command() -> None:
    unknown = b"\xaa\x3f\x00"  # field 1013, an empty message
    root, command = b"\x0a\x03" + unknown, b"\x12\x03" + unknown
    assert read_plan(b"\x1a\x05" + root).what == "relation"
    assert read_plan(b"\x1a\x05" + command).what == "command"


def test_a_plan_within_plans_is_not_followed_for_ever() -> None:
    relation = spark_proto.Relation()
    relation.sql.query = "deep"
    for _ in range(60):
        outer = spark_proto.Relation()
        outer.with_relations.root.CopyFrom(relation)
        relation = outer
    request = spark_proto.ExecutePlanRequest()
    request.plan.root.CopyFrom(relation)
    assert what(request) == "relation"


@given(st.booleans(), st.sets(TEXTS.filter(bool), max_size=5))
def test_how_it_is_followed_and_interrupted_is_read(reattachable: bool, tags: set[str]) -> None:
    request = spark_proto.ExecutePlanRequest(session_id="s", operation_id="o", tags=sorted(tags))
    request.plan.root.range.end = 1
    request.request_options.add().reattach_options.reattachable = reattachable
    plan = read_plan(request.SerializeToString())
    assert (plan.what, plan.reattachable, set(plan.tags)) == ("range", reattachable, tags)


def analysis(client: str = "_SPARK_CONNECT_PYTHON spark/4.2.0") -> Any:
    request = spark_proto.AnalyzePlanRequest(session_id="s", client_type=client)
    request.schema.plan.root.read.named_table.unparsed_identifier = "missing"
    return request


def test_the_plan_of_an_analysis_is_the_users() -> None:
    plan = read_analysis(analysis().SerializeToString())
    assert plan is not None
    assert plan.what == "read missing"
    shown = analysis()
    shown.explain.plan.root.range.end = 1
    plan = read_analysis(shown.SerializeToString())
    assert plan is not None
    assert plan.what == "range"


def test_an_analysis_by_no_user_is_none() -> None:
    ours = analysis("lakesail-notebook/1 spark/4.2.0").SerializeToString()
    assert read_analysis(analysis("").SerializeToString()) is None, "the kernel side looks at the paths of a read"
    assert read_analysis(ours) is None, "completion asks for columns"
    assert read_analysis(ours, Action(id="a")) is not None
    no_plan = spark_proto.AnalyzePlanRequest(session_id="s", client_type="c")
    no_plan.spark_version.SetInParent()
    assert read_analysis(no_plan.SerializeToString()) is None


def test_what_a_client_says_of_an_action_is_read_within_limits() -> None:
    assert read_action(((ACTION_KEY, "a1"), (LINE_KEY, "df\n .count() # é".encode()), ("x", "y"))) == Action(
        id="a1", line="df .count() # é"
    )
    assert read_action(((ACTION_KEY, "a" * 100), (LINE_KEY, b"x" * 1000))) == Action(id="a" * 64, line="x" * MAX_WORDS)
    assert read_action(((ACTION_KEY, ""), (LINE_KEY, b"\xff"), (LINE_KEY, "a text"))) == Action()


@given(st.binary(max_size=300))
def test_nothing_that_is_unreadable_stands_in_the_way(noise: bytes) -> None:
    assert read_plan(noise).what
    read_analysis(noise)
    assert read_part(noise).rows >= 0
    read_interrupt(noise)
    releases_all(noise)
    read_last_taken(noise)
    read_release_until(noise)


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


def test_a_schema_is_told_from_the_rows_that_it_may_come_with() -> None:
    response = spark_proto.ExecutePlanResponse()
    response.schema.struct.SetInParent()
    assert read_part(response.SerializeToString()) == Part(schema=True)
    response.arrow_batch.data = b"rows"
    assert read_part(response.SerializeToString()) == Part(data_bytes=4)


def test_what_a_client_has_taken_is_read_from_what_it_asks_for_and_gives_up() -> None:
    reattach = spark_proto.ReattachExecuteRequest(session_id="s", operation_id="o", last_response_id="r")
    release = spark_proto.ReleaseExecuteRequest(session_id="s", operation_id="o")
    assert read_release_until(release.SerializeToString()) == b""
    release.release_until.response_id = "r"
    assert read_last_taken(reattach.SerializeToString()) == read_release_until(release.SerializeToString()) == b"r"


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
