"""What an engine's process uses of the processor, and whether its threads wait for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lakesail_notebook.backends.local.processor import use_of
from lakesail_notebook.workloads.rules.engine_use import EngineUse

DEADLINE_SECONDS = 60
NAMED = "with open('/proc/thread-self/comm', 'w') as comm: comm.write('x) R')\n"


@contextmanager
def process(code: str) -> Iterator[int]:
    """A process that has said that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child.pid
        finally:
            os.killpg(child.pid, signal.SIGKILL)  # it and its children


def seen(pid: int) -> EngineUse:
    use = use_of(pid)
    assert use is not None
    return use


def eventually_computes(pid: int, wanted: bool) -> bool:
    """A thread that computes waits on a lock of its own at times, and one that sleeps has to fall asleep."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while seen(pid).computes is not wanted:
        if time.monotonic() > deadline:
            return False
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell")
@pytest.mark.parametrize(
    ("code", "computes"),
    [
        ("print(flush=True)\nwhile True: pass", True),
        ("import os, signal\nif os.fork():\n  signal.pause()\nelse:\n  print(flush=True)\n  while True: pass", True),
        ("print(flush=True)\ninput()", False),
        (NAMED + "print(flush=True)\ninput()", False),
    ],
    ids=["computes", "its child computes", "sleeps", "sleeps, and its name looks like a state"],
)
def test_a_process_computes_when_a_thread_of_it_or_of_its_children_does_not_sleep(code: str, computes: bool) -> None:
    with process(code) as pid:
        assert eventually_computes(pid, computes)


def test_what_a_process_used_grows_while_it_computes() -> None:
    with process("print(flush=True)\nwhile True: pass") as pid:
        before, deadline = seen(pid).cpu_seconds, time.monotonic() + DEADLINE_SECONDS
        while seen(pid).cpu_seconds < before + 0.1:
            assert time.monotonic() < deadline


def test_what_a_child_has_used_does_not_vanish_when_it_ends() -> None:
    child = "import os, time\nif not os.fork():\n  while time.process_time() < 0.5: pass\n  os._exit(0)\n"
    with process(f"{child}os.wait()\nprint(flush=True)\ninput()") as pid:
        assert seen(pid).cpu_seconds >= 0.4


def test_of_a_process_that_is_gone_nothing_is_said() -> None:
    with process("print(flush=True)") as pid:
        pass
    assert use_of(pid) is None
