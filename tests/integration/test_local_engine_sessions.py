"""What a session is told of the engine that its compute config asks for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.control_plane.assembly import ControlPlane
from lakesail_notebook.workloads.settings import limits_from
from tests.wheels import build_wheel

from .planes import SOMEBODY, control_plane, eventually, workload_status


async def session_on(plane: ControlPlane, sail: dict[str, Any]) -> str:
    """A session on a config of its own."""
    body = models.WorkloadConfigBody(sail=msgspec.convert(sail, models.SailConfig))
    config = await plane.configs.create(SOMEBODY, models.WorkloadConfigCreate(name="of the test", config=body))
    session = await plane.launches.create(SOMEBODY, models.SessionCreate(workload_config_id=config.id))
    return session.id


def test_what_the_machine_does_not_give_is_said_in_the_sessions_status(tmp_path: Path) -> None:
    async def run() -> str | None:
        async with control_plane(tmp_path, SystemClock(), limits_from({})) as plane:
            session_id = await session_on(plane, {"compute": {"driver": {"instanceType": "r8g.16xlarge"}}})

            async def is_ready() -> bool:
                return await workload_status(plane, session_id) == "ready"

            await eventually(is_ready, 60, "the engine is ready")
            return (await plane.sessions.describe(SOMEBODY, session_id)).status_message

    said = asyncio.run(run())
    assert said is not None
    assert said.startswith("This machine gives ")
    assert "of the 512 GiB of memory" in said


def test_a_session_whose_libraries_cannot_be_installed_fails_with_pips_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wheel = build_wheel(tmp_path, "greeting", "", tag="cp27-cp27m-win32")

    async def run() -> tuple[models.Session, models.SessionLogs]:
        async with control_plane(tmp_path, SystemClock(), limits_from({})) as plane:
            session_id = await session_on(plane, {"libraries": [{"whl": str(wheel)}]})

            async def has_failed() -> bool:
                return (await plane.sessions.describe(SOMEBODY, session_id)).status == "failed"

            await eventually(has_failed, 60, "the session failed")
            logs = await plane.sessions.logs(SOMEBODY, session_id, models.SessionLogsQuery())
            return await plane.sessions.describe(SOMEBODY, session_id), logs

    session, logs = asyncio.run(run())
    assert session.termination_reason == "start_failed"
    assert "its libraries could not be installed: ERROR: greeting" in (session.status_message or "")
    assert any("not a supported wheel" in line for line in logs.lines)


def test_libraries_that_take_longer_than_a_start_may_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wheel = build_wheel(tmp_path, "greeting", "")

    async def run() -> models.Session:
        async with control_plane(tmp_path, SystemClock(), limits_from({"start_timeout_seconds": 0})) as plane:
            session_id = await session_on(plane, {"libraries": [{"whl": str(wheel)}]})

            async def has_failed() -> bool:
                return (await plane.sessions.describe(SOMEBODY, session_id)).status == "failed"

            await eventually(has_failed, 60, "the session failed")
            return await plane.sessions.describe(SOMEBODY, session_id)

    assert asyncio.run(run()).termination_reason == "start_timeout"
