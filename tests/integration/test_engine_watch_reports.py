"""What the session proxy reports of queries, and what is known of the engine by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.feed import OperationReport
from lakesail_notebook.store.sql import open_store
from lakesail_notebook.workloads.ports import Backend
from lakesail_notebook.workloads.reconciling.engine_watch import EngineWatch
from lakesail_notebook.workloads.reconciling.proxy_reports import ProxyReports
from lakesail_notebook.workloads.reconciling.usage import Usage
from lakesail_notebook.workloads.rules.engine_use import EngineUse
from tests.builders import a_query

from .by_hand import SOMEBODY, ClockByHand, Plane, settled

DEADLINE_SECONDS = 60


class ComputingEngine:
    """A backend whose engine computes all the time."""

    def __init__(self) -> None:
        self.looks = 0

    async def engine_use(self, workload_id: str) -> EngineUse | None:
        self.looks += 1
        return EngineUse(SystemClock().monotonic(), 1.0)


def report(session_id: str, operation_id: str, outcome: str, **changes: Any) -> OperationReport:
    plausible: dict[str, Any] = {
        "session_id": session_id,
        "operation_id": operation_id,
        "part": "part",
        "what": "select 1",
        "began_ago": 0.0,
        "ended_ago": None if outcome == "running" else 0.0,
        "rows": 0,
        "data_bytes": 0,
        "outcome": outcome,
    }
    return OperationReport(**plausible | changes)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("in_one_report", [True, False])
def test_sql_that_was_only_read_does_not_run_beside_the_query_that_follows(tmp_path: Path, in_one_report: bool) -> None:
    """A slow machine reports it as a query that runs before the engine has said that it ran nothing."""

    async def run() -> None:
        store = await open_store(f"sqlite:///{tmp_path / 'sessions.db'}")
        engine, clock = ComputingEngine(), SystemClock()
        watch = EngineWatch({"LOCAL": cast("Backend", engine)}, clock)
        try:
            plane = Plane(store, ClockByHand(), 1)
            id = (await plane.launches.create(SOMEBODY, models.SessionCreate())).id
            await plane.reconcile()
            reports = ProxyReports(store, plane.reconciler, Usage(), clock, 64, engines=watch)
            await reports.operations((report(id, "read", "running"),))
            read, shown = report(id, "read", "succeeded", ran=False), report(id, "shown", "running")
            for batch in [(shown, read)] if in_one_report else [(read,), (shown,)]:
                await reports.operations(batch)
            seen_before = engine.looks
            await until(lambda: engine.looks >= seen_before + 3)
            await reports.operations((report(id, "shown", "cancelled", began_ago=1.5),))
            await until(lambda: watch.computed(a_query(session_id=id, id="shown")))
        finally:
            await watch.close()
            await settled()
            await store.close()

    asyncio.run(run())
