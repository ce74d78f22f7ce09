"""A warning for reads of nothing: Sail 0.7.2 answers a path that matches no file with a table without rows.

Goes when Sail raises an error for such a path, as Spark does.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto
from google.protobuf.message import Message

from ..sql.tokens import code_of

_LOOK_SECONDS = 5.0
_REMEMBERED = 1000
_OF_FILES = frozenset({"csv", "json", "parquet", "orc", "avro", "text"})
"""Formats of which the engine tells the files. Others may read their path in their own way."""
_BEFORE_TABLES = frozenset({"FROM", "JOIN"})
_COLUMNS_ARE_KNOWN = frozenset({"text"})
"""Formats that have their columns without a file."""
_LIBRARIES = tuple(
    f"{Path(str(sys.modules[name].__file__)).parent}{os.sep}"
    for name in ("grpc", "pyspark", "lakesail_notebook", "IPython")
    if name in sys.modules
)

log = logging.getLogger(__name__)


class NothingRead(UserWarning):
    """A path that is read matches no file."""


class EmptyReads:
    """Looks at each path once, before the first plan that reads it; implements :class:`.observing.Observer`."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._looked_at: dict[tuple[str, ...], None] = {}

    def begins(self, request: Any) -> None:
        for read in reads_of(request.plan):
            key = (read.read.data_source.format, *read.read.data_source.paths)
            if key not in self._looked_at:
                self._remember(key)
                self._look(request, read, key)

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        return

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        return

    def configures(self, request: Any) -> None:
        return

    def _remember(self, key: tuple[str, ...]) -> None:
        self._looked_at[key] = None
        if len(self._looked_at) > _REMEMBERED:
            del self._looked_at[next(iter(self._looked_at))]

    def _look(self, request: Any, read: Any, key: tuple[str, ...]) -> None:
        question = question_of(read)
        question.session_id = request.session_id
        question.user_context.CopyFrom(request.user_context)
        try:
            answer = spark_proto.SparkConnectServiceStub(self._channel).AnalyzePlan(question, timeout=_LOOK_SECONDS)
        except grpc.RpcError as error:  # the plan itself will say it better
            log.debug("The paths of a read cannot be looked at: %s", error)
            return
        if finds_nothing(answer):
            self._looked_at.pop(key, None)  # the file may come: the next read looks again
            sentence = f"No file matches {', '.join(key[1:])}: the result is empty. Check the path."
            warnings.warn(sentence, NothingRead, stacklevel=_level_of_the_user())


def question_of(read: Any) -> Any:
    """An ``AnalyzePlanRequest`` whose answer tells whether a read finds files.

    The columns are asked for where they come from the files, since all names of many files are a long answer.
    """
    question = spark_proto.AnalyzePlanRequest()
    source = read.read.data_source
    if source.schema or source.format.lower() in _COLUMNS_ARE_KNOWN:
        question.input_files.plan.root.CopyFrom(read)
    else:
        question.schema.plan.root.CopyFrom(read)
    return question


def finds_nothing(answer: Any) -> bool:
    """Whether the answer to :func:`question_of` names no file, or no column."""
    if answer.HasField("input_files"):
        return not answer.input_files.files
    schema = answer.schema.schema
    return schema.HasField("struct") and not schema.struct.fields


def reads_of(plan: Any) -> Iterator[Any]:
    """The relations of a plan that read files by path; for a path in SQL text, one that reads the same."""
    pending = [plan]
    while pending:
        message = pending.pop()
        if isinstance(message, spark_proto.Relation) and message.WhichOneof("rel_type") == "read":
            if not message.read.is_streaming and _can_be_looked_at(message.read.data_source):
                yield message
            continue
        if isinstance(message, spark_proto.SQL):
            yield from _reads_in(message.query)
        elif isinstance(message, spark_proto.SqlCommand):
            yield from _reads_in(message.sql)
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.GetOptions().map_entry:
                continue
            pending.extend([value] if isinstance(value, Message) else value)


def _can_be_looked_at(source: Any) -> bool:
    return bool(source.paths) and (not source.schema or source.format.lower() in _OF_FILES)


def _reads_in(sql: str) -> Iterator[Any]:
    """A read for each ``FROM csv.`path` `` and the like."""
    code = code_of(sql)
    for before, form, dot, path in zip(code, code[1:], code[2:], code[3:], strict=False):
        by_path = before.text.upper() in _BEFORE_TABLES and form.text.lower() in _OF_FILES
        if by_path and dot.text == "." and path.kind == "quoted name":
            relation = spark_proto.Relation()
            relation.read.data_source.format = form.text.lower()
            relation.read.data_source.paths.append(path.text[1:-1])
            yield relation


def _level_of_the_user() -> int:
    """How far up the code of the user is, for a warning that points there."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame, level = frame.f_back, level + 1
    return level
