"""Whose code runs in a marimo process: each viewer of ``marimo run`` has a kernel, which is a thread of the process.

It reads what marimo keeps of a thread, which is no public interface. Nothing of marimo, and nothing heavy, is imported.
"""

from __future__ import annotations

import sys
import threading
import uuid
import weakref
from collections.abc import Callable
from typing import Any, Literal

Mode = Literal["run", "edit", "script"]


class NotThisMarimo(Exception):
    """This version of marimo does not tell whose code runs."""


def context_here() -> Any | None:
    """marimo's context of the calling thread, without the apps that a notebook embeds; ``None`` outside of its code.

    :raises NotThisMarimo: when marimo keeps its contexts in another way.
    """
    module = sys.modules.get("marimo._runtime.context.types")
    if module is None:
        return None
    try:
        context = module.safe_get_context()
        while context is not None and context.parent is not None:
            context = context.parent
    except AttributeError as error:
        raise NotThisMarimo(str(error)) from error
    return context


def mode_of(context: Any) -> Mode:
    """:raises NotThisMarimo: when it cannot be told."""
    if type(context).__name__ == "ScriptRuntimeContext":
        return "script"
    try:
        mode = context.session_mode.value
    except AttributeError as error:
        raise NotThisMarimo(str(error)) from error
    return "run" if mode == "run" else "edit"


def kernel_of(context: Any) -> Any:
    """:raises NotThisMarimo: when it cannot be told."""
    try:
        return context._kernel
    except AttributeError as error:
        raise NotThisMarimo(str(error)) from error


def is_told_to_stop(kernel: Any) -> bool:
    """Whether marimo has ended the session of a kernel that is still busy. A thread cannot be interrupted, so the word
    of it waits among its requests. ``False`` where that cannot be seen."""
    closure = getattr(getattr(kernel, "enqueue_control_request", None), "__closure__", None) or ()
    for cell in closure:
        waiting = getattr(cell.cell_contents, "queue", None)
        if waiting is not None and any(type(one).__name__ == "StopKernelCommand" for one in list(waiting)):
            return True
    return False


class Viewers:
    """Tells the viewers of this process apart; implements :class:`...spark.sessions.owners.Owners`.

    :param has_left: is told the key of each that was given one, once, when its kernel ends.
    """

    def __init__(self, has_left: Callable[[str], None]) -> None:
        self._has_left = has_left
        self._lock = threading.Lock()
        self._keys: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._gone: weakref.WeakSet[Any] = weakref.WeakSet()
        self._of_thread = threading.local()

    def current(self) -> str | None:
        """``None`` in a thread that is no viewer's, and for one who has left."""
        context = context_here()
        if context is None:
            return None
        kernel = kernel_of(context)
        with self._lock:
            if kernel in self._gone:
                return None
            key = self._keys.setdefault(kernel, str(uuid.uuid4()))
        self._watch_this_thread(kernel)
        return key

    def left(self, kernel: Any) -> None:
        """A kernel ends, or has ended."""
        with self._lock:
            key = self._keys.pop(kernel, None)
            self._gone.add(kernel)
        if key is not None:
            self._has_left(key)

    def look(self) -> None:
        """Find those that were told to stop and are busy."""
        with self._lock:
            kernels = list(self._keys)
        for kernel in kernels:
            if is_told_to_stop(kernel):
                self.left(kernel)

    def _watch_this_thread(self, kernel: Any) -> None:
        """marimo may have ended without telling: a kernel's thread drops what is its own when it ends."""
        if type(threading.current_thread()).__module__ == "marimo._runtime.threads":  # one that the viewer's code made
            return
        if getattr(self._of_thread, "end", None) is None:
            self._of_thread.end = _ThreadEnd(self, kernel)


class _ThreadEnd:
    """Goes with its thread."""

    def __init__(self, viewers: Viewers, kernel: Any) -> None:
        self._viewers = viewers
        self._kernel = weakref.ref(kernel)

    def __del__(self) -> None:
        kernel = self._kernel()
        if kernel is not None:
            self._viewers.left(kernel)
