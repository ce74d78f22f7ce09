"""Which responses of the engine go to a client that reattaches, and when some are missing."""

from __future__ import annotations

import pytest

from lakesail_notebook.session_proxy.executions import Part
from lakesail_notebook.session_proxy.forwarding import EngineAnswer
from lakesail_notebook.session_proxy.resumption import KEPT_RESPONSES, Resumption

SCHEMA, AGAIN = Part(b"schema", schema=True), Part(b"again", schema=True)
ROWS = [Part(b"r%d" % number, rows=1, data_bytes=1) for number in range(KEPT_RESPONSES + 2)]
HEARTBEAT, LAST = Part(b"heartbeat"), Part(b"last", complete=True)


def passed(resumption: Resumption, *parts: Part) -> list[Part]:
    return [part for part in parts if resumption.passes(part)]


@pytest.mark.parametrize("first", [b"", b"schema"])
def test_what_the_client_has_taken_and_a_second_schema_are_left_out(first: bytes) -> None:
    kept = (*ROWS[3:7], AGAIN, *ROWS[7:9], LAST)
    assert passed(Resumption(b"r4", first), *kept) == [*ROWS[5:9], LAST]
    assert passed(Resumption(b"r3", first), *kept) == [*ROWS[4:9], LAST]
    assert passed(Resumption(b"schema", first), SCHEMA, AGAIN, ROWS[0]) == [ROWS[0]]


def test_the_response_that_was_taken_may_be_the_oldest_that_is_kept_and_the_newest() -> None:
    newest = ROWS[1 : KEPT_RESPONSES + 1]
    assert passed(Resumption(b"r1", b""), *newest) == newest[1:]
    assert passed(Resumption(newest[-1].response_id, b""), *newest, AGAIN, LAST) == [LAST]


def test_results_are_missing_when_the_response_that_was_taken_is_not_kept() -> None:
    with pytest.raises(EngineAnswer, match="no longer has"):
        passed(Resumption(b"r0", b"schema"), *ROWS[1 : KEPT_RESPONSES + 1])
    with pytest.raises(EngineAnswer, match="no longer has"):
        passed(Resumption(b"r0", b""), ROWS[1], LAST)


@pytest.mark.parametrize("kept", [(), (ROWS[1],), tuple(ROWS[1:KEPT_RESPONSES])])
def test_results_are_missing_when_the_stream_ends_before_the_response_that_was_taken(kept: tuple[Part, ...]) -> None:
    resumption = Resumption(b"r0", b"schema")
    assert passed(resumption, *kept) == []
    with pytest.raises(EngineAnswer, match="no longer has"):
        resumption.end()


@pytest.mark.parametrize(("last_taken", "kept"), [(b"r0", (ROWS[0],)), (b"", ()), (b"", (SCHEMA, ROWS[0]))])
def test_a_stream_may_end_where_the_client_is_or_later(last_taken: bytes, kept: tuple[Part, ...]) -> None:
    resumption = Resumption(last_taken, b"schema")
    passed(resumption, *kept)
    resumption.end()


@pytest.mark.parametrize("first", [b"", b"schema"])
def test_a_client_that_has_taken_nothing_gets_all_with_one_schema(first: bytes) -> None:
    assert passed(Resumption(b"", first), SCHEMA, ROWS[0], AGAIN, LAST) == [SCHEMA, ROWS[0], LAST]


@pytest.mark.parametrize("first", [b"", b"schema"])
def test_a_client_that_has_taken_nothing_does_not_begin_in_the_middle(first: bytes) -> None:
    with pytest.raises(EngineAnswer, match="no longer has"):
        passed(Resumption(b"", first), ROWS[4])


def test_a_schema_that_was_sent_again_is_no_beginning() -> None:
    with pytest.raises(EngineAnswer, match="no longer has"):
        passed(Resumption(b"", b"schema"), AGAIN, ROWS[4])


def test_a_command_has_no_schema() -> None:
    assert passed(Resumption(b"", b""), HEARTBEAT, LAST) == [HEARTBEAT, LAST]
    assert passed(Resumption(b"heartbeat", b""), HEARTBEAT, LAST) == [LAST]
