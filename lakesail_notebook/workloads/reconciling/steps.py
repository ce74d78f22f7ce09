"""The steps that bring a workload nearer to its target: each one runs in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from ...clock import Clock, in_words
from ...errors import FailedPrecondition, LakesailError, Unavailable
from ..environments import Environments
from ..ports import Backend, Checkpoint
from ..records import WorkloadRecord
from ..rules import lifecycle
from ..rules.lifecycle import WorkloadMove
from ..settings import Settings
from ..store_port import Store
from .ending import Ending
from .routing import Routing

STOP_SECONDS = 60.0
"""A backend that takes longer to stop a workload is asked again later."""

Step = Literal["start", "break off", "stop", "retire", "clean up"]

log = logging.getLogger(__name__)


def next_step(
    workload: WorkloadRecord, *, at_work: bool, linger_seconds: int, survives_restart: bool, now: datetime
) -> Step | None:
    """Which one step brings a workload nearer to its target. Pure.

    :param at_work: whether a step of it is running, or was when the workload was read.
    :param survives_restart: whether its backend can go on with a start that another control plane began.
    """
    if workload.infra_status not in lifecycle.UNFINISHED:
        return None if workload.cleaned_at is not None else "clean up"
    if workload.target == "stopped":
        return "stop"
    if lifecycle.linger_over(workload, linger_seconds, now):
        return "retire"
    if workload.infra_status == "requested":
        return "start"
    if workload.infra_status != "starting" or at_work:
        return None
    return "start" if survives_restart else "break off"


class Steps:
    def __init__(
        self,
        *,
        store: Store,
        backends: Mapping[str, Backend],
        environments: Environments,
        ending: Ending,
        routing: Routing,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store = store
        self._backends = backends
        self._environments = environments
        self._ending = ending
        self._routing = routing
        self._clock = clock
        self._settings = settings

    def backend(self, workload: WorkloadRecord) -> Backend:
        """:raises FailedPrecondition: when the settings of this server know no such cluster."""
        backend = self._backends.get(workload.cluster_id)
        if backend is None:
            raise FailedPrecondition(
                f"Workload {workload.id} is on cluster {workload.cluster_id}, which is not in this server's settings."
            )
        return backend

    async def start(self, workload: WorkloadRecord) -> None:
        if not await self._may_start(workload):
            return
        remaining = (workload.start_deadline - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(max(0.0, remaining)):
                await self._provision(workload)
        except LakesailError as error:
            log.warning("reconciler: workload %s could not start: %s", workload.id, error.message)
            # Its owner reads this; where that is not whoever runs the server, without the server's paths.
            said = error.message if self._settings.single_user else error.message_without_paths
            await self._fail_start(workload, f"could not start: {said.rstrip('.')}")
        except TimeoutError:
            waited = in_words(self._settings.limits.start_timeout_seconds)
            cure = "start_timeout_seconds of c.LakesailApp.limits allows more, as libraries may need"
            ended = await self._ending.workload(
                workload, "start_timeout", f"could not start within {waited} ({cure})", expects={"starting"}
            )
            await self._ending.tell(ended)
        except Exception:
            log.exception("reconciler: workload %s could not start", workload.id)
            await self._fail_start(workload, "could not start: a fault that the server's log has more of")

    async def _may_start(self, workload: WorkloadRecord) -> bool:
        """Whether a workload is still to be started: it may have moved on since it was read."""
        async with self._store.writing() as unit:
            if workload.infra_status == "starting":  # another control plane began it
                now = await unit.workload(workload.id)
                return now is not None and now.infra_status == "starting"
            move = WorkloadMove(to="starting", at=self._clock.now(), message="The engine is starting.")
            return await unit.move_workload(workload.id, move) is not None

    async def break_off(self, workload: WorkloadRecord) -> None:
        """Fail a start that nobody works on any more."""
        await self._fail_start(workload, "could not start: its start was broken off")

    async def refuse(self, workload: WorkloadRecord, why: str) -> None:
        """Fail a workload that cannot be started here."""
        ended = await self._ending.workload(
            workload, "start_failed", f"could not start: {why}", expects={"requested", "starting"}
        )
        await self._ending.tell(ended)

    async def stop(self, workload: WorkloadRecord) -> None:
        async with self._store.writing() as unit:
            stopping = await unit.move_workload(workload.id, WorkloadMove(to="stopping", at=self._clock.now()))
            stopping = stopping or await unit.workload(workload.id)
        if stopping is None:
            return
        await self._terminate(stopping)
        async with self._store.writing() as unit:
            await unit.move_workload(workload.id, WorkloadMove(to="stopped", at=self._clock.now()))
            await unit.mark_cleaned(workload.id, self._clock.now())

    async def retire(self, workload: WorkloadRecord) -> None:
        async with self._store.writing() as unit:
            await unit.retire_workload(workload.id, self._clock.now())

    async def clean_up(self, workload: WorkloadRecord) -> None:
        """Remove what is left of a workload that is over; until that is done, it is tried again."""
        await self._terminate(workload)
        async with self._store.writing() as unit:
            await unit.mark_cleaned(workload.id, self._clock.now())

    async def _terminate(self, workload: WorkloadRecord) -> None:
        if workload.handle is not None:
            await terminate(self.backend(workload), workload.id, dict(workload.handle))

    async def _fail_start(self, workload: WorkloadRecord, what: str) -> None:
        await self._ending.tell(await self._ending.workload(workload, "start_failed", what, expects={"starting"}))

    async def _provision(self, workload: WorkloadRecord) -> None:
        environment = self._environments.of(workload.id)
        if workload.spec.own_environment and environment is None:
            raise FailedPrecondition("this server does not have the environment of its kernel any more")
        async with contextlib.aclosing(self.backend(workload).provision(workload, environment)) as steps:
            async for checkpoint in steps:
                ready = await self._keep(workload.id, checkpoint)
                if ready is not None:
                    await self._routing.publish_sessions_of(ready)

    async def _keep(self, workload_id: str, checkpoint: Checkpoint) -> WorkloadRecord | None:
        """Store how far the start has come; the workload once it is ready."""
        async with self._store.writing() as unit:
            await unit.set_handle(workload_id, checkpoint.handle)
            if checkpoint.address is None:
                return None
            now, message = self._clock.now(), checkpoint.message
            return await unit.move_workload(
                workload_id, WorkloadMove(to="ready", at=now, message=message, address=checkpoint.address)
            )


async def terminate(backend: Backend, workload_id: str, handle: dict[str, object]) -> None:
    """:raises Unavailable: when the backend takes too long."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await backend.terminate(workload_id, handle)
    except TimeoutError as error:
        raise Unavailable(f"Workload {workload_id} did not stop within {STOP_SECONDS:.0f} s.") from error
