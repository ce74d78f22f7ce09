"""What only the engine knows of a plan: its files, its columns, its settings. Each question has a deadline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import grpc
import pyspark.sql.connect.proto as spark_proto

from ...rpcs.looks import look

_SECONDS = 5.0
"""An engine that is busy answers late; a plan is not held up for longer."""
_HURRIED_SECONDS = 1.0
_CANNOT_BE_READ = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND})
"""How the engine answers about a table or a path that it does not know; other codes say nothing about them."""

log = logging.getLogger(__name__)


class Column(NamedTuple):
    name: str
    type: str
    """The kind of its Spark Connect type, such as ``date``."""
    nullable: bool


class Engine(Protocol):
    """``None`` stands for what the engine did not say in time; what it does not know has no files and no columns."""

    def files(self, relation: Any) -> Sequence[str] | None:
        """The URLs of all files that a relation reads, through views and tables too; none for Delta and Iceberg."""
        ...

    def columns(self, relation: Any) -> Sequence[Column] | None: ...
    def has_rows(self, relation: Any) -> bool | None: ...
    def partition_columns(self, table: str) -> Sequence[str] | None: ...
    def settings(self, names: Sequence[str]) -> Sequence[str | None]:
        """Their values; ``None`` for one that is not set."""
        ...


class SparkEngine:
    """An engine behind a channel, asked in one Spark session; implements :class:`Engine`.

    :param channel: one that nobody observes.
    :param request: the RPC for which the engine is asked.
    :param seconds: the deadline of each question.
    """

    def __init__(self, channel: grpc.Channel, request: Any, seconds: float = _SECONDS) -> None:
        self._channel = channel
        self._seconds = seconds
        self._late = False
        self._stub = spark_proto.SparkConnectServiceStub(channel)
        self._asker = {"session_id": request.session_id, "user_context": request.user_context}

    def hurried(self, channel: grpc.Channel | None = None) -> SparkEngine:
        """The same, with a short deadline: for when a user waits for the end of a query.

        :param channel: to ask over, instead of the one of this engine.
        """
        return SparkEngine(channel or self._channel, spark_proto.ExecutePlanRequest(**self._asker), _HURRIED_SECONDS)

    def files(self, relation: Any) -> Sequence[str] | None:
        question = spark_proto.AnalyzePlanRequest(**self._asker)
        question.input_files.plan.root.CopyFrom(relation)
        answer = self._answer(self._stub.AnalyzePlan, question, spark_proto.AnalyzePlanResponse())
        return None if answer is None else tuple(answer.input_files.files)

    def columns(self, relation: Any) -> Sequence[Column] | None:
        question = spark_proto.AnalyzePlanRequest(**self._asker)
        question.schema.plan.root.CopyFrom(relation)
        answer = self._answer(self._stub.AnalyzePlan, question, spark_proto.AnalyzePlanResponse())
        if answer is None:
            return None
        fields = answer.schema.schema.struct.fields
        return tuple(Column(one.name, one.data_type.WhichOneof("kind") or "", one.nullable) for one in fields)

    def has_rows(self, relation: Any) -> bool | None:
        first = spark_proto.Relation()
        first.limit.limit = 1
        first.limit.input.CopyFrom(relation)
        rows = look(self._channel, self._asker["session_id"], first)
        return None if rows is None else bool(rows)

    def partition_columns(self, table: str) -> Sequence[str] | None:
        relation = spark_proto.Relation()
        relation.catalog.list_columns.table_name = table
        rows = look(self._channel, self._asker["session_id"], relation)
        return None if rows is None else tuple(row[0] for row in rows if row[4])

    def settings(self, names: Sequence[str]) -> Sequence[str | None]:
        question = spark_proto.ConfigRequest(**self._asker)
        question.operation.get_option.keys.extend(names)
        answer = self._answer(self._stub.Config, question, spark_proto.ConfigResponse())
        pairs = () if answer is None else answer.pairs
        found = {pair.key: pair.value for pair in pairs if pair.HasField("value")}
        return [found.get(name) for name in names]

    def _answer(self, ask: Callable[..., Any], question: Any, nothing: Any) -> Any | None:
        """The answer; ``nothing`` when the engine cannot give one. Once it is late or gone, it is asked no more."""
        if self._late:
            return None
        try:
            return ask(question, timeout=self._seconds)
        except grpc.RpcError as error:
            log.debug("The engine was asked about a plan: %s", error)
            self._late = error.code() not in _CANNOT_BE_READ
            return None if self._late else nothing
        except ValueError as error:  # the channel is closed
            log.debug("The engine cannot be asked: %s", error)
            return None


def files_of(engine: Engine, relations: Iterable[Any]) -> frozenset[str] | None:
    """The files of several relations; ``None`` when the engine did not say all of them in time."""
    found: set[str] = set()
    for relation in relations:
        files = engine.files(relation)
        if files is None:
            return None
        found.update(files)
    return frozenset(found)
