"""The process round one Sail server: says when it is ready, ends with the process that started it.

Runs as ``python -P -m lakesail_notebook.engine`` in the interpreter that is to run the UDFs, and imports nothing but
the standard library and pysail. Sail reads its settings from ``SAIL_*`` environment variables.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
GRACE_SECONDS = 2.0
"""A graceful stop waits for running queries; the server that we belong to is gone, so they get no longer than this."""


def main() -> None:
    # Before Sail starts its threads, which inherit the mask: the main thread alone takes these signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    end_with_parent()
    try:
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        sys.exit(f"Sail is not installed in {sys.executable} ({error}); pip install 'lakesail-notebook[local]' there")
    sys.path.insert(0, os.getcwd())  # UDFs import what lies beside the notebook, as they do in the kernel
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    print(json.dumps({"ready": {"address": f"{host}:{port}"}}), flush=True)
    signal.sigwait(STOP_SIGNALS)
    server.stop()


def end_with_parent() -> None:
    """End when the other end of standard input closes, which it does however the parent dies."""
    threading.Thread(target=_watch_lifeline, daemon=True).start()
    if sys.platform == "linux":
        import fcntl

        # A UDF that holds the interpreter lock keeps the thread from running. The kernel needs no lock: it sends SIGIO
        # at the end of the pipe, whose default is to end a process, to all of our group: what UDFs started ends too.
        fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid() if _leads_its_group() else os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def _watch_lifeline() -> None:
    # Not sys.stdin.read(): a thread that is blocked there aborts the interpreter at its exit.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    if _leads_its_group():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _leads_its_group() -> bool:
    """Started by hand, it may share the group of a shell."""
    return os.getpgrp() == os.getpid()


if __name__ == "__main__":
    main()
