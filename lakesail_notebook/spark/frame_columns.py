"""The columns of DataFrames, for completion: asked for in the background, and never by running anything."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any

from .catalog.entries import Column

_NOT_ASKED_AGAIN_SECONDS = 5.0
"""After a failure, such as a column that is not there."""


def is_frame(value: object) -> bool:
    """Whether a value is a Spark Connect DataFrame; its own code is not asked."""
    kind = type(value)
    return kind.__name__ == "DataFrame" and kind.__module__.startswith("pyspark.sql.connect")


class FrameColumns:
    """Those of each DataFrame once they were asked for. Threads may share it.

    The columns of a DataFrame never change, and PySpark remembers its schema, too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: weakref.WeakKeyDictionary[Any, tuple[Column, ...]] = weakref.WeakKeyDictionary()
        self._failed: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        self._asking: weakref.WeakKeyDictionary[Any, threading.Thread] = weakref.WeakKeyDictionary()

    def columns(self, frame: Any, seconds: float) -> tuple[Column, ...]:
        """Empty when they are not known within so many seconds, and then known the next time."""
        with self._lock:
            known = self._known.get(frame)
            if known is not None or time.monotonic() < self._failed.get(frame, 0.0) + _NOT_ASKED_AGAIN_SECONDS:
                return known or ()
            thread = self._asking.get(frame)
            if thread is None or not thread.is_alive():
                thread = threading.Thread(target=self._find, args=(frame,), name="lakesail-columns", daemon=True)
                self._asking[frame] = thread
                thread.start()
        thread.join(max(0.0, seconds))
        with self._lock:
            return self._known.get(frame, ())

    def _find(self, frame: Any) -> None:
        try:
            fields = frame.schema.fields
            columns = tuple(Column(field.name, field.dataType.simpleString(), field.nullable) for field in fields)
        except Exception:  # whatever it is, the user's next use of the frame says it
            with self._lock:
                self._failed[frame] = time.monotonic()
            return
        with self._lock:
            self._known[frame] = columns
