"""Ctrl+C at a chosen moment: while the main thread waits, not while it is about to."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 60


@contextmanager
def interrupted_once_it_waits(begun: threading.Event) -> Iterator[None]:
    """Interrupt the main thread, which runs this block, when ``begun`` is set and it waits for another thread.

    A signal that arrives between the start of a call and the wait for its answer would test another moment each time.
    """
    main = threading.get_ident()

    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        begun.wait(PATIENCE_SECONDS)
        while not _waits(main) and time.monotonic() < deadline:
            time.sleep(0.005)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _waits(thread_id: int) -> bool:
    frame = sys._current_frames()[thread_id]
    return frame.f_code.co_filename == threading.__file__ and frame.f_code.co_name == "wait"
