"""The reads of files in a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyspark.sql.connect.proto as spark_proto
from google.protobuf.message import Message

from ...sql.tokens import Reader, code_of
from .writes import TRANSACTIONAL

OF_FILES = frozenset({"csv", "json", "parquet", "orc", "avro", "text", "binaryfile"})
"""Formats of which the engine tells the files. Others may read their path in their own way."""
_BEFORE_TABLES = frozenset({"FROM", "JOIN"})

Views = Mapping[str, Sequence[Any]]
"""The reads of views, by the views' names in small letters."""


def reads_of(plan: Any, views: Views) -> list[Any]:
    """The relations of a plan that read by path; for a path in SQL text, one that reads the same.

    Expressions are passed over: in Spark Connect, the relation of a subquery stands beside them.

    :param views: their reads are those of a plan that uses them.
    """
    found: list[Any] = []
    pending = [plan]
    while pending:
        message = pending.pop()
        if isinstance(message, spark_proto.Relation) and message.WhichOneof("rel_type") == "read":
            found.extend(_of_read(message, views))
            continue
        if isinstance(message, spark_proto.SQL):
            found.extend(_of_sql(message.query, views))
        elif isinstance(message, spark_proto.SqlCommand):
            found.extend(_of_sql(message.sql, views))
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.GetOptions().map_entry:
                continue
            if field.message_type is not spark_proto.Expression.DESCRIPTOR:
                pending.extend([value] if isinstance(value, Message) else value)
    return found


def view_made_by(plan: Any) -> str | None:
    """The name of the view that a plan makes, in small letters."""
    if plan.WhichOneof("op_type") != "command":
        return None
    match plan.command.WhichOneof("command_type"):
        case "create_dataframe_view":
            return str(plan.command.create_dataframe_view.name).lower()
        case "sql_command":
            command = plan.command.sql_command
            return _view_made_by_sql(command.input.sql.query or command.sql)
        case _:
            return None


def _view_made_by_sql(sql: str) -> str | None:
    if "view" not in sql.lower():
        return None
    reader = Reader(code_of(sql))
    if not reader.take("CREATE"):
        return None
    reader.take("OR", "REPLACE")
    reader.take("GLOBAL")
    reader.take_one_of("TEMP", "TEMPORARY")
    if not reader.take("VIEW"):
        return None
    reader.take("IF", "NOT", "EXISTS")
    name = reader.dotted_name()
    return None if name is None else name.lower()


def _of_read(relation: Any, views: Views) -> Sequence[Any]:
    read = relation.read
    if read.WhichOneof("read_type") == "named_table":
        return views.get(read.named_table.unparsed_identifier.replace("`", "").lower(), ())
    return [relation] if read.data_source.paths and not read.is_streaming else ()


def _of_sql(sql: str, views: Views) -> Iterator[Any]:
    """A read for each ``FROM csv.`path` `` and the like, and those of the views."""
    if not views and "`" not in sql:
        return
    code = code_of(sql)
    for before, form, dot, path in zip(code, code[1:], code[2:], code[3:], strict=False):
        by_path = before.text.upper() in _BEFORE_TABLES and form.text.lower() in OF_FILES | TRANSACTIONAL
        if by_path and dot.text == "." and path.kind == "quoted name":
            relation = spark_proto.Relation()
            relation.read.data_source.format = form.text.lower()
            relation.read.data_source.paths.append(path.text[1:-1])
            yield relation
    for name in dict.fromkeys((token.name or "").lower() for token in code):
        yield from views.get(name, ())
