"""Child processes that cannot outlive us: spawn, readiness line, log ring, stop order.

A child holds the read end of a pipe as its standard input, the lifeline, and ends when that closes; it says that it is
ready with one JSON line on standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from .errors import Unavailable
from .process_identity import identity_of_child, kill_group_of

LOG_LINES = 500
LOG_LINE_CHARACTERS = 2000
_LINE_BYTES = LOG_LINE_CHARACTERS * 4
_STANDARD_INPUT, _STANDARD_OUTPUT = 0, 1
_LAST_OUTPUT_SECONDS = 0.5


class LogRing:
    """The last lines that a process wrote, bounded in number and length."""

    def __init__(self, edit: Callable[[str], str] | None = None) -> None:
        """:param edit: what is kept of a line."""
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._edit = edit

    def append(self, line: str) -> None:
        kept = line if self._edit is None else self._edit(line)
        self._lines.append(kept[:LOG_LINE_CHARACTERS])

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
    """A running child in a process group of its own. Make one with :func:`spawn`.

    When it ends, whatever it left behind in its group is killed.
    """

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        self._transport = transport
        self._pipes = pipes
        self.identity = identity_of_child(transport.get_pid())
        self._ended = asyncio.create_task(self._see_it_end())

    @property
    def log(self) -> LogRing:
        """What it wrote, both streams, without its readiness line."""
        return self._pipes.log

    @property
    def return_code(self) -> int | None:
        return self._transport.get_returncode()

    async def ready(self) -> dict[str, Any]:
        """What the child said in its readiness line.

        :raises Unavailable: when it ended without one; the message quotes its exit and last log line.
        """
        return await asyncio.shield(self._pipes.ready)

    async def wait(self) -> int:
        """The return code (negative for a signal), once the child has ended and its log is read."""
        return await asyncio.shield(self._ended)

    def close_lifeline(self) -> None:
        """Tell the child to end by itself."""
        lifeline = self._transport.get_pipe_transport(_STANDARD_INPUT)
        if lifeline is not None:
            lifeline.close()

    async def stop(self, grace_seconds: float) -> int:
        """SIGTERM, a grace, then SIGKILL to the whole group. Safe to call on a child that has ended."""
        if self.return_code is None:
            # Not by the transport: it would ask for the return code, which then nobody else is told.
            if self.identity.alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.identity.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self.wait()
        if self.return_code is None:
            self.identity.kill_group()
        return await self.wait()

    async def _see_it_end(self) -> int:
        return_code = await self._pipes.exited
        # If the group still has members, its number is theirs: no new process is given a pid that names a group.
        kill_group_of(self.identity.pid)
        # A process outside the group may still hold the pipes: the log is then what came until now.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_OUTPUT_SECONDS):
                await self._pipes.closed.wait()
        self._transport.close()
        self._pipes.give_up(return_code)
        return return_code


async def spawn(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | Path,
    first_line: bytes = b"",
    edit_log: Callable[[str], str] | None = None,
) -> ChildProcess:
    """Start a child; ``first_line`` is written to its standard input, which then stays open as its lifeline.

    :param edit_log: what is kept of each line that it writes.
    :raises Unavailable: when it cannot be started at all.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, pipes = await loop.subprocess_exec(
            lambda: _Pipes(loop, edit_log), *arguments, env=dict(env), cwd=cwd, start_new_session=True
        )
    except OSError as error:
        message = f"{arguments[0]} cannot be started in {cwd}: {error.strerror or type(error).__name__}"
        raise Unavailable(message, paths=(arguments[0], cwd)) from error
    # Nothing is awaited from here on: a cancelled caller must not leave a child that nobody knows.
    lifeline = cast("asyncio.WriteTransport", transport.get_pipe_transport(_STANDARD_INPUT))
    lifeline.write(first_line)
    return ChildProcess(transport, pipes)


def own_python() -> str:
    return sys.executable


class _Pipes(asyncio.SubprocessProtocol):
    """What a child says on its two streams, and that it ended.

    Not the streams of :mod:`asyncio.subprocess`, whose ``wait()`` does not return while a grandchild holds a pipe.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, edit_log: Callable[[str], str] | None) -> None:
        self.log = LogRing(edit_log)
        self.ready: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.exited: asyncio.Future[int] = loop.create_future()
        self.closed = asyncio.Event()
        self._open = {1: _Lines(self._hear), 2: _Lines(self.log.append)}
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._open[fd].feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        lines = self._open.pop(fd, None)
        if lines is not None:
            lines.end()
        if not self._open:
            self.closed.set()

    def process_exited(self) -> None:
        return_code = None if self._transport is None else self._transport.get_returncode()
        if not self.exited.done():
            self.exited.set_result(return_code or 0)

    def give_up(self, return_code: int) -> None:
        """The child has ended: it will not become ready any more."""
        if self.ready.done():
            return
        last = next((line.strip() for line in reversed(self.log.tail()) if line.strip()), "it wrote nothing")
        self.ready.set_exception(Unavailable(f"it ended at once with {describe_exit(return_code)}: {last}"))
        self.ready.exception()  # mark it as seen: not everybody waits for readiness

    def _hear(self, line: str) -> None:
        said = None if self.ready.done() else _readiness(line)
        if said is None:
            self.log.append(line)
        else:
            self.ready.set_result(said)


class _Lines:
    """Cuts bytes into lines. Of a line without an end it keeps what a log keeps."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._pending = b""

    def feed(self, data: bytes) -> None:
        *complete, pending = (self._pending + data).split(b"\n")
        for line in complete:
            self._take(line[:_LINE_BYTES].decode(errors="replace"))
        self._pending = pending[:_LINE_BYTES]

    def end(self) -> None:
        if self._pending:
            self._take(self._pending.decode(errors="replace"))
        self._pending = b""


def _readiness(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said["ready"] if isinstance(said, dict) and isinstance(said.get("ready"), dict) else None
