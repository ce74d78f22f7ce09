"""A control plane killed at any point: the next one on its database sets everything right."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lakesail_notebook import models
from lakesail_notebook.clock import SystemClock
from lakesail_notebook.workloads.settings import SessionLimits

from .planes import SOMEBODY, control_plane, eventually, workload_status

PROJECT = Path(__file__).parents[2]
MOST_COMMITS = 60
"""More than a start, a close and a relaunch make."""


@pytest.mark.timeout(400)
def test_a_kill_after_any_commit_of_start_close_and_relaunch_is_recovered(tmp_path: Path) -> None:
    for commits in range(1, MOST_COMMITS):
        directory = tmp_path / str(commits)
        directory.mkdir()
        ids, done = _run_until_killed(directory, commits)
        _assert_that_nothing_runs(directory)
        asyncio.run(_assert_recovered(directory, ids))
        if done:
            assert commits > 10, "a start, a close and a relaunch make more changes than that"
            return
    raise AssertionError(f"it still made changes after {MOST_COMMITS} of them")


def _run_until_killed(directory: Path, commits: int) -> tuple[list[str], bool]:
    command = [sys.executable, "-m", "tests.integration.killed_control_plane", str(directory), str(commits)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    *ids, last = ended.stdout.split() or [""]
    done = last == "done"
    assert ended.returncode == (0 if done else -9), ended.stderr
    return (ids if done else [*ids, last] if last else []), done


def _assert_that_nothing_runs(directory: Path) -> None:
    deadline = time.monotonic() + 60
    while running := [process for process in psutil.process_iter() if _belongs_to(process, directory)]:
        assert time.monotonic() < deadline, f"still running: {running}"
        time.sleep(0.05)


def _belongs_to(process: psutil.Process, directory: Path) -> bool:
    """Whether it is an engine of that control plane: its scratch directory lies there."""
    try:
        spills = process.environ().get("SAIL_RUNTIME__TEMPORARY_FILES__PATHS", "")
        return str(directory) in spills and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


async def _assert_recovered(directory: Path, ids: list[str]) -> None:
    async with control_plane(directory, SystemClock(), SessionLimits()) as plane:
        page = await plane.sessions.list(SOMEBODY, models.SessionListQuery())
        assert {session.id for session in page.included.sessions} >= set(ids)
        for session in page.included.sessions:
            assert session.status in {"closed", "failed"}
            assert session.closed_at is not None
            assert session.termination_reason in {"user_closed", "server_stopped"}
            assert session.status_message

        async def all_is_over() -> bool:
            now = await plane.sessions.list(SOMEBODY, models.SessionListQuery())
            return all(workload.infra_status in {"stopped", "failed"} for workload in now.included.workloads)

        async def nothing_is_left() -> bool:
            return _scratch_directories(directory) == []

        await eventually(all_is_over, 60, "every workload is over")
        await eventually(nothing_is_left, 60, "the scratch directories are removed, which follows the end")


def _scratch_directories(directory: Path) -> list[Path]:
    root = directory / f"lakesail-{os.getuid()}"
    return sorted(root.iterdir()) if root.exists() else []


def test_a_session_that_was_lost_with_its_server_can_be_relaunched(tmp_path: Path) -> None:
    directory, session_id = _lost_session(tmp_path)

    async def relaunch() -> None:
        async with control_plane(directory, SystemClock(), SessionLimits()) as plane:
            again = await plane.launches.relaunch(SOMEBODY, session_id)

            async def is_ready() -> bool:
                return await workload_status(plane, again.id) == "ready"

            await eventually(is_ready, 60, "the relaunched session is ready")

    asyncio.run(relaunch())


def _lost_session(parent: Path) -> tuple[Path, str]:
    """The directory of a control plane that was killed just after it began its first session, and that session."""
    for commits in range(1, MOST_COMMITS):
        directory = parent / str(commits)
        directory.mkdir()
        ids, _ = _run_until_killed(directory, commits)
        if ids:
            return directory, ids[0]
    raise AssertionError("it never began a session")
