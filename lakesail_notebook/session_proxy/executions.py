"""What the wire says of an operation: what it is, what its results amount to, and who wants it to end.

Only head fields are read. Nothing here decides whether an RPC passes, so what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import InvalidArgument
from ..feed import ACTION_KEY, LINE_KEY, MAX_WORDS
from .plan_words import UNREADABLE, Words, words_of
from .wire import first_fields, payload_in, short_text, spans

COUNTABLE = 2**53
"""From here on a number is no count of anything, and JSON readers would round it."""

_PLAN, _REQUEST_OPTIONS, _TAGS = 3, 5, 7
_REATTACH_OPTIONS, _REATTACHABLE = 1, 1
_ARROW_BATCH, _SQL_RESULT, _SCHEMA, _RESPONSE_ID, _RESULT_COMPLETE = 2, 5, 7, 13, 14
_SQL_RELATION, _RELATIONS_OF_SQL = 1, frozenset({10, 41})
_ROW_COUNT, _DATA, _CHUNK_INDEX = 1, 2, 4
_RELEASE_ALL, _RELEASE_UNTIL, _RELEASED_ID = 5, 6, 1
_LAST_RESPONSE_ID = 5
_INTERRUPT_TYPE, _OPERATION_TAG, _OPERATION_ID, _ALL = 4, 5, 6, 1
_CLIENT_TYPE, _ANALYSES, _ANALYSED_PLAN = 3, range(4, 10), 1

OWN_CLIENT = "lakesail-notebook/"
"""How the client type of this package's kernel side begins."""
_MAX_ID_BYTES = 256
_MAX_ACTION_ID = 64
_NO_WORDS = Words(None, UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a client says of the action of its user that an RPC belongs to."""

    id: str | None = None
    line: str | None = None
    """The user's own line of code."""


UNNAMED = Action()
"""Of a client that says nothing of it."""


def read_action(metadata: Iterable[tuple[str, str | bytes]]) -> Action:
    """From the metadata of an RPC. What cannot be read is left out."""
    id, line = None, None
    for key, value in metadata:
        if key == ACTION_KEY and isinstance(value, str) and value.isprintable():
            id = value[:_MAX_ACTION_ID] or None
        elif key == LINE_KEY and isinstance(value, bytes):
            line = " ".join(value.decode(errors="ignore").split())[:MAX_WORDS] or None
    return Action(id=id, line=line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    words: Words = _NO_WORDS
    action: Action = UNNAMED
    reattachable: bool = False
    """Whether the client comes back for the rest when its stream breaks off."""
    tags: frozenset[str] = frozenset()
    """By which the client may interrupt it."""

    @property
    def what(self) -> str:
        """For a person: the SQL text, the user's own line, or the chain of what it does."""
        return self.words.sql or self.action.line or self.words.chain


def read_plan(request: bytes, action: Action = UNNAMED) -> Plan:
    """Of an ExecutePlan request."""
    words, reattachable, tags = _NO_WORDS, False, set()
    for field in first_fields(request):
        if field.payload is None:
            continue
        if field.number == _PLAN:
            words = words_of(field.payload)
        elif field.number == _REQUEST_OPTIONS:
            reattachable = reattachable or _asks_to_reattach(field.payload)
        elif field.number == _TAGS:
            tags.add(short_text(field.payload))
    return Plan(words=words, action=action, reattachable=reattachable, tags=frozenset(tags))


def read_analysis(request: bytes, action: Action = UNNAMED) -> Plan | None:
    """The plan that a user has analysed by an AnalyzePlan request.

    ``None``: there is no plan in it, or no user asked. PySpark names its type; the kernel side of this package names
    the action too, and does neither when it looks at the engine itself.
    """
    client, plan = "", None
    for field in first_fields(request):
        if field.payload is not None and field.number == _CLIENT_TYPE:
            client = short_text(field.payload)
        elif field.payload is not None and field.number in _ANALYSES:
            plan = payload_in(field.payload, _ANALYSED_PLAN)
    users = bool(client) and (action.id is not None or not client.startswith(OWN_CLIENT))
    return Plan(words=words_of(plan), action=action) if plan is not None and users else None


class Part(NamedTuple):
    """What one ExecutePlanResponse adds."""

    response_id: bytes = b""
    rows: int = 0
    data_bytes: int = 0
    """Of Arrow data."""
    complete: bool = False
    """Whether it is the last one, after all results."""
    unrun: bool = False
    """Whether it says that SQL was read, and is a query that runs when its results are asked for."""
    schema: bool = False
    """Whether it is the schema of the results, without any of their rows."""


def read_part(response: bytes) -> Part:
    """Quick, since it is done for each message of a result; how large that is plays no part."""
    response_id, rows, data_bytes, complete, unrun, schema = b"", 0, 0, False, False, False
    try:
        for number, start, end, _ in spans(response, 0, len(response)):
            if number == _ARROW_BATCH and start >= 0:
                rows, data_bytes = _batch(response, start, end)
            elif number == _RESPONSE_ID and start >= 0:
                response_id = response[start : min(end, start + _MAX_ID_BYTES)]
            elif number == _RESULT_COMPLETE:
                complete = True
            elif number == _SQL_RESULT and start >= 0:
                unrun = _is_query(memoryview(response)[start:end])
            elif number == _SCHEMA:
                schema = True
    except InvalidArgument:
        return Part()
    return Part(response_id, rows, data_bytes, complete, unrun, schema and not data_bytes and not complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """Which operations of its Spark session an Interrupt request is about."""

    everything: bool = False
    tag: str | None = None
    operation_id: str | None = None

    def means(self, operation_id: str, tags: frozenset[str]) -> bool:
        return self.everything or operation_id == self.operation_id or self.tag in tags


def read_interrupt(request: bytes) -> Interrupt:
    everything, tag, operation_id = False, None, None
    for field in first_fields(request):
        if field.number == _INTERRUPT_TYPE:
            everything = field.value == _ALL
        elif field.number == _OPERATION_TAG and field.payload is not None:
            tag = short_text(field.payload)
        elif field.number == _OPERATION_ID and field.payload is not None:
            operation_id = short_text(field.payload)
    return Interrupt(everything=everything, tag=tag, operation_id=operation_id)


def read_last_taken(request: bytes) -> bytes:
    """The id of the response that a ReattachExecute request wants to continue after; empty for none."""
    return _id(payload_in(request, _LAST_RESPONSE_ID))


def read_release_until(request: bytes) -> bytes:
    """The id of the response up to which a ReleaseExecute request gives up results; empty for none."""
    until = payload_in(request, _RELEASE_UNTIL)
    return b"" if until is None else _id(payload_in(until, _RELEASED_ID))


def releases_all(request: bytes) -> bool:
    """Whether a ReleaseExecute request gives up the whole operation, not only results that were received."""
    return any(field.number == _RELEASE_ALL for field in first_fields(request))


def _asks_to_reattach(option: memoryview) -> bool:
    options = payload_in(option, _REATTACH_OPTIONS)
    return options is not None and any(
        field.number == _REATTACHABLE and field.value == 1 for field in first_fields(options)
    )


def _id(payload: memoryview | None) -> bytes:
    return b"" if payload is None else bytes(payload[:_MAX_ID_BYTES])


def _is_query(sql_result: memoryview) -> bool:
    """Of a command, the result is a table of its rows; of a query, the query."""
    relation = payload_in(sql_result, _SQL_RELATION)
    return relation is not None and any(field.number in _RELATIONS_OF_SQL for field in first_fields(relation))


def _batch(response: bytes, start: int, end: int) -> tuple[int, int]:
    """Its rows and its bytes. Of a batch that comes in chunks, each of which names all its rows, the first counts."""
    rows, data_bytes, chunk = 0, 0, 0
    for number, data_start, data_end, value in spans(response, start, end):
        if number == _ROW_COUNT:
            rows = value
        elif number == _DATA and data_start >= 0:
            data_bytes = data_end - data_start
        elif number == _CHUNK_INDEX:
            chunk = value
    return (rows if chunk == 0 and rows < COUNTABLE else 0), data_bytes
