"""Child processes that cannot outlive us: spawn, readiness line, log ring, stop order, identity.

A child holds the read end of a pipe as its standard input, the lifeline, and ends when that closes; it says that it is
ready with one JSON line on standard output. A pid alone is no identity: it goes with the boot and the start time.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import sys
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .errors import Unavailable

LOG_LINES = 500
LOG_LINE_CHARACTERS = 2000
_READ_BYTES = 64 * 1024
_START_TIME_TOLERANCE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of one boot of one machine, never to be mistaken for a later one with the same pid."""

    boot_id: str
    pid: int
    started_at: float
    """Unix seconds, as the operating system tells them."""

    def alive(self) -> bool:
        """Whether this very process still runs, on this boot of this machine (a zombie does not)."""
        if self.boot_id != boot_id():
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < _START_TIME_TOLERANCE_SECONDS
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def kill_group(self) -> None:
        """SIGKILL to the process group that this process leads, if it is still this process."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


def identity_of(pid: int) -> ProcessIdentity:
    """:raises Unavailable: when there is no such process."""
    try:
        return ProcessIdentity(boot_id(), pid, psutil.Process(pid).create_time())
    except psutil.Error as error:
        raise Unavailable(f"Process {pid} ended before it could be looked at.") from error


@functools.cache
def boot_id() -> str:
    """A text that changes with every boot of the machine."""
    linux = Path("/proc/sys/kernel/random/boot_id")
    if linux.exists():
        return linux.read_text().strip()
    return f"{uuid.getnode():012x}-{int(psutil.boot_time())}"


class LogRing:
    """The last lines that a process wrote, bounded in number and length."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LOG_LINES)

    def append(self, line: str) -> None:
        self._lines.append(line[:LOG_LINE_CHARACTERS])

    def tail(self, count: int = LOG_LINES) -> list[str]:
        return list(self._lines)[-count:] if count > 0 else []


def describe_exit(return_code: int) -> str:
    """``exit code 3``, ``signal 9 (SIGKILL)``."""
    if return_code >= 0:
        return f"exit code {return_code}"
    try:
        name = signal.Signals(-return_code).name
    except ValueError:
        return f"signal {-return_code}"
    return f"signal {-return_code} ({name})"


class ChildProcess:
    """A running child in a process group of its own. Make one with :func:`spawn`."""

    def __init__(self, process: asyncio.subprocess.Process, identity: ProcessIdentity) -> None:
        self._process = process
        self.identity = identity
        self.log = LogRing()
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._readers = [
            asyncio.create_task(self._read_output(process.stdout)),
            asyncio.create_task(self._read_log(process.stderr)),
        ]

    @property
    def return_code(self) -> int | None:
        return self._process.returncode

    async def ready(self) -> dict[str, Any]:
        """What the child said in its readiness line.

        :raises Unavailable: when it ended without one; the message quotes its exit and last log line.
        """
        return await asyncio.shield(self._ready)

    async def wait(self) -> int:
        """The return code (negative for a signal), once the child has ended and its log is read."""
        return_code = await self._process.wait()
        # A grandchild may hold the pipes open: the log is then what came until now.
        await asyncio.wait(self._readers, timeout=0.5)
        return return_code

    def close_lifeline(self) -> None:
        """Tell the child to end by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def stop(self, grace_seconds: float) -> int:
        """SIGTERM, a grace, then SIGKILL to the whole group. Safe to call on a child that has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        self.identity.kill_group()
        return_code = await self.wait()
        self.close_lifeline()
        for reader in self._readers:
            reader.cancel()
        return return_code

    async def _read_output(self, stream: asyncio.StreamReader | None) -> None:
        async for line in _lines(stream):
            said = _readiness(line)
            if said is not None and not self._ready.done():
                self._ready.set_result(said)
            elif said is None:
                self.log.append(line)
        await self._process.wait()
        if not self._ready.done():
            await asyncio.wait(self._readers[1:], timeout=0.5)
            self._ready.set_exception(Unavailable(self._early_end()))
            self._ready.exception()  # mark it as seen: not everybody waits for readiness

    async def _read_log(self, stream: asyncio.StreamReader | None) -> None:
        async for line in _lines(stream):
            self.log.append(line)

    def _early_end(self) -> str:
        last = next((line.strip() for line in reversed(self.log.tail()) if line.strip()), "it wrote nothing")
        return f"it ended at once with {describe_exit(self._process.returncode or 0)}: {last}"


async def spawn(
    arguments: Sequence[str], *, env: Mapping[str, str], cwd: str | Path, first_line: bytes = b""
) -> ChildProcess:
    """Start a child; ``first_line`` is written to its standard input, which then stays open as its lifeline.

    :raises Unavailable: when it cannot be started at all.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"{arguments[0]} cannot be started in {cwd}: {error.strerror or error}") from error
    child = ChildProcess(process, identity_of(process.pid))
    if first_line and process.stdin is not None:
        process.stdin.write(first_line)
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
    return child


def own_python() -> str:
    return sys.executable


async def _lines(stream: asyncio.StreamReader | None) -> Any:
    """Lines of any length, cut to what a log keeps: a line without an end must not stop the reader."""
    if stream is None:
        return
    pending = b""
    while chunk := await stream.read(_READ_BYTES):
        *complete, pending = (pending + chunk).split(b"\n")
        for line in complete:
            yield line.decode(errors="replace")
        pending = pending[: LOG_LINE_CHARACTERS * 4]
    if pending:
        yield pending.decode(errors="replace")


def _readiness(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said["ready"] if isinstance(said, dict) and isinstance(said.get("ready"), dict) else None
