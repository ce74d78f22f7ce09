"""The lifeline: a child process ends when its standard input closes, which happens however its parent dies.

The parent holds the other end of the pipe (:mod:`lakesail_notebook.process`). This module imports the standard library
alone, since it also runs in interpreters that have nothing else of ours.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 2.0
"""A process that is told to end has so long, before it is killed."""
_STANDARD_INPUT = 0


def hold() -> None:
    """End this process with its parent: by SIGTERM, and by SIGKILL after :data:`GRACE_SECONDS`.

    A process that leads a process group takes its group along.
    """
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def end_group_at_once() -> None:
    """On Linux, have the kernel end this process's group the moment the parent dies.

    :func:`hold` needs the interpreter lock, which a user's function may hold; the kernel does not. It sends SIGIO at
    the end of the pipe, whose default action is to end a process, to the whole group: what a UDF started ends too.
    """
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(_STANDARD_INPUT, fcntl.F_SETOWN, -os.getpid() if _leads_its_group() else os.getpid())
        flags = fcntl.fcntl(_STANDARD_INPUT, fcntl.F_GETFL)
        fcntl.fcntl(_STANDARD_INPUT, fcntl.F_SETFL, flags | os.O_ASYNC)


def _watch() -> None:
    # Not sys.stdin.read(): a thread that is blocked there aborts the interpreter at its exit.
    while os.read(_STANDARD_INPUT, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    if _leads_its_group():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _leads_its_group() -> bool:
    """Whether it may signal its group: a process that was started by hand shares the group of a shell."""
    return os.getpgrp() == os.getpid()
