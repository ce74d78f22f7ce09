"""Finds reads of nothing: Sail 0.7.2 answers a path that matches no file with a table without rows.

Goes when Sail raises an error for such a path, as Spark does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pyspark.sql.connect.proto as spark_proto

from .findings import Finding
from .reads import OF_FILES

_LOOK_SECONDS = 5.0
_LOOKS_AT_ONCE = 20
"""Of one plan; the reads beyond are not looked at."""
_REST = 20
"""A path that was found is left alone for so many times as long as the look at it took."""
_REMEMBERED = 1000
_COLUMNS_ARE_KNOWN = frozenset({"text", "binaryfile"})
"""Formats that have their columns without a file."""

log = logging.getLogger(__name__)


class EmptyReads:
    """Looks at the paths of a plan while the engine works on it. Threads may share it.

    :param channel: one that nobody observes.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = spark_proto.SparkConnectServiceStub(channel)
        self._lock = threading.Lock()
        self._found_until: OrderedDict[bytes, float] = OrderedDict()

    def look(self, request: Any, reads: Sequence[Any]) -> Looks:
        """Begin to look at the paths of a request's reads."""
        distinct = {read.SerializeToString(deterministic=True): read for read in reads if _can_be_looked_at(read)}
        with self._lock:
            unknown = [key for key in distinct if self._found_until.get(key, 0.0) < time.monotonic()]
        return Looks(self, [self._begun(request, distinct[key], key) for key in unknown[:_LOOKS_AT_ONCE]])

    def found(self, key: bytes, seconds: float) -> None:
        """A read finds files; the look at it took so long."""
        with self._lock:
            self._found_until[key] = time.monotonic() + _REST * seconds
            if len(self._found_until) > _REMEMBERED:
                self._found_until.popitem(last=False)

    def _begun(self, request: Any, read: Any, key: bytes) -> _Look:
        question = question_of(read)
        question.session_id = request.session_id
        question.user_context.CopyFrom(request.user_context)
        return _Look(read, key, self._stub.AnalyzePlan.future(question, timeout=_LOOK_SECONDS))


class _Look:
    def __init__(self, read: Any, key: bytes, answer: Any) -> None:
        self.read = read
        self.key = key
        self.answer = answer
        self.seconds = _LOOK_SECONDS
        began = time.monotonic()
        answer.add_done_callback(lambda _: setattr(self, "seconds", time.monotonic() - began))


class Looks:
    """The looks at the paths of one plan."""

    def __init__(self, empty_reads: EmptyReads, looks: Sequence[_Look]) -> None:
        self._empty_reads = empty_reads
        self._looks = looks

    def findings(self) -> Iterator[Finding]:
        """The reads of nothing, once the engine has said so."""
        for look in self._looks:
            try:
                answer = look.answer.result()
            except (grpc.RpcError, grpc.FutureCancelledError) as error:  # the plan itself said it better
                log.debug("The paths of a read cannot be looked at: %s", error)
                continue
            if finds_nothing(answer):
                paths = ", ".join(look.read.read.data_source.paths)
                yield Finding("emptyReads", f"No file matches {paths}: the result is empty. Check the path.")
            else:
                self._empty_reads.found(look.key, look.seconds)

    def cancel(self) -> None:
        for look in self._looks:
            look.answer.cancel()


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


def _can_be_looked_at(read: Any) -> bool:
    """Not a format that a Python class reads in its own way: its code would run once more."""
    return read.read.data_source.format.lower() in OF_FILES | {""}
