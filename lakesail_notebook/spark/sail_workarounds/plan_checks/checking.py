"""Runs the checks on each plan before it is sent: it refuses what loses data, and warns of what changes rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import grpc

from ....errors import FailedPrecondition, LakesailError
from ...rpcs.stoppable_channel import QueryInterrupted
from ...user_code.users_line import warn_at_users_line
from . import (
    cluster_dates,
    dynamic_overwrite,
    failed_overwrites,
    ignored_options,
    nothing_cached,
    null_partitions,
    overwritten_source,
    partition_globs,
    stored_zones,
)
from .empty_reads import EmptyReads, Looks
from .engine import Engine, SparkEngine
from .findings import DataLost, Finding, NothingRead, SailDifference, sentence, switch
from .reads import reads_of, view_made_by
from .writes import Write, write_of

_REMEMBERED = 1000
REFUSED = "would_lose_data"
"""The reason of the error."""
_INTERRUPTED = (KeyboardInterrupt, QueryInterrupted)
_BROKEN_OFF = (grpc.RpcError, LakesailError, *_INTERRUPTED)
"""The errors after which a write has failed, or nobody knows what became of it."""

K = TypeVar("K")
V = TypeVar("V")


class PlanChecks:
    """The checks of one Spark session; implements :class:`...rpcs.observing.Observer`. Threads may share it.

    :param channel: one that nobody observes.
    :param local: whether the engine reads the files of this machine.
    :param bare_channel: one that carries RPCs also in the threads of an interrupted cell.
    """

    def __init__(self, channel: grpc.Channel, *, local: bool, bare_channel: grpc.Channel) -> None:
        self.cluster = False
        """Whether the engine runs with workers."""
        self.directory: str | None = None
        """The engine's working directory, if it is of this machine and known."""
        self._channel = channel
        self._bare_channel = bare_channel
        self._local = local
        self._empty_reads = EmptyReads(channel)
        self._lock = threading.Lock()
        self._warned: _Latest[tuple[str, str], None] = _Latest()
        self._views: _Latest[str, Sequence[Any]] = _Latest()
        self._zones_seen: _Latest[bytes, None] = _Latest()
        """The reads whose time zones were looked at."""
        self._under_way: _Latest[str, _UnderWay] = _Latest()

    def take_over(self, others: PlanChecks) -> None:
        """Count the views of another Spark session as this one's: they are made again there by nobody's query."""
        with others._lock:
            views = dict(others._views)
        with self._lock:
            self._views.update(views)

    def begins(self, request: Any) -> None:
        """:raises FailedPrecondition: for a plan that would lose data."""
        reads = reads_of(request.plan, self._views)
        view = view_made_by(request.plan)
        if view is not None:
            self._remember_view(view, reads)
        write = write_of(request.plan)
        if not reads and write is None:
            return
        engine = SparkEngine(self._channel, request)
        self._warn(_of_reads(reads, local=self._local), engine)
        replaced = None if write is None else self._check_write(write, engine, reads)
        self._warn(self._of_zones(reads, engine.hurried()), engine)
        looks = self._empty_reads.look(request, reads)
        with self._lock:
            self._under_way.keep(request.operation_id, _UnderWay(engine, looks, replaced))

    def _remember_view(self, view: str, reads: Sequence[Any]) -> None:
        with self._lock:
            if reads:
                self._views.keep(view, reads)
            else:
                self._views.pop(view, None)  # it may have replaced one that read files

    def rejoins(self, operation_id: str) -> None:
        return

    def answered(self, operation_id: str, answer: Any) -> None:
        if answer.HasField("sql_command_result") and _is_only_planned(answer.sql_command_result):
            self._given_up(operation_id)
        elif answer.HasField("result_complete") and (query := self._ended(operation_id)) is not None:
            for finding in query.looks.findings():
                self._tell(finding, NothingRead, query.engine)

    def leaves(self, operation_id: str, error: BaseException | None) -> None:
        if isinstance(error, grpc.RpcError) and error.code() is grpc.StatusCode.UNAVAILABLE:
            return  # PySpark asks for the results again
        query = self._given_up(operation_id)
        if query is None or query.replaced is None or not isinstance(error, _BROKEN_OFF):
            return
        engine = query.engine.hurried(self._bare_channel)
        interrupted = isinstance(error, _INTERRUPTED)
        finding = failed_overwrites.after(query.replaced, engine, self._local_directory, interrupted=interrupted)
        if finding is not None:
            self._tell(finding, DataLost, query.engine.hurried(self._bare_channel))

    def configures(self, request: Any) -> None:
        if any(pair.key == stored_zones.ZONE_SETTING for pair in request.operation.set.pairs):
            with self._lock:
                self._zones_seen.clear()

    def analyses(self, request: Any) -> None:
        finding = nothing_cached.find(request)
        if finding is not None:
            self._warn([finding], SparkEngine(self._channel, request))

    @property
    def _local_directory(self) -> str | None:
        return self.directory if self._local else None

    def _check_write(self, write: Write, engine: Engine, reads: Sequence[Any]) -> failed_overwrites.Replaced | None:
        """What the write replaces.

        :raises FailedPrecondition: when it would lose data.
        """
        directory = self._local_directory
        replaced = failed_overwrites.before(write, engine, directory)
        over_source = overwritten_source.find(replaced, engine, reads, directory)
        for finding in (dynamic_overwrite.find(write, engine), over_source):
            if finding is not None and _is_on(finding, engine):
                raise FailedPrecondition(sentence(finding), reason=REFUSED)
        self._warn(_of_write(write, engine, cluster=self.cluster), engine)
        return replaced

    def _warn(self, findings: Iterable[Finding], engine: Engine) -> None:
        """Warn once of each."""
        for finding in findings:
            key = (finding.check, finding.about)
            with self._lock:
                known = key in self._warned
                self._warned.keep(key, None)
            if not known:
                self._tell(finding, SailDifference, engine)

    def _of_zones(self, reads: Iterable[Any], engine: Engine) -> Iterator[Finding]:
        """What is to be said of time zones; each read is looked at once, since that takes a few milliseconds."""
        for read in reads:
            key = read.SerializeToString(deterministic=True)
            with self._lock:
                seen = key in self._zones_seen
                self._zones_seen.keep(key, None)
            finding = None if seen else stored_zones.find(read, engine, local=self._local)
            if finding is not None:
                yield finding

    def _tell(self, finding: Finding, category: type[Warning], engine: Engine) -> None:
        if _is_on(finding, engine):
            warn_at_users_line(sentence(finding), category)

    def _ended(self, operation_id: str) -> _UnderWay | None:
        with self._lock:
            return self._under_way.pop(operation_id, None)

    def _given_up(self, operation_id: str) -> _UnderWay | None:
        query = self._ended(operation_id)
        if query is not None:
            query.looks.cancel()
        return query


class _UnderWay(NamedTuple):
    """A query that was sent, for when it ends."""

    engine: SparkEngine
    looks: Looks
    replaced: failed_overwrites.Replaced | None


class _Latest(OrderedDict[K, V]):
    """The entries that were kept last, a bounded number."""

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


def _is_only_planned(result: Any) -> bool:
    """Whether the SQL of a command was a query, whose rows are fetched later; a statement that ran has its rows."""
    return bool(result.relation.WhichOneof("rel_type") != "local_relation")


def _of_reads(reads: Iterable[Any], *, local: bool) -> Iterator[Finding]:
    for read in reads:
        yield from ignored_options.in_read(read.read.data_source)
        yield from partition_globs.find(read.read.data_source, local=local)


def _of_write(write: Write, engine: Engine, *, cluster: bool) -> Iterator[Finding]:
    yield from ignored_options.in_write(write)
    for finding in (null_partitions.find(write, engine), cluster_dates.find(write, engine, cluster=cluster)):
        if finding is not None:
            yield finding


def _is_on(finding: Finding, engine: Engine) -> bool:
    [said] = engine.settings([switch(finding.check)])
    return said is None or said.strip().lower() != "false"
