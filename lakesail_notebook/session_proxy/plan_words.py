"""A plan in words: its SQL text, and the chain of what it does, such as ``read parquet > filter > aggregate``. Pure.

Only the fields on the way from the last step to the first are read. What cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ..feed import MAX_WORDS
from .plan_names import COMMAND_INPUTS, COMMANDS, INPUTS, RELATIONS, SHAPES
from .wire import Field, first_fields, payload_in, short_text

_ROOT, _COMMAND, _COMPRESSED = 1, 2, 3
_COMMON, _READ, _SQL, _WITH_RELATIONS = 1, 2, 10, 41
_WRITE, _CREATE_VIEW, _SQL_COMMAND = 2, 3, 5
_SQL_TEXT, _SQL_INPUT = 1, 6
_NAMED_TABLE, _DATA_SOURCE, _TABLE_NAME, _FORMAT = 1, 2, 1, 1
_WRITE_FORMAT, _VIEW_NAME = 2, 2
_MAX_STEPS = 50
_MAX_NAME = 60
_KEPT_OF_START = 60
UNREADABLE = "query"


class Words(NamedTuple):
    sql: str | None
    """The beginning of the SQL text, white space folded; ``None`` when the plan computes more than SQL does."""
    chain: str
    """What the plan does, in its order."""


def words_of(plan: memoryview) -> Words:
    """Of a ``Plan`` message."""
    for field in first_fields(plan):
        if field.payload is None:
            continue
        if field.number == _ROOT:
            return _in_words(list(_steps(field.payload)))
        if field.number == _COMMAND:
            return _of_command(field.payload)
        if field.number == _COMPRESSED:
            return Words(None, "compressed plan")
    return Words(None, UNREADABLE)


class _Step(NamedTuple):
    number: int
    name: str
    sql: str | None = None


def _of_command(command: memoryview) -> Words:
    kind = _kind(command)
    if kind is None:
        return Words(None, "command")
    name = COMMANDS.get(kind.number, "command")
    payload = kind.payload
    assert payload is not None
    if kind.number == _SQL_COMMAND:
        query = payload_in(payload, _SQL_INPUT)
        return _in_words([_Step(_SQL, name, _sql(payload))] if query is None else list(_steps(query)))
    if kind.number == _WRITE:
        name = _with_name(name, payload_in(payload, _WRITE_FORMAT))
    elif kind.number == _CREATE_VIEW:
        name = _with_name(name, payload_in(payload, _VIEW_NAME))
    before = payload_in(payload, COMMAND_INPUTS[kind.number]) if kind.number in COMMAND_INPUTS else None
    steps = [] if before is None else list(_steps(before))
    return Words(None, _chain([name, *(step.name for step in steps)]))


def _steps(relation: memoryview | None) -> Iterator[_Step]:
    """From the last to the first; of a join, those of its left side."""
    for _ in range(_MAX_STEPS):
        kind = None if relation is None else _kind(relation)
        if kind is None:
            return
        payload = kind.payload
        assert payload is not None
        if kind.number == _READ:
            yield _Step(_READ, _read(payload))
        elif kind.number == _SQL:
            yield _Step(_SQL, RELATIONS[_SQL], _sql(payload))
        elif kind.number != _WITH_RELATIONS:
            yield _Step(kind.number, RELATIONS.get(kind.number, "relation"))
        relation = payload_in(payload, INPUTS[kind.number]) if kind.number in INPUTS else None


def _kind(message: memoryview) -> Field | None:
    """The field that says which relation or command it is. Only of a command may that be field 1."""
    common: Field | None = None
    for field in first_fields(message):
        if field.payload is not None and field.number != _COMMON:
            return field
        if field.payload is not None and common is None:
            common = field
    return common


def _in_words(steps: list[_Step]) -> Words:
    after_sql = next((index for index, step in enumerate(steps) if step.number == _SQL), None)
    shapes_only = after_sql is not None and all(step.number in SHAPES for step in steps[:after_sql])
    sql = steps[after_sql].sql if after_sql is not None and shapes_only else None
    return Words(sql, _chain([step.name for step in steps]) or "relation")


def _chain(last_to_first: list[str]) -> str:
    """In their order; a step that is repeated is named once; of a long chain both ends."""
    counted = ((name, len(list(same))) for name, same in groupby(reversed(last_to_first)))
    whole = " > ".join(name if times == 1 else f"{name} x{times}" for name, times in counted)
    if len(whole) <= MAX_WORDS:
        return whole
    return f"{whole[:_KEPT_OF_START]} … {whole[_KEPT_OF_START + 3 - MAX_WORDS :]}"


def _read(read: memoryview) -> str:
    name = RELATIONS[_READ]
    table, source = payload_in(read, _NAMED_TABLE), payload_in(read, _DATA_SOURCE)
    if table is not None:
        return _with_name(name, payload_in(table, _TABLE_NAME))
    return name if source is None else _with_name(name, payload_in(source, _FORMAT))


def _with_name(name: str, detail: memoryview | None) -> str:
    text = "" if detail is None else " ".join(short_text(detail).split())[:_MAX_NAME]
    return f"{name} {text}".rstrip()


def _sql(message: memoryview) -> str | None:
    text = payload_in(message, _SQL_TEXT)
    folded = "" if text is None else " ".join(short_text(text).split())
    return folded[:MAX_WORDS].rstrip() or None
