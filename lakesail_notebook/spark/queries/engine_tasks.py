"""How far the engine is with a running query, where it tells: in cluster modes, by its system tables.

Sail 0.7.2 splits a query into the tasks of several jobs. In local mode its tables are empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import grpc
import pyspark.sql.connect.proto as spark_proto

from ..rpcs.looks import look

_GIVEN_UP = frozenset({"FAILED", "CANCELED", "CANCELLED"})
"""Attempts; a task that is tried again has another one."""
_OVER = _GIVEN_UP | {"SUCCEEDED"}
_TASKS_BY_JOB = """
SELECT CAST(job_id AS STRING), status, CAST(count(*) AS BIGINT)
FROM system.execution.tasks
WHERE session_id = '{spark_session_id}' AND created_at < current_timestamp() - INTERVAL 500 MILLISECONDS
GROUP BY job_id, status
"""
"""Not the newest, which are those of the look itself."""

JobTasks = tuple[str, str, int]
"""A job's id, a status, and how many of its tasks have it."""


@dataclass(frozen=True, slots=True)
class TaskProgress:
    done: int
    total: int


def task_progress(channel: grpc.Channel, spark_session_id: str) -> TaskProgress | None:
    """Of what runs in a Spark session; ``None`` where the engine does not tell."""
    relation = spark_proto.Relation()
    relation.sql.query = _TASKS_BY_JOB.format(spark_session_id=spark_session_id)
    return progress_of(look(channel, spark_session_id, relation) or ())


def progress_of(rows: Iterable[JobTasks]) -> TaskProgress | None:
    """The tasks of the jobs that are not over; ``None`` when all are."""
    by_job: dict[str, dict[str, int]] = {}
    for job_id, status, count in rows:
        by_job.setdefault(job_id, {})[status.upper()] = count
    running = [tasks for tasks in by_job.values() if not _OVER.issuperset(tasks)]
    done = sum(tasks.get("SUCCEEDED", 0) for tasks in running)
    total = sum(count for tasks in running for status, count in tasks.items() if status not in _GIVEN_UP)
    return TaskProgress(done, total) if total else None
