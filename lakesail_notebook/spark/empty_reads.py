"""A warning for reads of nothing: Sail 0.7.2 answers a path that matches no file with a table without columns."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pyspark
import pyspark.sql.connect.proto as spark_proto
from google.protobuf.message import Message

import lakesail_notebook

_LOOK_SECONDS = 5.0
_REMEMBERED = 1000
_LIBRARIES = tuple(f"{Path(str(module.__file__)).parent}{os.sep}" for module in (grpc, pyspark, lakesail_notebook))

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
            paths = tuple(read.read.data_source.paths)
            if paths not in self._looked_at:
                self._remember(paths)
                self._look(request, read, paths)

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        return

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        return

    def configures(self, request: Any) -> None:
        return

    def _remember(self, paths: tuple[str, ...]) -> None:
        self._looked_at[paths] = None
        if len(self._looked_at) > _REMEMBERED:
            del self._looked_at[next(iter(self._looked_at))]

    def _look(self, request: Any, read: Any, paths: tuple[str, ...]) -> None:
        question = spark_proto.AnalyzePlanRequest(session_id=request.session_id, user_context=request.user_context)
        question.schema.plan.root.CopyFrom(read)
        try:
            answer = spark_proto.SparkConnectServiceStub(self._channel).AnalyzePlan(question, timeout=_LOOK_SECONDS)
        except grpc.RpcError as error:  # the plan itself will say it better
            log.debug("The paths of a read cannot be looked at: %s", error)
            return
        schema = answer.schema.schema
        if schema.HasField("struct") and not schema.struct.fields:
            self._looked_at.pop(paths, None)  # the file may come: the next read looks again
            names = ", ".join(paths)
            sentence = f"No file matches {names}: the result is empty, without columns. Check the path."
            warnings.warn(sentence, NothingRead, stacklevel=_level_of_the_user())


def reads_of(plan: Any) -> Iterator[Any]:
    """The relations of a plan that read files by path and take their columns from them."""
    pending = [plan]
    while pending:
        message = pending.pop()
        if isinstance(message, spark_proto.Relation) and message.WhichOneof("rel_type") == "read":
            source = message.read.data_source
            if source.paths and not source.schema:
                yield message
            continue
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.GetOptions().map_entry:
                continue
            pending.extend([value] if isinstance(value, Message) else value)


def _level_of_the_user() -> int:
    """How far up the code of the user is, for a warning that points there."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame, level = frame.f_back, level + 1
    return level
