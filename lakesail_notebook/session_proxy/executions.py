"""What the wire says of an operation: what it is, what its results amount to, and who wants it to end.

Only head fields are read. Nothing here decides whether an RPC passes, so what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ..errors import InvalidArgument
from .plan_names import COMMANDS, RELATIONS
from .wire import Field, fields, spans

MAX_WHAT = 200
"""Characters."""
UNREADABLE = "query"
COUNTABLE = 2**53
"""From here on a number is no count of anything, and JSON readers would round it."""

_PLAN, _REQUEST_OPTIONS, _TAGS = 3, 5, 7
_ROOT, _COMMAND, _COMPRESSED = 1, 2, 3
_COMMON, _SQL, _WITH_RELATIONS, _SQL_COMMAND = 1, 10, 41, 5
_SQL_TEXT, _SQL_INPUT, _WRAPPED = 1, 6, 1
_REATTACH_OPTIONS, _REATTACHABLE = 1, 1
_ARROW_BATCH, _RESPONSE_ID, _RESULT_COMPLETE = 2, 13, 14
_ROW_COUNT, _DATA, _CHUNK_INDEX = 1, 2, 4
_RELEASE_ALL = 5
_INTERRUPT_TYPE, _OPERATION_TAG, _OPERATION_ID, _ALL = 4, 5, 6, 1

_MAX_FIELDS = 1000
"""Of one message; a request of any size costs no more than this to look at."""
_MAX_DEPTH = 10
_MAX_TEXT_BYTES = 4096
_MAX_ID_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    what: str
    """The SQL text with its white space folded, or the name of the outermost relation or command; for a person."""
    reattachable: bool = False
    """Whether the client comes back for the rest when its stream breaks off."""
    tags: frozenset[str] = frozenset()
    """By which the client may interrupt it."""


def read_plan(request: bytes) -> Plan:
    """Of an ExecutePlan request."""
    what, reattachable, tags = UNREADABLE, False, set()
    for field in _first_fields(request):
        if field.payload is None:
            continue
        if field.number == _PLAN:
            what = _what(field.payload) or UNREADABLE
        elif field.number == _REQUEST_OPTIONS:
            reattachable = reattachable or _asks_to_reattach(field.payload)
        elif field.number == _TAGS:
            tags.add(_text(field.payload))
    return Plan(what=what, reattachable=reattachable, tags=frozenset(tags))


class Part(NamedTuple):
    """What one ExecutePlanResponse adds."""

    response_id: bytes = b""
    rows: int = 0
    data_bytes: int = 0
    """Of Arrow data."""
    complete: bool = False
    """Whether it is the last one, after all results."""


def read_part(response: bytes) -> Part:
    """Quick, since it is done for each message of a result; how large that is plays no part."""
    response_id, rows, data_bytes, complete = b"", 0, 0, False
    try:
        for number, start, end, _ in spans(response, 0, len(response)):
            if number == _ARROW_BATCH and start >= 0:
                rows, data_bytes = _batch(response, start, end)
            elif number == _RESPONSE_ID and start >= 0:
                response_id = response[start : min(end, start + _MAX_ID_BYTES)]
            elif number == _RESULT_COMPLETE:
                complete = True
    except InvalidArgument:
        return Part()
    return Part(response_id, rows, data_bytes, complete)


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
    for field in _first_fields(request):
        if field.number == _INTERRUPT_TYPE:
            everything = field.value == _ALL
        elif field.number == _OPERATION_TAG and field.payload is not None:
            tag = _text(field.payload)
        elif field.number == _OPERATION_ID and field.payload is not None:
            operation_id = _text(field.payload)
    return Interrupt(everything=everything, tag=tag, operation_id=operation_id)


def releases_all(request: bytes) -> bool:
    """Whether a ReleaseExecute request gives up the whole operation, not only results that were received."""
    return any(field.number == _RELEASE_ALL for field in _first_fields(request))


def _first_fields(message: bytes | memoryview) -> Iterator[Field]:
    """As far as they can be read."""
    try:
        yield from islice(fields(message), _MAX_FIELDS)
    except InvalidArgument:
        return


def _what(plan: memoryview) -> str | None:
    for field in _first_fields(plan):
        if field.payload is None:
            continue
        if field.number == _ROOT:
            return _relation(field.payload)
        if field.number == _COMMAND:
            return _command(field.payload)
        if field.number == _COMPRESSED:
            return "compressed plan"
    return None


def _relation(relation: memoryview, depth: int = 0) -> str:
    for field in _first_fields(relation):
        if field.payload is None or field.number == _COMMON:
            continue
        if field.number == _SQL:
            return _sql(field.payload)
        inner = _payload_in(field.payload, _WRAPPED) if field.number == _WITH_RELATIONS else None
        if inner is not None and depth < _MAX_DEPTH:
            return _relation(inner, depth + 1)
        return RELATIONS.get(field.number, "relation")
    return "relation"


def _command(command: memoryview) -> str:
    for field in _first_fields(command):
        if field.payload is None:
            continue
        if field.number != _SQL_COMMAND:
            return COMMANDS.get(field.number, "command")
        query = _payload_in(field.payload, _SQL_INPUT)
        return _sql(field.payload) if query is None else _relation(query)
    return "command"


def _sql(message: memoryview) -> str:
    text = _payload_in(message, _SQL_TEXT)
    folded = "" if text is None else " ".join(_text(text[:_MAX_TEXT_BYTES]).split())
    return folded[:MAX_WHAT].rstrip() or RELATIONS[_SQL]


def _payload_in(message: memoryview, number: int) -> memoryview | None:
    return next((field.payload for field in _first_fields(message) if field.number == number), None)


def _asks_to_reattach(option: memoryview) -> bool:
    options = _payload_in(option, _REATTACH_OPTIONS)
    return options is not None and any(
        field.number == _REATTACHABLE and field.value == 1 for field in _first_fields(options)
    )


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


def _text(payload: memoryview) -> str:
    return bytes(payload[:_MAX_TEXT_BYTES]).decode(errors="ignore")
