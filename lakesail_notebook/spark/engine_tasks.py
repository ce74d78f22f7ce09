"""How far the engine is with a running query, where it tells: in cluster modes, by its system tables.

Sail 0.7.2 splits a query into the tasks of several jobs. In local mode its tables are empty.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import grpc
import pyspark.sql.connect.proto as spark_proto

from ..feed import UNLISTED_TAG

_LOOK_SECONDS = 1.0
"""Our look needs a place on the engine itself; one that is full answers another time."""
_OVER = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "CANCELLED"})
_TASKS_BY_JOB = """
SELECT CAST(job_id AS STRING), status, CAST(count(*) AS BIGINT)
FROM system.execution.tasks
WHERE session_id = '{spark_session_id}' AND created_at < current_timestamp() - INTERVAL 500 MILLISECONDS
GROUP BY job_id, status
"""
"""Not the newest, which are those of the look itself."""

log = logging.getLogger(__name__)

JobTasks = tuple[str, str, int]
"""A job's id, a status, and how many of its tasks have it."""


@dataclass(frozen=True, slots=True)
class TaskProgress:
    done: int
    total: int


def progress_of(rows: Iterable[JobTasks]) -> TaskProgress | None:
    """The tasks of the jobs that are not over; ``None`` when all are."""
    by_job: dict[str, dict[str, int]] = {}
    for job_id, status, count in rows:
        by_job.setdefault(job_id, {})[status.upper()] = count
    running = [tasks for tasks in by_job.values() if not _OVER.issuperset(tasks)]
    done = sum(tasks.get("SUCCEEDED", 0) for tasks in running)
    total = sum(sum(tasks.values()) for tasks in running)
    return TaskProgress(done, total) if total else None


def look(channel: grpc.Channel, spark_session_id: str) -> TaskProgress | None:
    """Ask the engine, for a second at most; ``None`` where it does not tell."""
    request = spark_proto.ExecutePlanRequest(session_id=spark_session_id, tags=[UNLISTED_TAG])
    request.plan.root.sql.query = _TASKS_BY_JOB.format(spark_session_id=spark_session_id)
    try:
        answers = spark_proto.SparkConnectServiceStub(channel).ExecutePlan(request, timeout=_LOOK_SECONDS)
        return progress_of([row for answer in answers for row in _rows(answer.arrow_batch.data)])
    except (grpc.RpcError, ValueError) as error:  # ValueError: the channel is closed, or the answer is no such table
        log.debug("The engine's tasks cannot be looked at: %s", error)
        return None


def _rows(data: bytes) -> Iterable[JobTasks]:
    import pyarrow as pa

    if not data:
        return []
    with pa.ipc.open_stream(io.BytesIO(data)) as reader:
        columns = [column.to_pylist() for column in reader.read_all().columns]
    return zip(*columns, strict=True)
