"""Which process it is: a pid alone tells nothing, since it is used again. It goes with the boot and the start time."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HOLDER_HEADER = "lakesail-process"
"""Metadata of an RPC: the :class:`Holder` that its Spark session ends with."""
_NEVER = -1.0
_LARGEST_PID = 2**31 - 1
"""No system of ours has larger ones, and psutil raises for them."""
_ENDED_STATES = frozenset({b"Z", b"X", b"x"})
_ON_LINUX = sys.platform.startswith("linux")
_START_TIME_TOLERANCE_SECONDS = 0.0 if _ON_LINUX else 2.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process of one boot of one machine, never to be mistaken for a later one with the same pid."""

    boot_id: str
    pid: int
    started_at: float
    """Seconds, since the boot on Linux (no change of the wall clock moves it), else since 1970."""

    def alive(self) -> bool:
        """Whether this very process still runs, on this boot of this machine (a zombie does not)."""
        if self.boot_id != boot_id():
            return False
        seen = _look_at(self.pid)
        if seen is None or seen.ended:
            return False
        return abs(seen.started_at - self.started_at) <= _START_TIME_TOLERANCE_SECONDS

    def kill_group(self) -> None:
        """SIGKILL to the process group that this process leads, if it is still this process."""
        if self.alive():
            kill_group_of(self.pid)


def identity_of(pid: int) -> ProcessIdentity:
    """:raises ProcessLookupError: when there is no such process."""
    seen = _look_at(pid)
    if seen is None:
        raise ProcessLookupError(f"Process {pid} ended before it could be looked at.")
    return ProcessIdentity(boot_id(), pid, seen.started_at)


def identity_of_child(pid: int) -> ProcessIdentity:
    """Of a child of ours, which may have ended already: then nothing is ever taken for it."""
    seen = _look_at(pid)
    return ProcessIdentity(boot_id(), pid, _NEVER if seen is None else seen.started_at)


@functools.cache
def boot_id() -> str:
    """A text that changes with every boot of the machine."""
    if _ON_LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    if platform.system() == "Darwin":
        command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    import psutil

    return f"{platform.node()}-{int(psutil.boot_time())}"


@functools.cache
def pid_namespace() -> str:
    """A text that is the same for processes to whom pids mean the same, on this boot."""
    return os.readlink("/proc/self/ns/pid") if _ON_LINUX else ""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that a thing ends with, told to another process. Where pids mean something else, nobody can judge."""

    process: ProcessIdentity
    pid_namespace: str

    @classmethod
    def this_process(cls) -> Holder:
        """:raises OSError: where the system does not tell."""
        return cls(identity_of(os.getpid()), pid_namespace())

    @property
    def text(self) -> str:
        """For :meth:`read`; printable ASCII."""
        return f"{self.process.boot_id} {self.process.pid} {self.process.started_at!r} {self.pid_namespace}"

    @classmethod
    def read(cls, text: str) -> Holder | None:
        """``None`` for what is no :attr:`text`."""
        try:
            boot, pid, started_at, *namespace = text.split(" ")
            process = ProcessIdentity(boot, int(pid), float(started_at))
        except ValueError:
            return None
        return cls(process, " ".join(namespace)) if 0 < process.pid <= _LARGEST_PID else None

    @property
    def gone(self) -> bool:
        """Whether it has ended for sure."""
        here = (self.process.boot_id, self.pid_namespace) == (boot_id(), pid_namespace())
        try:
            return here and not self.process.alive()
        except (ValueError, OverflowError):  # no pid of this system: nobody can judge
            return False


@dataclass(frozen=True, slots=True)
class _Seen:
    started_at: float
    ended: bool
    """A zombie: nobody has asked for its return code yet."""


def _look_at(pid: int) -> _Seen | None:
    if _ON_LINUX:
        return _look_at_linux(pid)
    import psutil  # Linux tells without

    try:
        process = psutil.Process(pid)
        return _Seen(process.create_time(), process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return None


def _look_at_linux(pid: int) -> _Seen | None:
    """psutil's start time is a date, which moves when the wall clock is set: a live process would look like another."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    state, *fields = stat.rpartition(b")")[2].split()
    ticks = int(fields[18])  # field 22 of proc(5); the name before the last ")" may hold anything
    return _Seen(ticks / os.sysconf("SC_CLK_TCK"), state in _ENDED_STATES)


def kill_group_of(leader: int) -> None:
    """SIGKILL to the process group that a process leads, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
